"""Picture types, read from the first slice header of each packet; no picture is decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from forensic_cli.media.facts.bits import BitReader, without_emulation
from forensic_cli.media.facts.nal_units import nal_length_bytes, nal_units, parameter_sets

INTRA, PREDICTED, BIPREDICTED, OTHER = b"IPB?"

_SLICE_HEAD_BYTES = 24
_PPS_HEAD_BYTES = 16
_H264_TYPES = {0: PREDICTED, 1: BIPREDICTED, 2: INTRA}
_H264_SLICES = frozenset({1, 2, 5})
_HEVC_TYPES = {0: BIPREDICTED, 1: PREDICTED, 2: INTRA}
_HEVC_PPS = 34
_HEVC_SKIPPED_LEADING = frozenset({8, 9})
_PICTURE_START, _VOP_START = b"\0\0\1\0", b"\0\0\1\xb6"
_MPEG2_TYPES = {1: INTRA, 2: PREDICTED, 3: BIPREDICTED}
_MPEG4_TYPES = {0: INTRA, 1: PREDICTED, 2: BIPREDICTED}
_MAX_SEARCHED_BYTES = 1 << 16
# Each packet of these can be decoded by itself.
_INTRA_ONLY = frozenset(
    {"mjpeg", "prores", "dnxhd", "rawvideo", "huffyuv", "ffvhuff", "utvideo", "png", "jpeg2000", "dvvideo",
     "cfhd", "magicyuv", "v210"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PictureType:
    """What one packet's header says.

    Attributes:
        letter: the byte INTRA, PREDICTED, BIPREDICTED or OTHER.
        is_open_leading: HEVC says of it that it refers to the group before (RASL).
    """

    letter: int
    is_open_leading: bool = False


TypeReader = Callable[[memoryview], PictureType]
_UNKNOWN = PictureType(OTHER)


def type_reader(codec: str, extradata: bytes) -> TypeReader | None:
    """How the types of a coding's packets are read; None where its packets do not show them.

    Args:
        codec: FFmpeg's canonical name.
        extradata: of the stream.
    """
    if codec == "h264":
        length_bytes = nal_length_bytes(codec, extradata)
        return lambda packet: _h264(packet, length_bytes)
    if codec == "hevc":
        return _HevcReader(extradata)
    if codec in {"mpeg1video", "mpeg2video"}:
        return _mpeg2
    if codec == "mpeg4":
        return _mpeg4
    if codec in _INTRA_ONLY:
        return lambda packet: PictureType(INTRA)
    return None


def _h264(packet: memoryview, length_bytes: int) -> PictureType:
    """ITU-T H.264, 7.3.3: first_mb_in_slice ue(v), slice_type ue(v)."""
    for unit in nal_units(packet, length_bytes, _SLICE_HEAD_BYTES):
        if unit and unit[0] & 0x1F in _H264_SLICES:
            reader = BitReader(without_emulation(unit[1:]))
            reader.exp_golomb()
            return PictureType(_H264_TYPES.get(reader.exp_golomb() % 5, OTHER))
    return _UNKNOWN


class _HevcReader:
    """ITU-T H.265, 7.3.6.1; the picture parameter set says how many bits stand before the type."""

    def __init__(self, extradata: bytes) -> None:
        self._length_bytes = nal_length_bytes("hevc", extradata)
        self._extra_bits: dict[int, int] = {}
        for unit in parameter_sets(extradata):
            self._take_parameters(unit)

    def _take_parameters(self, unit: bytes) -> None:
        if len(unit) < 3 or (unit[0] >> 1) & 0x3F != _HEVC_PPS:
            return
        reader = BitReader(without_emulation(unit[2:_PPS_HEAD_BYTES]))
        number = reader.exp_golomb()
        reader.exp_golomb()
        reader.bits(2)
        if number < 64:
            self._extra_bits[number] = reader.bits(3)

    def __call__(self, packet: memoryview) -> PictureType:
        for unit in nal_units(packet, self._length_bytes, _SLICE_HEAD_BYTES):
            if len(unit) < 3:
                continue
            kind = (unit[0] >> 1) & 0x3F
            if kind == _HEVC_PPS:
                self._take_parameters(unit)
            elif kind < 32:
                return self._slice(unit, kind)
        return _UNKNOWN

    def _slice(self, unit: bytes, kind: int) -> PictureType:
        reader = BitReader(without_emulation(unit[2:]))
        if not reader.bits(1):
            return _UNKNOWN
        if 16 <= kind <= 23:
            reader.bits(1)
        reader.bits(self._extra_bits.get(reader.exp_golomb(), 0))
        letter = _HEVC_TYPES.get(reader.exp_golomb(), OTHER)
        return PictureType(letter, kind in _HEVC_SKIPPED_LEADING)


def _mpeg2(packet: memoryview) -> PictureType:
    """ISO/IEC 13818-2, 6.2.3: temporal_reference 10 bits, picture_coding_type 3 bits."""
    content = bytes(packet[:_MAX_SEARCHED_BYTES])
    at = content.find(_PICTURE_START)
    if at < 0 or at + 6 > len(content):
        return _UNKNOWN
    return PictureType(_MPEG2_TYPES.get((content[at + 5] >> 3) & 7, OTHER))


def _mpeg4(packet: memoryview) -> PictureType:
    """ISO/IEC 14496-2, 6.2.5: vop_coding_type, 2 bits."""
    content = bytes(packet[:_MAX_SEARCHED_BYTES])
    at = content.find(_VOP_START)
    if at < 0 or at + 5 > len(content):
        return _UNKNOWN
    return PictureType(_MPEG4_TYPES.get(content[at + 4] >> 6, OTHER))
