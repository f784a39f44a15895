"""Texts by which encoders name themselves inside a coded stream."""

from __future__ import annotations

from itertools import chain

from forensic_cli.factsheet import EncoderMark
from forensic_cli.media.facts.bits import without_emulation
from forensic_cli.media.facts.nal_units import nal_length_bytes, nal_units, parameter_sets
from forensic_cli.media.plain_text import plain_text

_MAX_UNIT_BYTES = 4096
_MAX_CHARACTERS = 1000
_UUID_BYTES = 16
_USER_DATA_UNREGISTERED = 5
_MPEG4_USER_DATA = b"\0\0\1\xb2"


def marks_in_packet(codec: str, extradata: bytes, packet: memoryview) -> tuple[EncoderMark, ...]:
    """What one packet says of its encoder.

    H.264 and HEVC: SEI messages "user data unregistered" (ITU-T H.264, D.1.7) with ASCII text, as x264,
    x265 and many others write into the first picture or beside the parameter sets. MPEG-4 part 2: user
    data, as Xvid and FFmpeg write.
    """
    if codec in {"h264", "hevc"}:
        length_bytes = nal_length_bytes(codec, extradata)
        stored = parameter_sets(extradata) if codec == "hevc" else iter(())
        units = chain(stored, nal_units(packet, length_bytes, _MAX_UNIT_BYTES))
        return tuple(mark for unit in units for mark in _user_data(codec, unit))
    if codec == "mpeg4":
        for content in (extradata, bytes(packet[:_MAX_UNIT_BYTES])):
            _, found, text = content.partition(_MPEG4_USER_DATA)
            name = plain_text(text.partition(b"\0")[0]) if found else ""
            if name:
                return (EncoderMark("user data", name),)
    return ()


def _user_data(codec: str, unit: bytes) -> list[EncoderMark]:
    is_message = unit[:1] and ((unit[0] & 0x1F) == 6 if codec == "h264" else (unit[0] >> 1) & 0x3F == 39)
    if not is_message:
        return []
    content = without_emulation(unit[1 if codec == "h264" else 2 :])
    marks = []
    offset = 0
    # Each message: type and size in bytes of 255 and a rest (ITU-T H.264, 7.3.2.3.1).
    while offset + 2 <= len(content):
        kind, offset = _extended(content, offset)
        size, offset = _extended(content, offset)
        if kind == _USER_DATA_UNREGISTERED and size > _UUID_BYTES:
            text = content[offset + _UUID_BYTES : offset + size].rstrip(b"\0")
            if text.isascii():
                marks.append(EncoderMark("SEI user data", plain_text(text, _MAX_CHARACTERS)))
        offset += size
    return marks


def _extended(content: bytes, offset: int) -> tuple[int, int]:
    total = 0
    while offset < len(content) and content[offset] == 0xFF:
        total, offset = total + 255, offset + 1
    return total + (content[offset] if offset < len(content) else 0), offset + 1
