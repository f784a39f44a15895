"""The NAL units of an H.264 or HEVC packet, in either of the two ways of packing them."""

from __future__ import annotations

from collections.abc import Iterator

# Parameter sets and messages come first; a picture's first slice lies within this.
_MAX_SEARCHED_BYTES = 1 << 18
_MAX_UNITS = 64
_START_CODE = b"\0\0\1"


def nal_length_bytes(codec: str, extradata: bytes) -> int:
    """Width of the length before each NAL unit; 0 where start codes part them (Annex B).

    Args:
        codec: "h264" or "hevc".
        extradata: avcC or hvcC (ISO/IEC 14496-15) begins with version 1; anything else is Annex B.
    """
    place = 4 if codec == "h264" else 21
    if len(extradata) <= place or extradata[0] != 1:
        return 0
    return (extradata[place] & 3) + 1


def nal_units(packet: memoryview, length_bytes: int, n_head_bytes: int) -> Iterator[bytes]:
    """The first `n_head_bytes` of each unit, without what parts them; ends where the packing is broken."""
    if length_bytes:
        return _by_length(packet, length_bytes, n_head_bytes)
    return _by_start_code(bytes(packet[:_MAX_SEARCHED_BYTES]), n_head_bytes)


def _by_length(packet: memoryview, length_bytes: int, n_head_bytes: int) -> Iterator[bytes]:
    offset = 0
    for _ in range(_MAX_UNITS):
        start = offset + length_bytes
        if start >= len(packet):
            return
        offset = start + int.from_bytes(packet[offset:start], "big")
        yield bytes(packet[start : min(offset, start + n_head_bytes)])


def _by_start_code(content: bytes, n_head_bytes: int) -> Iterator[bytes]:
    start = content.find(_START_CODE)
    for _ in range(_MAX_UNITS):
        if start < 0:
            return
        start += len(_START_CODE)
        following = content.find(_START_CODE, start)
        end = len(content) if following < 0 else following
        yield content[start : min(end, start + n_head_bytes)]
        start = following


def parameter_sets(extradata: bytes) -> Iterator[bytes]:
    """The NAL units stored in hvcC (ISO/IEC 14496-15, 8.3.3.1) or as Annex B; for HEVC."""
    if len(extradata) < 23 or extradata[0] != 1:
        yield from _by_start_code(extradata, len(extradata))
        return
    offset = 23
    for _ in range(extradata[22]):
        n_units = int.from_bytes(extradata[offset + 1 : offset + 3], "big")
        offset += 3
        for _ in range(min(n_units, _MAX_UNITS)):
            length = int.from_bytes(extradata[offset : offset + 2], "big")
            yield extradata[offset + 2 : offset + 2 + length]
            offset += 2 + length
