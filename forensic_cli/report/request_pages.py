"""The page after the summary: who asked what, who answers and signs, where the items came from."""

from __future__ import annotations

from reportlab.platypus import KeepTogether, Spacer, Table, TableStyle

from forensic_cli.report.flow import Story, paragraph
from forensic_cli.report.language import Language
from forensic_cli.report.model import ReportModel
from forensic_cli.report.styles import INK, TEXT_WIDTH
from forensic_cli.report.tables import plain_table_style, section_story

_SIGNATURE_HEIGHT = 34.0


def request_story(model: ReportModel) -> Story:
    """Request, people with space for their signatures, custody."""
    return [
        *section_story(model.request),
        KeepTogether([*section_story(model.people), _signatures(model.language), Spacer(0, 4)]),
        *section_story(model.custody),
    ]


def _signatures(lang: Language) -> Table:
    column = (TEXT_WIDTH - 24) / 2
    names = (lang.say("people.signature_examiner"), lang.say("people.signature_reviewer"))
    cells = [paragraph(names[0], "label"), "", paragraph(names[1], "label")]
    table = Table([["", "", ""], cells], colWidths=(column, 24, column), rowHeights=[_SIGNATURE_HEIGHT, None])
    table.setStyle(plain_table_style(0, 0))
    table.setStyle(
        TableStyle(
            [
                ("LINEABOVE", (0, 1), (0, 1), 0.6, INK),
                ("LINEABOVE", (2, 1), (2, 1), 0.6, INK),
                ("TOPPADDING", (0, 1), (-1, 1), 3),
            ]
        )
    )
    return table
