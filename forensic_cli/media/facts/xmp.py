"""A few properties of an XMP packet, found as text: an XML parser is no place for hostile bytes."""

from __future__ import annotations

import re

from forensic_cli.factsheet import EncoderMark, TextEntry
from forensic_cli.media.plain_text import plain_text

_MAX_BYTES = 1 << 18
_TOOL = "CreatorTool"
# Who made it, when, and whether it says of itself that it is synthetic (IPTC digital source type).
_PROPERTIES = (_TOOL, "CreateDate", "ModifyDate", "MetadataDate", "DigitalSourceType", "History")


def xmp_entries(packet: bytes) -> tuple[tuple[EncoderMark, ...], tuple[TextEntry, ...]]:
    """The creator tool as an encoder's mark, and the other properties as texts.

    Properties are matched by their local name, as attribute or as element; the first of each counts.
    """
    marks, texts = [], []
    content = packet[:_MAX_BYTES].decode("utf-8", "replace")
    for name in _PROPERTIES:
        # Bounded repeats: nothing here may take more than linear time.
        found = re.search(rf'\b[\w]{{1,30}}:{name}(?:="([^"<>]{{1,500}})"|>([^<>]{{1,500}})<)', content)
        if found is None:
            continue
        value = plain_text(found.group(1) or found.group(2))
        if name == _TOOL:
            marks.append(EncoderMark("XMP CreatorTool", value))
        elif value:
            texts.append(TextEntry("XMP", name, value))
    return tuple(marks), tuple(texts)
