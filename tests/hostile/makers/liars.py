"""Sound videos whose headers claim another length, count or size."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

from tests.media.clips import write_clip

N_FRAMES = 24
CENTURY_S = 100 * 365 * 24 * 3600


def write_liars(folder: Path) -> None:
    """One file a lie, named after it."""
    clip = write_clip(folder / "honest.mp4", n_frames=N_FRAMES).read_bytes()
    film = write_clip(folder / "honest.mkv", n_frames=N_FRAMES).read_bytes()
    avi = write_clip(folder / "honest.avi", "mpeg4", n_frames=N_FRAMES).read_bytes()
    lies = {
        # Version 0 boxes: the offset counts from the end of the box's name.
        "duration-of-track.mp4": _patched(clip, b"mdhd", ">I", 16, 0x7FFFFFFF),
        "duration-of-film.mp4": _patched(clip, b"mvhd", ">I", 16, 0xFFFFFFFF),
        "size-of-track.mp4": _patched(clip, b"tkhd", ">II", 76, 0xFFFF0000, 0xFFFF0000),
        "size-of-coding.mp4": _patched(clip, b"avc1", ">HH", 24, 0xFFFF, 0xFFFF),
        "number-of-samples.mp4": _patched(clip, b"stsz", ">I", 8, 0xFFFFFFFF),
        "times-of-samples.mp4": _patched(clip, b"stts", ">II", 8, 0xFFFFFFFF, 0x7FFFFFFF),
        "places-of-chunks.mp4": _patched(clip, b"stco", ">I", 8, 0xFFFFFFF0),
        "number-of-entries.mp4": _patched(clip, b"stco", ">I", 4, 0xFFFFFFFF),
        "length-of-box.mp4": _patched(clip, b"moov", ">I", -8, 0x7FFFFFFF),
        "time-scale-of-zero.mp4": _patched(clip, b"mdhd", ">I", 12, 0),
        # Element 0x4489, a float of 8 bytes (RFC 9559, 5.1.2.10).
        "duration.mkv": _patched(film, b"\x44\x89\x88", ">d", 0, 1e300),
        "duration-no-number.mkv": _patched(film, b"\x44\x89\x88", ">d", 0, float("nan")),
        "duration-negative.mkv": _patched(film, b"\x44\x89\x88", ">d", 0, -1e18),
        "frames-of-file.avi": _patched(avi, b"avih", "<I", 4 + 16, 0xFFFFFFFF),
        "frames-of-stream.avi": _patched(avi, b"strh", "<I", 4 + 32, 0xFFFFFFFF),
        "rate-of-stream.avi": _patched(avi, b"strh", "<II", 4 + 20, 0, 0),
    }
    for name, content in lies.items():
        (folder / name).write_bytes(content)
    for name in ("honest.mp4", "honest.mkv", "honest.avi"):
        (folder / name).unlink()
    # One frame a century: a rate of two a second is not to be tried out.
    write_clip(
        folder / "frames-a-century-apart.mkv",
        n_frames=3,
        pts=[0, CENTURY_S, 2 * CENTURY_S],
        time_base=Fraction(1, 1),
    )


def _patched(content: bytes, marker: bytes, layout: str, offset: int, *values: float) -> bytes:
    changed = bytearray(content)
    struct.pack_into(layout, changed, changed.index(marker) + len(marker) + offset, *values)
    return bytes(changed)
