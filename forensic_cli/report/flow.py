"""Building blocks of the pages: paragraphs, bookmarks, page numbers, late-made sections.

reportlab ships no type information, so its classes are `Any` to the type checker; the two
bases below are the only place where that has to be waved through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reportlab.platypus import (
    ActionFlowable,
    Flowable,
    Paragraph,
)

from forensic_cli.report.styles import style
from forensic_cli.report.symbols import draw_symbol
from forensic_cli.report.text import markup, visible
from forensic_cli.types import Verdict

Story = list[Any]


class Drawn(Flowable):  # type: ignore[misc]
    """A flowable of fixed size that draws itself on `self.canv`, its lower left corner at (0, 0)."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__()
        self.width = width
        self.height = height

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        """The size in points, whatever is available."""
        return self.width, self.height


class Action(ActionFlowable):  # type: ignore[misc]
    """Something that happens between two flowables and takes no room."""

    def __init__(self) -> None:
        super().__init__(())

    def apply(self, doc: Any) -> None:
        """Acts on the document template."""
        raise NotImplementedError


class Late(Action):
    """A part of the story that is made when its turn comes, so that memory holds one at a time."""

    def __init__(self, make: Callable[[], Story]) -> None:
        super().__init__()
        self.make = make


class Anchor(Drawn):
    """A bookmark at this place, and its entry in the outline.

    Args:
        key: names the bookmark.
        title: of the outline's entry; "" for none.
        level: of the outline, from 0.
        is_closed: entries below are folded at first.
    """

    def __init__(self, key: str, title: str = "", level: int = 0, is_closed: bool = False) -> None:
        super().__init__(0, 0)
        self.key = key
        self.title = visible(title)
        self.level = level
        self.is_closed = is_closed

    def draw(self) -> None:
        """Sets the bookmark, and tells the canvas on which page it lies."""
        # A little above, so that the heading below is not cut off at the window's edge.
        self.canv.bookmarkHorizontal(self.key, 0, 18)
        self.canv.note_anchor(self.key)
        if self.title:
            self.canv.addOutlineEntry(self.title, self.key, self.level, self.is_closed)


class PageOf(Drawn):
    """The number of the page on which an anchor lies, filled in when the last page is known."""

    def __init__(self, key: str, width: float) -> None:
        super().__init__(width, style("cell").leading)
        self.key = key

    def draw(self) -> None:
        """Leaves a place for the number, flush right, and links it to the anchor."""
        self.canv.draw_page_number_later(self.key, self.width, self.height - style("cell").fontSize)
        self.canv.linkRect("", self.key, (0, 0, self.width, self.height), relative=1, thickness=0)


class VerdictLabel(Drawn):
    """A finding's shape and words, wrapping to the width of its place."""

    def __init__(self, verdict: Verdict, words: str, style_name: str = "cell-strong") -> None:
        super().__init__(0, 0)
        self.verdict = verdict
        self.text = paragraph(words, style_name)
        self.size = self.text.style.fontSize * 0.86
        self.indent = self.size * 1.55

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        """The width available, and the height of the wrapped words."""
        _, self.height = self.text.wrap(available_width - self.indent, available_height)
        self.width = available_width
        return self.width, self.height

    def draw(self) -> None:
        """Draws the shape on the first line, the words beside it."""
        font_size = self.text.style.fontSize
        baseline = self.height - font_size
        draw_symbol(self.canv, self.verdict, 0, baseline - (self.size - font_size * 0.72) / 2, self.size)
        self.text.drawOn(self.canv, self.indent, 0)


def paragraph(text: str, style_name: str = "body") -> Any:
    """Plain text of any origin as a paragraph: the only place where one is made."""
    paragraph_style = style(style_name)
    return Paragraph(markup(text, paragraph_style.fontName), paragraph_style)


def paragraphs(text: str, style_name: str = "body") -> Story:
    """As `paragraph`, one for each line of a text that a person wrote; spaces count once."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return [paragraph(line, style_name) for line in lines if line]
