"""Exif entries as text that is safe to print. Nothing here enters a score."""

from __future__ import annotations

from PIL import ExifTags
from PIL.Image import Exif

from forensic_cli.media.plain_text import first_entries, plain_text

_MAX_ENTRIES = 100
_POINTERS = frozenset(
    {ExifTags.Base.ExifOffset, ExifTags.Base.GPSInfo, ExifTags.Base.ExifInteroperabilityOffset}
)
# The layout of a TIFF's own data, which says nothing of the picture's origin.
_LAYOUT = frozenset(
    {
        ExifTags.Base.StripOffsets,
        ExifTags.Base.StripByteCounts,
        ExifTags.Base.TileOffsets,
        ExifTags.Base.TileByteCounts,
    }
)


def readable_entries(exif: Exif) -> tuple[tuple[str, str], ...]:
    """Pairs of (tag name, value) of the main and the Exif directory, sorted by name.

    The position is not spelt out; "GPSInfo" says how many entries there are.
    """
    entries: dict[str, str] = {}
    for directory in (dict(exif), exif.get_ifd(ExifTags.IFD.Exif)):
        for tag, value in directory.items():
            if tag in _POINTERS or tag in _LAYOUT:
                continue
            name = ExifTags.TAGS.get(tag, f"Tag 0x{tag:04x}")
            entries[name] = f"({len(value)} bytes)" if name == "MakerNote" else plain_text(value)
    n_gps = len(exif.get_ifd(ExifTags.IFD.GPSInfo))
    if n_gps:
        entries["GPSInfo"] = f"present, {n_gps} entries"
    return first_entries(entries.items(), _MAX_ENTRIES)
