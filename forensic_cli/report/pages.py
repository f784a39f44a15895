"""What every page carries, and the canvas that knows page numbers before the last page is set."""

from __future__ import annotations

from typing import Any

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from forensic_cli.report.flow import Action, Late, Story
from forensic_cli.report.fonts import BOLD, MONO, REGULAR
from forensic_cli.report.model import ReportModel
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
    WATERMARK,
    style,
)
from forensic_cli.report.text import draw_text, fit_text, text_width

_HEADER_Y = PAGE_HEIGHT - 42.0
_FOOTER_Y = 38.0
_SIZE = 7.6
_STATUS_SIZE = 6.6
_TOTAL_FORM = "total-pages"
_WATERMARK_WIDTH = 430.0
_WATERMARK_ANGLE_DEG = 54.0


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
    """From this page on the header names this item, or these; "" for none."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self.heading = heading

    def apply(self, doc: Any) -> None:
        """Changes the header of the page that is being set."""
        doc.running_item = self.heading


class ReportDocument(BaseDocTemplate):  # type: ignore[misc]  # reportlab ships no types
    """A4 pages with one frame, the report's header and footer, and sections made when due."""

    def __init__(self, target: Any, model: ReportModel) -> None:
        self.head = head = model.head
        self.report_language = model.language
        self.running_item = head.items
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
            pageTemplates=[
                PageTemplate("page", [frame], onPage=_draw_watermark, onPageEnd=_draw_frame_of_page)
            ],
            title=f"{head.title}, {head.case_number}",
            author=head.author,
            subject=head.subject,
            creator=head.creator,
            producer="ReportLab",
            lang=model.language.tag,
            displayDocTitle=True,
            initialFontName=REGULAR,
            initialFontSize=_SIZE,
            pageCompression=1,
        )

    def filterFlowables(self, flowables: Story) -> None:  # noqa: N802
        """Puts a late section's content in its place (called by reportlab before each flowable)."""
        while flowables and isinstance(flowables[0], Late):
            flowables[0:1] = flowables[0].make()


def _draw_watermark(canvas: Any, doc: ReportDocument) -> None:
    """Drawn before the page's content, which stays legible above it."""
    text = doc.head.watermark
    if not text:
        return
    size = _WATERMARK_WIDTH / text_width(text, BOLD, 1.0)
    canvas.saveState()
    canvas.setFillColor(WATERMARK)
    canvas.translate(PAGE_WIDTH / 2, PAGE_HEIGHT / 2)
    canvas.rotate(_WATERMARK_ANGLE_DEG)
    draw_text(canvas, 0, -size * 0.36, text, BOLD, size, "centre")
    canvas.restoreState()


def _draw_frame_of_page(canvas: Any, doc: ReportDocument) -> None:
    canvas.saveState()
    _draw_header(canvas, doc)
    _draw_footer(canvas, doc)
    canvas.restoreState()


def _draw_header(canvas: Any, doc: ReportDocument) -> None:
    head, lang, item = doc.head, doc.report_language, doc.running_item
    right = PAGE_WIDTH - MARGIN_X
    canvas.setFillColor(INK)
    status_width = text_width(head.status.upper(), BOLD, _STATUS_SIZE) + 9
    free = TEXT_WIDTH - status_width - 16
    item = fit_text(item, BOLD, _SIZE, free * 0.6)
    item_width = text_width(item, BOLD, _SIZE) + 14 if item else 0.0
    shown = fit_text(head.case, BOLD, _SIZE, free - item_width)
    end = draw_text(canvas, MARGIN_X, _HEADER_Y, shown, BOLD, _SIZE)
    if item:
        canvas.setFillColor(ACCENT)
        draw_text(canvas, end + 14, _HEADER_Y, item, BOLD, _SIZE)
    canvas.setFillColor(MUTED)
    name = lang.say("head.report")
    end = draw_text(canvas, MARGIN_X, _HEADER_Y - 11, name, REGULAR, _SIZE)
    draw_text(canvas, end + 4, _HEADER_Y - 11, head.report_id, MONO, _SIZE - 0.4)
    issued = lang.say("head.issued", moment=head.issued)
    draw_text(canvas, right, _HEADER_Y - 11, issued, REGULAR, _SIZE, "right")
    _draw_status(canvas, right, head.status.upper(), status_width)
    canvas.setStrokeColor(ACCENT)
    canvas.setLineWidth(0.9)
    canvas.line(MARGIN_X, _HEADER_Y - 19, right, _HEADER_Y - 19)


def _draw_status(canvas: Any, right: float, text: str, width: float) -> None:
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(0.7)
    canvas.rect(right - width, _HEADER_Y - 2.6, width, 10.6, stroke=1, fill=0)
    canvas.setFillColor(INK)
    draw_text(canvas, right - width / 2, _HEADER_Y + 0.4, text, BOLD, _STATUS_SIZE, "centre")


def _draw_footer(canvas: Any, doc: ReportDocument) -> None:
    right = PAGE_WIDTH - MARGIN_X
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.4)
    canvas.line(MARGIN_X, _FOOTER_Y + 12, right, _FOOTER_Y + 12)
    canvas.setFillColor(MUTED)
    page = doc.report_language.say("head.page", page=canvas.getPageNumber(), total="")
    end = draw_text(canvas, MARGIN_X, _FOOTER_Y, page.rstrip(), REGULAR, _SIZE)
    canvas.draw_total_later(end, _FOOTER_Y)
    footer = f"{doc.report_language.say('head.footer')} · {doc.head.creator}"
    draw_text(canvas, right, _FOOTER_Y, footer, REGULAR, _SIZE, "right")
