"""What the headers of the examined video stream say."""

from __future__ import annotations

from av.video.stream import VideoStream

from forensic_cli.factsheet import StreamFacts
from forensic_cli.media.plain_text import plain_text

# Code points of ITU-T H.273, tables 2, 3 and 4, by the names that FFmpeg gives them.
_PRIMARIES = {
    1: "bt709", 2: "unspecified", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film",
    9: "bt2020", 10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213",
}  # fmt: skip
_TRANSFERS = {
    1: "bt709", 2: "unspecified", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear",
    9: "log100", 10: "log316", 11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10",
    15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67",
}  # fmt: skip
_MATRICES = {
    0: "rgb", 1: "bt709", 2: "unspecified", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m",
    8: "ycgco", 9: "bt2020nc", 10: "bt2020c", 11: "smpte2085", 14: "ictcp",
}  # fmt: skip
_RANGES = {0: "unspecified", 1: "tv", 2: "pc"}
_FIELD_ORDERS = {
    1: "progressive", 2: "top first", 3: "bottom first", 4: "top coded first, bottom shown first",
    5: "bottom coded first, top shown first",
}  # fmt: skip


def stream_facts(stream: VideoStream) -> StreamFacts:
    """Reads the stream's and the coding's headers; nothing is decoded for it."""
    context = stream.codec_context
    codec = context.codec.canonical_name
    aspect = stream.sample_aspect_ratio
    return StreamFacts(
        codec=codec,
        codec_tag=plain_text(stream.codec_tag or ""),
        profile=context.profile or "",
        level=_level(codec, context.level),
        pixel_format=context.pix_fmt or "",
        colour_primaries=_name(_PRIMARIES, context.color_primaries),
        colour_transfer=_name(_TRANSFERS, context.color_trc),
        colour_matrix=_name(_MATRICES, context.colorspace),
        colour_range=_name(_RANGES, context.color_range),
        field_order=_FIELD_ORDERS.get(context.field_order, ""),
        sample_aspect=f"{aspect.numerator}:{aspect.denominator}" if aspect else "",
        reorder_depth=context.reorder_depth,
        declared_bit_rate_bps=context.bit_rate or None,
    )


def _name(names: dict[int, str], code: int) -> str:
    return names.get(code, f"code {code}")


def _level(codec: str, level: int) -> str:
    """The level as the standard's tables print it, "" where it is not stated."""
    if level <= 0:
        return ""
    if codec == "h264":
        return "1b" if level == 9 else f"{level / 10:.1f}"
    if codec == "hevc":
        return f"{level / 30:.1f}"
    return str(level)
