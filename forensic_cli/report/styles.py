"""Paper, palette and type: the whole look of the report in one place. Lengths in points."""

from __future__ import annotations

from functools import cache

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle

from forensic_cli.report.fonts import BOLD, LIGHT, MONO, REGULAR, register_text_fonts

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN_X = 56.0
MARGIN_TOP = 84.0
MARGIN_BOTTOM = 64.0
TEXT_WIDTH = PAGE_WIDTH - 2 * MARGIN_X
TEXT_HEIGHT = PAGE_HEIGHT - MARGIN_TOP - MARGIN_BOTTOM
LABEL_WIDTH = 116.0

# One accent on grey. Every colour but the washes keeps a contrast of 4.5 : 1 on white.
INK = HexColor("#17212B")
MUTED = HexColor("#586673")
ACCENT = HexColor("#0E5A6B")
RULE = HexColor("#C6CED5")
WASH = HexColor("#F3F6F8")
BAND = HexColor("#E3E9EE")
WHITE = HexColor("#FFFFFF")
# Seen at a glance, and in the way of no word printed over it.
WATERMARK = HexColor("#EFF2F4")

BODY_SIZE = 9.0
SMALL_SIZE = 7.6
MONO_SIZE = 7.4

_STYLES: dict[str, tuple[str, float, float, Color, float, float]] = {
    # name: font, size, leading, colour, space before, space after
    "title": (LIGHT, 26.0, 30.0, INK, 0.0, 2.0),
    "subtitle": (REGULAR, 10.0, 14.0, MUTED, 0.0, 9.0),
    "kicker": (BOLD, 8.4, 11.0, ACCENT, 0.0, 1.0),
    "item": (LIGHT, 19.0, 24.0, INK, 0.0, 7.0),
    "h1": (LIGHT, 19.0, 24.0, INK, 0.0, 6.0),
    "h2": (BOLD, 10.4, 14.0, ACCENT, 12.0, 4.0),
    "h3": (BOLD, BODY_SIZE, 12.5, INK, 9.0, 3.0),
    "body": (REGULAR, BODY_SIZE, 13.2, INK, 0.0, 4.0),
    "lead": (REGULAR, 10.4, 15.0, INK, 0.0, 4.0),
    "note": (REGULAR, SMALL_SIZE, 10.6, MUTED, 0.0, 4.0),
    "notice": (BOLD, BODY_SIZE, 13.2, INK, 0.0, 2.0),
    "label": (REGULAR, 8.0, 11.4, MUTED, 0.0, 0.0),
    "value": (REGULAR, 8.6, 11.4, INK, 0.0, 0.0),
    "value-strong": (BOLD, 8.6, 11.4, INK, 0.0, 0.0),
    "value-mono": (MONO, MONO_SIZE, 11.4, INK, 0.0, 0.0),
    "head": (BOLD, SMALL_SIZE, 10.0, MUTED, 0.0, 0.0),
    "cell": (REGULAR, 8.4, 11.2, INK, 0.0, 0.0),
    "cell-small": (REGULAR, SMALL_SIZE, 11.2, INK, 0.0, 0.0),
    "cell-strong": (BOLD, 8.4, 11.2, INK, 0.0, 0.0),
    "cell-note": (REGULAR, SMALL_SIZE, 10.2, MUTED, 0.0, 0.0),
    "cell-mono": (MONO, 7.0, 10.0, INK, 0.0, 0.0),
    "cover-note": (REGULAR, 8.2, 10.8, INK, 0.0, 2.8),
    "file-note": (MONO, 5.8, 8.0, MUTED, 2.0, 0.0),
    "verdict": (BOLD, 12.5, 16.0, INK, 0.0, 2.0),
    "score": (LIGHT, 20.0, 24.0, INK, 0.0, 0.0),
    "command": (MONO, 8.0, 12.0, INK, 0.0, 0.0),
    "end": (BOLD, 9.0, 12.0, ACCENT, 18.0, 0.0),
}
RIGHT_SUFFIX = "-right"
_ALIGN = {"": 0, RIGHT_SUFFIX: 2}


@cache
def style(name: str) -> ParagraphStyle:
    """A paragraph style by name; with the suffix "-right", set flush right.

    Raises:
        KeyError: there is no such style.
    """
    register_text_fonts()
    suffix = RIGHT_SUFFIX if name.endswith(RIGHT_SUFFIX) else ""
    font, size, leading, colour, before, after = _STYLES[name.removesuffix(RIGHT_SUFFIX)]
    return ParagraphStyle(
        name,
        fontName=font,
        bulletFontName=font,
        fontSize=size,
        leading=leading,
        textColor=colour,
        spaceBefore=before,
        spaceAfter=after,
        alignment=_ALIGN[suffix],
        splitLongWords=True,
        allowWidows=0,
        allowOrphans=0,
    )
