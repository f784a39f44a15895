"""What a file is, by its content. The name only decides how loudly a misfit is reported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from forensic_cli.errors import MediaError, NotMediaError
from forensic_cli.provenance.files import open_read_only
from forensic_cli.types import MediaKind

_HEADER_BYTES = 4096
_FORMATS = (
    "Formats read: JPEG, PNG, WebP, TIFF and BMP; MP4, MOV, 3GP, MKV, WebM, AVI and MPEG transport stream."
)
_CONVERT = "Convert a copy without loss (a picture to PNG, a video to MKV with 'ffmpeg -c copy'). " + _FORMATS


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format that this program reads.

    Attributes:
        label: as a person calls it.
        reader: the name of Pillow's plug-in or of FFmpeg's demuxer; nothing else may open the file.
        suffixes: of names that promise this content.
    """

    kind: MediaKind
    label: str
    reader: str
    suffixes: frozenset[str]


def _image(label: str, reader: str, *suffixes: str) -> FileFormat:
    return FileFormat(MediaKind.IMAGE, label, reader, frozenset(suffixes))


def _video(label: str, reader: str, *suffixes: str) -> FileFormat:
    return FileFormat(MediaKind.VIDEO, label, reader, frozenset(suffixes))


JPEG = _image("JPEG", "JPEG", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo")
PNG = _image("PNG", "PNG", ".png", ".apng")
WEBP = _image("WebP", "WEBP", ".webp")
TIFF = _image("TIFF", "TIFF", ".tif", ".tiff")
BMP = _image("BMP", "BMP", ".bmp", ".dib")
ISO_BMFF = _video("MP4/QuickTime", "mov", ".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3g2")
MATROSKA = _video("Matroska/WebM", "matroska", ".mkv", ".webm", ".mk3d")
AVI = _video("AVI", "avi", ".avi", ".divx")
MPEG_TS = _video("MPEG transport stream", "mpegts", ".ts", ".mts", ".m2ts", ".m2t")

_ALL = (JPEG, PNG, WEBP, TIFF, BMP, ISO_BMFF, MATROSKA, AVI, MPEG_TS)
_MAGIC: tuple[tuple[re.Pattern[bytes], FileFormat], ...] = tuple(
    (re.compile(pattern, re.DOTALL), file_format)
    for pattern, file_format in (
        (rb"\xff\xd8\xff", JPEG),
        (rb"\x89PNG\r\n\x1a\n", PNG),
        (rb"RIFF....WEBP", WEBP),
        (rb"II\x2a\x00|MM\x00\x2a|II\x2b\x00|MM\x00\x2b", TIFF),
        # The size of the second header tells a bitmap from a text that begins with "BM".
        (rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00", BMP),
        (rb"....(?:ftyp|moov|mdat|wide|skip|free|pnot)", ISO_BMFF),
        (rb"\x1a\x45\xdf\xa3", MATROSKA),
        (rb"RIFF....AVI[ X\x19]", AVI),
    )
)
# Known, but not read. They are media all the same, so they count as failed and not as skipped.
_NOT_READ: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), name)
    for pattern, name in (
        (rb"GIF8[79]a", "a GIF picture"),
        (rb"....ftyp(?:hei[cxms]|hev[cxms]|mif[12]|msf1)", "a HEIF picture"),
        (rb"....ftypavi[fs]", "an AVIF picture"),
        (rb"....ftypcrx ", "a Canon camera raw picture"),
        (rb"II\x2a\x00....CR", "a Canon camera raw picture"),
        (rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 picture"),
        (rb"\x00\x00\x00\x0cJXL |\xff\x0a", "a JPEG XL picture"),
        (rb"8BPS", "a Photoshop picture"),
        (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
        (rb"FLV\x01", "a Flash video"),
        (rb"\x00\x00\x01[\xba\xb3]", "an MPEG programme or elementary stream"),
        (rb"OggS", "an Ogg file"),
        (rb"\.RMF", "a RealMedia file"),
        (rb"DHAV", "a Dahua recorder's video"),
        (rb"\x00\x00\x00?\x01[\x27\x67\x40]", "a bare H.264 or HEVC stream"),
    )
)
_NOT_READ_SUFFIXES = frozenset(
    {".gif", ".heic", ".heif", ".avif", ".jp2", ".jxl", ".psd", ".dng", ".cr2", ".cr3", ".nef", ".arw"}
    | {".wmv", ".asf", ".flv", ".mpg", ".mpeg", ".vob", ".ogv", ".dav", ".264", ".h264", ".265", ".hevc"}
)
_MEDIA_SUFFIXES = frozenset[str]().union(*(one.suffixes for one in _ALL)) | _NOT_READ_SUFFIXES


def sniff(path: Path) -> MediaKind:
    """Tells image from video by the first bytes.

    Raises:
        NotMediaError: neither, and its name does not claim to be either.
        MediaError: empty; cannot be opened; media of a kind that is not read; or called like
            media without being it.
    """
    with open_read_only(path) as file:
        return identify(file, path.name).kind


def identify(file: BinaryIO, name: str) -> FileFormat:
    """Finds the format of an open file, and leaves it at its start.

    Raises:
        NotMediaError, MediaError: as `sniff` does.
    """
    header = file.read(_HEADER_BYTES)
    file.seek(0)
    if not header:
        raise MediaError(f"{name} is empty.", "Acquire the file again from its source.")
    for pattern, what in _NOT_READ:
        if pattern.match(header):
            raise MediaError(f"{name} holds {what}, which this program does not read.", _CONVERT)
    for pattern, file_format in _MAGIC:
        if pattern.match(header):
            return file_format
    if _is_transport_stream(header):
        return MPEG_TS
    suffix = Path(name).suffix.lower()
    if suffix in _MEDIA_SUFFIXES:
        raise MediaError(
            f"{name} is called {suffix} but does not hold an image or a video.",
            "It may be damaged at its start, encrypted or misnamed; look at its first bytes.",
        )
    raise NotMediaError(f"{name} is neither an image nor a video that this program reads.", _FORMATS)


def promised_format(name: str) -> FileFormat | None:
    """The format that the name's suffix stands for, None if it stands for none that is read."""
    suffix = Path(name).suffix.lower()
    return next((one for one in _ALL if suffix in one.suffixes), None)


def _is_transport_stream(header: bytes) -> bool:
    """Looks for packets of 188 bytes (192 and 204 with stamps or parity) that begin with 0x47."""
    for packet_bytes in (188, 192, 204):
        for offset in range(min(packet_bytes, len(header))):
            heads = header[offset::packet_bytes]
            if len(heads) >= 3 and heads[:8] == b"\x47" * len(heads[:8]):
                return True
    return False
