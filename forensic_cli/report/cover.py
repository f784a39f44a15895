"""The first page, and the table of findings."""

from __future__ import annotations

from typing import Any

from reportlab.platypus import CondPageBreak, PageBreak, Spacer, Table, TableStyle

from forensic_cli.report.flow import Anchor, Drawn, PageOf, Story, VerdictLabel, paragraph, paragraphs
from forensic_cli.report.fonts import BOLD, LIGHT, REGULAR
from forensic_cli.report.language import Language
from forensic_cli.report.model import Accounting, Field, ReportModel, Summary, SummaryRow
from forensic_cli.report.styles import ACCENT, INK, MUTED, RULE, TEXT_HEIGHT, TEXT_WIDTH, style
from forensic_cli.report.tables import (
    boxed,
    field_value,
    heading,
    plain_table_style,
    ruled_table,
)
from forensic_cli.report.text import draw_text, fit_text, text_width

# Below a table of findings, the request begins on the same page where this much is left of it.
_REQUEST_HEIGHT = 260.0
_FINDING_WIDTHS = (53.0, 97.0, 145.0, 38.0, 123.0, TEXT_WIDTH - 456.0)


def cover_story(model: ReportModel) -> Story:
    """Summary on one page, with the table of findings where it fits."""
    summary, say = model.summary, model.language.say
    story: Story = [
        Anchor("summary", say("cover.outline")),
        paragraph(model.head.title, "title"),
        paragraph(say("head.subtitle"), "subtitle"),
        _facts_grid(summary.facts),
        Spacer(0, 6),
    ]
    if summary.notices:
        story += [boxed([paragraph(notice, "notice") for notice in summary.notices]), Spacer(0, 2)]
    story += [paragraph(say("cover.question_title"), "h2"), *paragraphs(summary.question, "lead")]
    story += [
        paragraph(say("cover.accounting_title"), "h2"),
        AccountingTiles(summary.accounting, model.language),
        paragraph(f"{summary.accounting.sentence} {summary.scope}", "note"),
    ]
    findings: Story = [
        CondPageBreak(90),
        *heading("findings", say("cover.findings_title")),
        _findings_table(summary, model.language),
    ]
    tally = [paragraph(say("cover.findings_title"), "h2"), *_tally(model)]
    review = _review(model)
    # What fits on one page, the fullest first; what is left out of it comes on the next.
    for first, next_page in (
        ([*findings, *_meaning(model), *review], []),
        ([*findings, *_not_meaning(model), *review], _means(model)),
        ([*tally, *_meaning(model), *review], findings),
    ):
        if _height([*story, *first]) <= TEXT_HEIGHT:
            return [*story, *first, PageBreak(), *next_page, *_breathing_space(next_page)]
    rest = [*findings, *_means(model)]
    return [*story, *tally, *_not_meaning(model), *review, PageBreak(), *rest, *_breathing_space(rest)]


def _breathing_space(before: Story) -> Story:
    return [CondPageBreak(_REQUEST_HEIGHT)] if before else []


def _height(story: Story) -> float:
    """Height in points of a story on one endless page; spaces are merged as a frame merges them."""
    total = space_after = 0.0
    for part in story:
        _, height = part.wrap(TEXT_WIDTH, 1e6)
        total += max(part.getSpaceBefore() - space_after, 0) + height + part.getSpaceAfter()
        space_after = part.getSpaceAfter()
    return total


def _meaning(model: ReportModel) -> Story:
    """What the findings mean, and beside it what they do not."""
    summary, say = model.summary, model.language.say
    column = (TEXT_WIDTH - 20) / 2
    rows = [[paragraph(say("cover.means_title"), "h3"), "", paragraph(say("cover.not_means_title"), "h3")]]
    rows.append([_notes(summary.means), "", _notes(summary.does_not_mean)])
    table = Table(rows, colWidths=(column, 20, column))
    table.setStyle(plain_table_style(0, 1))
    return [Spacer(0, 8), table]


def _means(model: ReportModel) -> Story:
    title = paragraph(model.language.say("cover.means_title"), "h2")
    return [title, *_notes(model.summary.means)]


def _not_meaning(model: ReportModel) -> Story:
    title = paragraph(model.language.say("cover.not_means_title"), "h2")
    return [title, *_notes(model.summary.does_not_mean)]


def _review(model: ReportModel) -> Story:
    title = paragraph(model.language.say("cover.review_title"), "value-strong")
    return [Spacer(0, 6), boxed([title, paragraph(model.summary.review, "value")])]


def _notes(texts: tuple[str, ...]) -> Story:
    return [paragraph(text, "cover-note") for text in texts]


def _facts_grid(facts: tuple[Field, ...]) -> Table:
    cells = [[paragraph(field.label, "label"), field_value(field)] for field in facts]
    rows = [cells[start : start + 3] for start in range(0, len(cells), 3)]
    widths = (TEXT_WIDTH * 0.40, TEXT_WIDTH * 0.32, TEXT_WIDTH * 0.28)
    table = Table(rows, colWidths=widths)
    table.setStyle(plain_table_style(0, 5))
    table.setStyle(
        TableStyle(
            [
                ("LINEABOVE", (0, 0), (-1, -1), 0.4, RULE),
                ("LINEBELOW", (0, -1), (-1, -1), 0.4, RULE),
                ("TOPPADDING", (0, 0), (-1, -1), 4),
                ("RIGHTPADDING", (0, 0), (-1, -1), 8),
            ]
        )
    )
    return table


class AccountingTiles(Drawn):
    """Found = analysed + without a face + skipped + failed, in large figures."""

    def __init__(self, accounting: Accounting, lang: Language) -> None:
        super().__init__(TEXT_WIDTH, 42)
        self.names = lang.say_all("cover.accounting_tiles")
        self.counts = (
            accounting.n_found,
            accounting.n_analysed,
            accounting.n_no_face,
            accounting.n_skipped,
            accounting.n_failed,
        )
        self.figures = tuple(map(lang.number, self.counts))

    def draw(self) -> None:
        """Draws five figures, their signs and their names."""
        canvas = self.canv
        # Wide enough for a thousand items and the sign after them.
        step = 92.0
        for number, (figure, name) in enumerate(zip(self.figures, self.names, strict=True)):
            x = number * step
            if number:
                canvas.setFillColor(MUTED)
                draw_text(canvas, x - 20, 21, "=" if number == 1 else "+", LIGHT, 17, "centre")
            canvas.setFillColor(ACCENT if number == 0 else INK)
            draw_text(canvas, x, 19, figure, LIGHT, 25)
            canvas.setFillColor(MUTED)
            draw_text(canvas, x, 7, name, REGULAR, 8)


def _tally(model: ReportModel) -> Story:
    """Items by finding; nothing where there is no item."""
    if not model.summary.tally:
        return []
    below = model.language.say("cover.findings_below")
    return [_tally_table(model.summary), Spacer(0, 4), paragraph(below, "note")]


def _tally_table(summary: Summary) -> Any:
    rows = [
        [
            VerdictLabel(row.verdict, row.words),
            paragraph(row.n_items, "cell-strong-right"),
            paragraph(row.labels, "cell-note"),
        ]
        for row in summary.tally
    ]
    table = Table(rows, colWidths=(164, 44, TEXT_WIDTH - 208))
    table.setStyle(plain_table_style(0, 4))
    table.setStyle(
        TableStyle(
            [
                ("TOPPADDING", (0, 0), (-1, -1), 4),
                ("RIGHTPADDING", (1, 0), (1, -1), 14),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
            ]
        )
    )
    return table


def _findings_table(summary: Summary, lang: Language) -> Any:
    names, base = lang.say_all("cover.findings_columns"), _FINDING_WIDTHS
    header = [paragraph(name, "head") for name in names[:-1]]
    header.append(paragraph(names[-1], "head-right"))
    # The item's label takes the width that it needs, within reason, and the file's name gives it.
    longest = max(
        (text_width(row.label, BOLD, style("cell-strong").fontSize) for row in summary.rows), default=0
    )
    item_width = min(max(base[0], longest + 10), base[0] + base[1] / 2)
    file_width = base[0] + base[1] - item_width
    widths = (item_width, file_width, *base[2:])
    cells = [_finding_cells(row, file_width) for row in summary.rows]
    return ruled_table(header, cells, widths, padding=2.6)


def _finding_cells(row: SummaryRow, file_width: float) -> list[Any]:
    small = style("cell-small")
    # One line an item; the name stands in full on the item's own page.
    name = fit_text(row.name, small.fontName, small.fontSize, file_width - 7)
    return [
        paragraph(row.label, "cell-strong"),
        paragraph(name, "cell-small"),
        VerdictLabel(row.verdict, row.words),
        paragraph(row.score or "–", "cell"),
        paragraph(row.likelihood, "cell"),
        PageOf(row.anchor, _FINDING_WIDTHS[-1]),
    ]
