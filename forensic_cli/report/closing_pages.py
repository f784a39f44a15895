"""The pages after the items: method, opinion, model, error rates, tool, repetition, glossary."""

from __future__ import annotations

from reportlab.platypus import CondPageBreak, PageBreak, Spacer

from forensic_cli.report import wording as w
from forensic_cli.report.flow import Anchor, Story, paragraph
from forensic_cli.report.model import ErrorTable, ReportModel
from forensic_cli.report.pages import SetRunningItem
from forensic_cli.report.styles import TEXT_WIDTH
from forensic_cli.report.tables import boxed, field_table, ruled_table, section_story

_ERROR_WIDTHS = (130.0, 92.0, 44.0, 40.0, 34.0, 70.0, TEXT_WIDTH - 410.0)
_CALIBRATION_WIDTHS = (190.0, 90.0, 50.0, 50.0, 50.0, TEXT_WIDTH - 430.0)
_N_TEXT_COLUMNS = 2


def closing_story(model: ReportModel) -> Story:
    """Everything after the items, to the end of the report."""
    return [
        PageBreak(),
        SetRunningItem(""),
        *section_story(model.method, points_title=w.METHOD_POINTS_INTRO),
        *section_story(model.opinion),
        *section_story(model.limitations),
        *section_story(model.model, is_grid=True),
        *_error_rates(model),
        *_calibration(model),
        *section_story(model.tool, is_grid=True),
        *section_story(model.parameters, is_grid=True),
        *_repeat(model),
        CondPageBreak(120),
        Anchor("glossary", w.GLOSSARY_TITLE),
        paragraph(w.GLOSSARY_TITLE, "h2"),
        field_table(model.glossary),
        *section_story(model.conditions),
        paragraph(w.END, "end"),
    ]


def _error_rates(model: ReportModel) -> Story:
    story: Story = [
        CondPageBreak(140),
        Anchor("errors", w.ERRORS_TITLE),
        paragraph(w.ERRORS_TITLE, "h2"),
        paragraph(model.error_note, "body" if not model.error_tables else "note"),
    ]
    for table in model.error_tables:
        story += [CondPageBreak(90), paragraph(table.title, "h3"), _error_table(table)]
    return story


def _calibration(model: ReportModel) -> Story:
    if model.calibration is None:
        return []
    header = [
        paragraph(name, "head" if column < _N_TEXT_COLUMNS else "head-right")
        for column, name in enumerate(w.COLUMNS_CALIBRATION)
    ]
    rows = [
        [_error_cell(cell, column) for column, cell in enumerate(cells)] for cells in model.calibration_rows
    ]
    story = section_story(model.calibration)
    if rows:
        story += [
            Spacer(0, 6),
            paragraph(w.CALIBRATION_ROWS_NOTE, "note"),
            ruled_table(header, rows, _CALIBRATION_WIDTHS),
        ]
    return story


def _error_table(table: ErrorTable) -> object:
    header = [
        paragraph(name, "head" if column < _N_TEXT_COLUMNS else "head-right")
        for column, name in enumerate(w.COLUMNS_ERRORS)
    ]
    rows = [[_error_cell(cell, column) for column, cell in enumerate(cells)] for cells in table.rows]
    return ruled_table(header, rows, _ERROR_WIDTHS)


def _error_cell(cell: str, column: int) -> Story:
    suffix = "" if column < _N_TEXT_COLUMNS else "-right"
    value, _, interval = cell.partition("\n")
    story: Story = [paragraph(value, f"cell{suffix}")]
    return [*story, paragraph(interval, f"cell-note{suffix}")] if interval else story


def _repeat(model: ReportModel) -> Story:
    story = section_story(model.repeat)
    # A command of thousands of paths must be able to run over pages: a box cannot be broken.
    command = paragraph(model.command, "command")
    is_short = len(model.command) < 2000
    return [*story, Spacer(0, 2), boxed([command]) if is_short else command, Spacer(0, 6)]
