"""The report's embedded fonts, and which of them has a glyph for a character."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FONT_FOLDER = Path(__file__).resolve().parent / "fonts"

LIGHT = "NotoSans-Light"
REGULAR = "NotoSans-Regular"
BOLD = "NotoSans-SemiBold"
MONO = "NotoSansMono-Regular"
TEXT_FONTS = (LIGHT, REGULAR, BOLD, MONO)
# Asked in this order for what a text font lacks: symbols, ideographs and kana, Hangul.
FALLBACK_FONTS = (REGULAR, MONO, "DroidSansFallback", "ReportHangul")


@cache
def _coverage(font_name: str) -> frozenset[int]:
    """Registers a font with reportlab at its first use; returns the code points that it has.

    The ideographs alone are 4 MB to parse, so a report without any never opens that file.
    """
    font = TTFont(font_name, str(FONT_FOLDER / f"{font_name}.ttf"))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


def register_text_fonts() -> None:
    """Makes the four text fonts known to reportlab. Safe to call again."""
    for font_name in TEXT_FONTS:
        _coverage(font_name)


def font_for(character: str, preferred: str) -> str | None:
    """Name of the font to set `character` in.

    Args:
        character: one code point.
        preferred: one of `TEXT_FONTS`; wins where it has the glyph.

    Returns:
        A registered font's name, or None where no font has a glyph.
    """
    code = ord(character)
    for font_name in (preferred, *FALLBACK_FONTS):
        if code in _coverage(font_name):
            return font_name
    return None
