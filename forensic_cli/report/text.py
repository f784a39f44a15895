"""The one door for text into the PDF: escaping, font runs, widths.

Names of files come from strangers. They may hold markup that reportlab would obey, characters
that turn the line round or are not seen at all, bytes that are no text, and scripts that no
embedded font has. Whatever enters a Paragraph passes `markup`; whatever is drawn passes
`draw_text`. Both show the text as `visible` gives it.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from reportlab.pdfbase.pdfmetrics import stringWidth

from forensic_cli.report.fonts import REGULAR, font_for

ELLIPSIS = "…"
# Letters, numbers, punctuation and symbols. Left out and so escaped: control, format (which turn
# the line round or hide), surrogates, private use, unassigned, separators other than the plain
# space, and combining marks, which a PDF without text shaping would put in the wrong place.
_SHOWN_CATEGORIES = frozenset(["L", "N", "P", "S"])
_UNSEEN_SPACES = re.compile(r"^ | $|(?<= ) ")


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


@lru_cache(maxsize=8192)
def _shown(character: str) -> str:
    if character == " ":
        return character
    is_shown = unicodedata.category(character)[0] in _SHOWN_CATEGORIES and font_for(character, REGULAR)
    return character if is_shown else _escaped(character)


def visible(text: str) -> str:
    r"""Text as a reader can see it, on one line.

    Canonically equivalent spellings are composed first (a Mac writes "é" as two characters).
    Control and format characters, U+202E among them, lone surrogates, characters that no
    embedded font has, and spaces that would vanish become `\uXXXX` or `\UXXXXXXXX`.
    """
    composed = unicodedata.normalize("NFC", text)
    return _UNSEEN_SPACES.sub(r"\\u0020", "".join(map(_shown, composed)))


def is_plain(text: str) -> bool:
    r"""True where `visible` shows the text as it is, and nothing in it looks like an escape."""
    return "\\" not in text and visible(text) == text


def shell_word(word: str) -> str:
    r"""One word of a command line that bash reads back as the same bytes.

    Words with characters that cannot be seen are written `$'...'` with escapes, so that the
    command in the report can be copied.
    """
    if visible(word) == word:
        return shlex.quote(word)
    return "$'" + "".join(map(_shell_character, word)) + "'"


def _shell_character(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        # An undecodable byte, as os.fsdecode keeps it.
        return f"\\x{code - 0xDC00:02x}"
    if character in "\\'":
        return f"\\{character}"
    if 0x21 <= code < 0x7F:
        return character
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def font_runs(text: str, font: str = REGULAR) -> Iterator[tuple[str, str]]:
    """Splits shown text into (font name, run) by glyph coverage.

    Args:
        text: as `visible` gave it.
        font: the font to prefer.
    """
    run = ""
    run_font = font
    for character in text:
        # A space belongs to the run before it: a change of font for it alone helps nobody.
        character_font = run_font if character == " " else font_for(character, font) or font
        if run and character_font != run_font:
            yield run_font, run
            run = ""
        run_font = character_font
        run += character
    if run:
        yield run_font, run


def markup(text: str, font: str = REGULAR) -> str:
    """Any text as reportlab's paragraph markup: shown, escaped, and set in fonts that have it.

    Args:
        text: anything, escaped or not.
        font: the paragraph style's own font.
    """
    parts = []
    for run_font, run in font_runs(visible(text), font):
        safe = escape(run, {'"': "&quot;"})
        parts.append(safe if run_font == font else f'<font name="{run_font}">{safe}</font>')
    return "".join(parts)


def text_width(text: str, font: str, size: float) -> float:
    """Width in points of the text as `draw_text` sets it."""
    return sum(float(stringWidth(run, name, size)) for name, run in font_runs(visible(text), font))


def draw_text(
    canvas: Any, x: float, y: float, text: str, font: str, size: float, align: str = "left"
) -> float:
    """Draws one line, in as many fonts as it takes.

    Args:
        canvas: a reportlab canvas.
        x: in points, of the left end, middle or right end as `align` says.
        y: of the baseline, in points.
        text: one line.
        font: the font to prefer.
        size: in points.
        align: "left", "centre" or "right".

    Returns:
        The x at which the line ends.
    """
    x -= text_width(text, font, size) * {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
    for name, run in font_runs(visible(text), font):
        canvas.setFont(name, size)
        canvas.drawString(x, y, run)
        x += stringWidth(run, name, size)
    return x


def fit_text(text: str, font: str, size: float, width: float) -> str:
    """Cuts the middle out of a line until it fits `width` points. Returns shown text."""
    shown = visible(text)
    if text_width(shown, font, size) <= width:
        return shown
    n_kept = len(shown) - 1
    while n_kept > 2:
        head = n_kept * 2 // 3
        candidate = shown[:head].rstrip() + ELLIPSIS + shown[len(shown) - (n_kept - head) :].lstrip()
        if text_width(candidate, font, size) <= width:
            return candidate
        n_kept -= max(1, n_kept // 40)
    return ELLIPSIS
