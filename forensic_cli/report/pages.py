"""What every page carries, and the canvas that knows page numbers before the last page is set."""

from __future__ import annotations

from typing import Any

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from forensic_cli.report import wording as w
from forensic_cli.report.flow import Action, Late, Story
from forensic_cli.report.fonts import BOLD, MONO, REGULAR
from forensic_cli.report.model import Head
from forensic_cli.report.styles import (
    ACCENT,
    INK,
    MARGIN_BOTTOM,
    MARGIN_X,
    MUTED,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    RULE,
    TEXT_HEIGHT,
    TEXT_WIDTH,
    style,
)
from forensic_cli.report.text import draw_text, fit_text, text_width

_HEADER_Y = PAGE_HEIGHT - 42.0
_FOOTER_Y = 38.0
_SIZE = 7.6
_TOTAL_FORM = "total-pages"


class PagedCanvas(Canvas):  # type: ignore[misc]  # reportlab ships no types
    """A canvas on which the number of pages and the pages of anchors can be drawn in advance.

    Each such number is an empty form on the page and is filled when the document is saved: one
    pass over the story is enough, however long it is.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._page_of_anchor: dict[str, int] = {}
        self._wanted_anchors: set[str] = set()

    def note_anchor(self, key: str) -> None:
        """Remembers that the anchor lies on the present page."""
        self._page_of_anchor.setdefault(key, self.getPageNumber())

    def draw_page_number_later(self, key: str, x: float, y: float) -> None:
        """The number of the page with the anchor, flush right at (x, y)."""
        self._wanted_anchors.add(key)
        self._draw_form(f"page-of-{key}", x, y)

    def draw_total_later(self, x: float, y: float) -> None:
        """The number of pages, beginning at (x, y)."""
        self._draw_form(_TOTAL_FORM, x, y)

    def _draw_form(self, name: str, x: float, y: float) -> None:
        self.saveState()
        self.translate(x, y)
        self.doForm(name)
        self.restoreState()

    def save(self) -> None:
        """Fills the numbers in and ends the document.

        Raises:
            KeyError: the page of an anchor was asked for, and the anchor was never set.
        """
        self._fill_form(_TOTAL_FORM, self.getPageNumber() - 1, REGULAR, _SIZE, is_flush_right=False)
        cell = style("cell")
        for key in sorted(self._wanted_anchors):
            number = self._page_of_anchor[key]
            self._fill_form(f"page-of-{key}", number, cell.fontName, cell.fontSize, is_flush_right=True)
        super().save()

    def _fill_form(self, name: str, number: int, font: str, size: float, is_flush_right: bool) -> None:
        self.beginForm(name, lowerx=-60, lowery=-size, upperx=60, uppery=2 * size)
        self.setFillColor(INK if is_flush_right else MUTED)
        self.setFont(font, size)
        # The spaces keep the number apart from its neighbours when the text is copied or read aloud.
        if is_flush_right:
            self.drawRightString(0, 0, f" {number}")
        else:
            self.drawString(0, 0, f" {number} ")
        self.endForm()


class SetRunningItem(Action):
    """From this page on the header names this item; "" for none."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self.label = label

    def apply(self, doc: Any) -> None:
        """Changes the header of the page that is being set."""
        doc.running_item = self.label


class ReportDocument(BaseDocTemplate):  # type: ignore[misc]  # reportlab ships no types
    """A4 pages with one frame, the report's header and footer, and sections made when due."""

    def __init__(self, target: Any, head: Head) -> None:
        self.head = head
        self.running_item = ""
        # Leaving the padding to the frame would move everything by 6 points.
        frame = Frame(
            MARGIN_X,
            MARGIN_BOTTOM,
            TEXT_WIDTH,
            TEXT_HEIGHT,
            leftPadding=0,
            rightPadding=0,
            topPadding=0,
            bottomPadding=0,
        )
        super().__init__(
            target,
            pagesize=(PAGE_WIDTH, PAGE_HEIGHT),
            pageTemplates=[PageTemplate("page", [frame], onPageEnd=_draw_frame_of_page)],
            title=f"{head.title}, {head.case_number}",
            author=head.author,
            subject=head.subject,
            creator=head.creator,
            producer="ReportLab",
            lang=head.language,
            displayDocTitle=True,
            initialFontName=REGULAR,
            initialFontSize=_SIZE,
            pageCompression=1,
        )

    def filterFlowables(self, flowables: Story) -> None:  # noqa: N802
        """Puts a late section's content in its place (called by reportlab before each flowable)."""
        while flowables and isinstance(flowables[0], Late):
            flowables[0:1] = flowables[0].make()


def _draw_frame_of_page(canvas: Any, doc: ReportDocument) -> None:
    canvas.saveState()
    _draw_header(canvas, doc.head, doc.running_item)
    _draw_footer(canvas, doc.head)
    canvas.restoreState()


def _draw_header(canvas: Any, head: Head, running_item: str) -> None:
    right = PAGE_WIDTH - MARGIN_X
    canvas.setFillColor(INK)
    case = f"Case {head.case_number}"
    item = w.ITEM.format(label=running_item) if running_item else ""
    item_width = text_width(item, BOLD, _SIZE) + 14 if item else 0.0
    shown = fit_text(case, BOLD, _SIZE, TEXT_WIDTH * 0.6 - item_width)
    end = draw_text(canvas, MARGIN_X, _HEADER_Y, shown, BOLD, _SIZE)
    if item:
        canvas.setFillColor(ACCENT)
        draw_text(canvas, end + 14, _HEADER_Y, item, BOLD, _SIZE)
    canvas.setFillColor(MUTED)
    draw_text(canvas, MARGIN_X, _HEADER_Y - 11, "Report", REGULAR, _SIZE)
    draw_text(canvas, MARGIN_X + 28, _HEADER_Y - 11, head.report_id, MONO, _SIZE - 0.4)
    draw_text(canvas, right, _HEADER_Y - 11, f"Issued {head.issued}", REGULAR, _SIZE, "right")
    _draw_status(canvas, right, head.status)
    canvas.setStrokeColor(ACCENT)
    canvas.setLineWidth(0.9)
    canvas.line(MARGIN_X, _HEADER_Y - 19, right, _HEADER_Y - 19)


def _draw_status(canvas: Any, right: float, status: str) -> None:
    text = status.upper()
    width = text_width(text, BOLD, 6.6) + 9
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(0.7)
    canvas.rect(right - width, _HEADER_Y - 2.6, width, 10.6, stroke=1, fill=0)
    canvas.setFillColor(INK)
    draw_text(canvas, right - width / 2, _HEADER_Y + 0.4, text, BOLD, 6.6, "centre")


def _draw_footer(canvas: Any, head: Head) -> None:
    right = PAGE_WIDTH - MARGIN_X
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.4)
    canvas.line(MARGIN_X, _FOOTER_Y + 12, right, _FOOTER_Y + 12)
    canvas.setFillColor(MUTED)
    page = w.PAGE.format(page=canvas.getPageNumber(), total="")
    end = draw_text(canvas, MARGIN_X, _FOOTER_Y, page.rstrip(), REGULAR, _SIZE)
    canvas.draw_total_later(end, _FOOTER_Y)
    draw_text(
        canvas, right, _FOOTER_Y, f"{w.FOOTER}  {head.creator}".replace("  ", " · "), REGULAR, _SIZE, "right"
    )
