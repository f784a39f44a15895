"""The pages after the items: method, opinion, model, error rates, tool, repetition, glossary."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.platypus import CondPageBreak, PageBreak, Spacer

from forensic_cli.report.flow import Story, paragraph
from forensic_cli.report.model import ErrorTable, ReportModel
from forensic_cli.report.pages import SetRunningItem
from forensic_cli.report.styles import TEXT_WIDTH
from forensic_cli.report.tables import boxed, heading, ruled_table, section_story

_ERROR_WIDTHS = (136.0, 92.0, 44.0, 46.0, 34.0, 64.0, TEXT_WIDTH - 416.0)
_LINE_WIDTHS = (46.0, 102.0, 78.0, 44.0, 54.0, 76.0, 38.0, TEXT_WIDTH - 438.0)
_CALIBRATION_WIDTHS = (180.0, 90.0, 50.0, 54.0, 50.0, TEXT_WIDTH - 424.0)
_N_TEXT_COLUMNS = 2
_DATASET = 1
_OPINION_HEIGHT = 300.0
# A command of thousands of paths must be able to run over pages, and a box cannot be broken.
_MAX_BOXED_CHARACTERS = 2000


def closing_story(model: ReportModel) -> Story:
    """Everything after the items, to the end of the report."""
    # After the table of items without a reading the text goes on, where it is about all items anyway.
    start: Story = [Spacer(0, 10), CondPageBreak(_OPINION_HEIGHT)] if model.listed else [PageBreak()]
    return [
        *start,
        SetRunningItem(model.head.items),
        *section_story(model.opinion),
        *section_story(model.limitations),
        *(section_story(model.card_limitations) if model.card_limitations else []),
        *section_story(model.method),
        *_error_rates(model),
        *_calibration(model),
        *section_story(model.model, is_grid=True),
        *section_story(model.tool, is_grid=True),
        *(section_story(model.resumptions) if model.resumptions else []),
        *section_story(model.parameters, is_grid=True),
        *_repeat(model),
        *section_story(model.glossary),
        *section_story(model.conditions),
        paragraph(model.language.say("head.end"), "end"),
    ]


def _error_rates(model: ReportModel) -> Story:
    story: Story = [CondPageBreak(140), *heading("errors", model.language.say("errors.title"))]
    story += [paragraph(text, "note" if model.error_tables else "body") for text in model.error_note]
    columns = model.language.say_all("errors.columns")
    for table in model.error_tables:
        story += [CondPageBreak(90), paragraph(table.title, "h3")]
        if table.dataset:
            story.append(paragraph(table.dataset, "note"))
        story.append(_error_table(table, columns))
    return story


def _calibration(model: ReportModel) -> Story:
    if model.calibration is None:
        return []
    lang = model.language
    story = section_story(model.calibration)
    tables = (
        ("lines_note", "lines_columns", model.calibration_lines, _LINE_WIDTHS),
        ("rows_note", "columns", model.calibration_rows, _CALIBRATION_WIDTHS),
    )
    for note, columns, rows, widths in tables:
        if rows:
            story += [
                Spacer(0, 6),
                paragraph(lang.say(f"calibration.{note}"), "note"),
                ruled_table(_header(lang.say_all(f"calibration.{columns}")), _cells(rows), widths),
            ]
    return story


def _header(columns: tuple[str, ...]) -> Story:
    return [
        paragraph(name, "head" if column < _N_TEXT_COLUMNS else "head-right")
        for column, name in enumerate(columns)
    ]


def _error_table(table: ErrorTable, columns: tuple[str, ...]) -> object:
    rows = _cells(table.rows)
    header, widths = _header(columns), list(_ERROR_WIDTHS)
    if table.dataset:
        # It stands above the table, and its column goes to the one before.
        for row in (header, *rows):
            del row[_DATASET]
        widths[_DATASET - 1] += widths.pop(_DATASET)
    return ruled_table(header, rows, widths, padding=2.6)


def _cells(rows: Sequence[Sequence[str]]) -> list[list[Story]]:
    return [[_error_cell(cell, column) for column, cell in enumerate(cells)] for cells in rows]


def _error_cell(cell: str, column: int) -> Story:
    suffix = "" if column < _N_TEXT_COLUMNS else "-right"
    value, _, interval = cell.partition("\n")
    story: Story = [paragraph(value, f"cell{suffix}")]
    return [*story, paragraph(interval, f"cell-note{suffix}")] if interval else story


def _repeat(model: ReportModel) -> Story:
    story = section_story(model.repeat)
    command = paragraph(model.command, "command")
    is_short = len(model.command) < _MAX_BOXED_CHARACTERS
    return [*story, Spacer(0, 2), boxed([command]) if is_short else command, Spacer(0, 6)]
