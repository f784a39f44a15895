"""Files that ask their reader to open something else: a neighbour, a file by its path, an address."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import c2pa
from PIL import Image

from forensic_cli.types import RgbImage
from tests.media.facts.signers import make_signer

_BOXES_ABOVE_DREF = (b"dinf", b"minf", b"mdia", b"trak", b"moov")


def write_playlists(folder: Path, target: Path, address: str) -> None:
    """Scripts for FFmpeg's concat and HLS readers, under names that promise a video.

    Args:
        target: an existing video that must not be opened.
        address: of a server that must not be asked.
    """
    relative = os.path.relpath(target, folder)
    scripts = {
        "ffconcat-relative.mp4": f"ffconcat version 1.0\nfile '{relative}'\n",
        "ffconcat-absolute.mkv": f"ffconcat version 1.0\nfile '{target}'\nduration 2\n",
        "ffconcat-url.mov": f"ffconcat version 1.0\nfile 'http://{address}/a.mp4'\n",
        "hls-file.mp4": _hls(f"file://{target}"),
        "hls-relative.avi": _hls(relative),
        "hls-url.webm": _hls(f"http://{address}/a.ts"),
        "hls-key.mp4": _hls(relative, f'#EXT-X-KEY:METHOD=AES-128,URI="http://{address}/key"\n'),
        "dash.mp4": f'<?xml version="1.0"?><MPD><Period><BaseURL>http://{address}/</BaseURL></Period></MPD>',
        "sdp.mp4": f"v=0\nc=IN IP4 {address.partition(':')[0]}\nm=video {address.partition(':')[2]} RTP/AVP 96\n",
        "playlist.m3u8": _hls(relative),
        "list.ffconcat": f"ffconcat version 1.0\nfile '{relative}'\n",
    }
    for name, text in scripts.items():
        (folder / name).write_text(text)


def _hls(segment: str, key: str = "") -> str:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n{key}#EXTINF:10,\n{segment}\n#EXT-X-ENDLIST\n"


def write_alias(path: Path, target: Path) -> None:
    """A QuickTime film whose data reference is a Macintosh alias: the frames lie in another file.

    FFmpeg reads type 2 of the alias record as a path (libavformat/mov.c, mov_read_dref).

    Args:
        target: an MP4, whose own index the film has: x264 does not code the same pictures to the same
            sizes each time.
    """
    content = bytearray(target.read_bytes())
    dref = content.index(b"dref") - 4
    n_old = int.from_bytes(content[dref : dref + 4], "big")
    where = os.fsencode(target)
    where += b"\0" * (len(where) % 2)
    record = b"".join(
        (
            bytes(10),
            b"\0" + bytes(27),
            bytes(12),
            b"\0" + bytes(63),
            bytes(16),
            struct.pack(">hh", 1, 1),
            bytes(16),
            struct.pack(">hH", 2, len(where)),
            where,
            struct.pack(">hH", -1, 0),
        )
    )
    entry = struct.pack(">I4sI", 12 + len(record), b"alis", 0) + record
    box = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    grown = len(box) - n_old
    for name in _BOXES_ABOVE_DREF:
        at = content.rindex(name, 0, dref) - 4
        content[at : at + 4] = (int.from_bytes(content[at : at + 4], "big") + grown).to_bytes(4, "big")
    content[dref : dref + n_old] = box
    path.write_bytes(content)


def write_remote_credentials(path: Path, portrait: RgbImage, address: str) -> None:
    """A photograph whose Content Credentials lie on a server."""
    plain, signed = io.BytesIO(), io.BytesIO()
    Image.fromarray(portrait[:256, 96:352]).save(plain, "JPEG", quality=90)
    source = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
    actions = {"actions": [{"action": "c2pa.created", "digitalSourceType": source}]}
    camera = {"name": "Test camera", "version": "1"}
    claim = {"claim_generator_info": [camera], "assertions": [{"label": "c2pa.actions", "data": actions}]}
    with c2pa.Builder(claim) as builder:
        builder.set_no_embed()
        builder.set_remote_url(f"http://{address}/manifest.c2pa")
        builder.sign(make_signer().c2pa_signer(), "image/jpeg", io.BytesIO(plain.getvalue()), signed)
    path.write_bytes(signed.getvalue())
