"""Tables, lists and sections: how the model's fields and points are laid out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reportlab.platypus import CondPageBreak, LongTable, Spacer, Table, TableStyle

from forensic_cli.report.flow import Anchor, Story, paragraph, paragraphs
from forensic_cli.report.fonts import REGULAR
from forensic_cli.report.model import Field, Section, TextKind
from forensic_cli.report.styles import ACCENT, LABEL_WIDTH, RULE, TEXT_WIDTH, WASH, style
from forensic_cli.report.text import text_width

# A row is broken over two pages only where it is taller than a page; both parts keep this height.
MIN_ROW_SPLIT = 60
_GRID_GAP = 18.0
_GRID_LABEL = 96.0
_LABEL_GAP = 6.0
_VALUE_STYLES = {TextKind.PROSE: "value", TextKind.NAME: "value", TextKind.MONO: "value-mono"}


def points(texts: Iterable[str], style_name: str = "body") -> Story:
    """A list with a dash before each point."""
    rows = [[paragraph("–", style_name), paragraph(text, style_name)] for text in texts]
    if not rows:
        return []
    table = LongTable(rows, colWidths=(12, TEXT_WIDTH - 12), splitInRow=MIN_ROW_SPLIT)
    table.setStyle(plain_table_style(0, 2.5))
    return [table]


def plain_table_style(horizontal: float = 0.0, below: float = 3.0) -> TableStyle:
    """No lines, text at the top of its cell.

    Args:
        horizontal: padding to the left and right, in points.
        below: padding at the foot of each row, in points.
    """
    return TableStyle(
        [
            # Empty cells name a font too, and the default is one that is not embedded.
            ("FONTNAME", (0, 0), (-1, -1), REGULAR),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), horizontal),
            ("RIGHTPADDING", (0, 0), (-1, -1), horizontal),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), below),
        ]
    )


def ruled_table(
    header: Sequence[Any], rows: Sequence[Sequence[Any]], widths: Sequence[float], padding: float = 4.0
) -> Any:
    """A table with hairlines between its rows, whose header comes again on every page."""
    table = LongTable(
        [header, *rows], colWidths=widths, repeatRows=1 if header else 0, splitInRow=MIN_ROW_SPLIT
    )
    table.setStyle(
        TableStyle(
            [
                ("FONTNAME", (0, 0), (-1, -1), REGULAR),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 6),
                ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), padding),
                ("BOTTOMPADDING", (0, 0), (-1, -1), padding),
                ("LINEBELOW", (0, 0), (-1, 0), 0.9, ACCENT),
                ("LINEBELOW", (0, 1), (-1, -1), 0.4, RULE),
            ]
        )
    )
    return table


def field_table(fields: Sequence[Field], width: float = TEXT_WIDTH, label_width: float = LABEL_WIDTH) -> Any:
    """Labels to the left, values to the right, a hairline below each."""
    rows = [[paragraph(field.label, "label"), field_value(field)] for field in fields]
    table = LongTable(rows, colWidths=(label_width, width - label_width), splitInRow=MIN_ROW_SPLIT)
    table.setStyle(plain_table_style(0, 2.6))
    rules = ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE)
    gap = ("RIGHTPADDING", (0, 0), (0, -1), _LABEL_GAP)
    table.setStyle(TableStyle([("TOPPADDING", (0, 0), (-1, -1), 2.6), rules, gap]))
    return table


def field_grid(fields: Sequence[Field], label_width: float = _GRID_LABEL) -> Any:
    """As `field_table`, two fields a row where both are short."""
    column = (TEXT_WIDTH - _GRID_GAP) / 2
    # A label without a space, such as a tag's name, cannot be broken: the column makes room for it.
    words = [word for field in fields for word in field.label.split(" ")]
    longest = max((text_width(word, REGULAR, style("label").fontSize) for word in words), default=0.0)
    label_width = max(label_width, min(longest + _LABEL_GAP, column / 2))
    rows: list[list[Any]] = []
    spans = []
    is_open = False
    for field in fields:
        cells = [paragraph(field.label, "label"), field_value(field)]
        value_width = text_width(
            field.value, style(_VALUE_STYLES[field.kind]).fontName, style("value").fontSize
        )
        is_short = value_width < column - label_width and "\n" not in field.value
        if is_short and is_open:
            rows[-1][3:] = cells
        else:
            rows.append([*cells, "", "", ""])
            if not is_short:
                spans.append(("SPAN", (1, len(rows) - 1), (4, len(rows) - 1)))
        is_open = is_short and not is_open
    widths = (label_width, column - label_width, _GRID_GAP, label_width, column - label_width)
    table = LongTable(rows, colWidths=widths, splitInRow=MIN_ROW_SPLIT)
    table.setStyle(plain_table_style(0, 2.6))
    table.setStyle(TableStyle([("RIGHTPADDING", (k, 0), (k, -1), _LABEL_GAP) for k in (0, 3)]))
    lines = [("LINEBELOW", (0, 0), (1, -1), 0.4, RULE)]
    lines += [("LINEBELOW", (3, n), (4, n), 0.4, RULE) for n, row in enumerate(rows) if row[3]]
    lines += [("LINEBELOW", (2, n), (4, n), 0.4, RULE) for _, (_, n), _ in spans]
    table.setStyle(TableStyle([("TOPPADDING", (0, 0), (-1, -1), 2.6), *spans, *lines]))
    return table


def field_value(field: Field) -> Any:
    """The value of a field; lines of a prose value stay lines."""
    if field.kind is TextKind.PROSE:
        return paragraphs(field.value, _VALUE_STYLES[field.kind])
    return paragraph(field.value, _VALUE_STYLES[field.kind])


def box_style() -> TableStyle:
    """A wash with a bar of the accent at its left."""
    return TableStyle(
        [
            ("FONTNAME", (0, 0), (-1, -1), REGULAR),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, -1), WASH),
            ("LINEBEFORE", (0, 0), (0, -1), 2.4, ACCENT),
            ("LEFTPADDING", (0, 0), (-1, -1), 12),
            ("RIGHTPADDING", (0, 0), (-1, -1), 12),
            ("TOPPADDING", (0, 0), (-1, -1), 8),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
        ]
    )


def boxed(content: Story) -> Any:
    """Content in a box over the text's whole width."""
    return Table([[content]], colWidths=(TEXT_WIDTH,), style=box_style())


def heading(key: str, title: str) -> Story:
    """The heading of a section, with its bookmark."""
    return [Anchor(key, title), paragraph(title, "h2")]


def section_story(section: Section, is_grid: bool = False, is_listed: bool = True) -> Story:
    """A section as the model gives it, with its bookmark.

    Args:
        section: of the report.
        is_grid: the fields are short and many: two a row.
        is_listed: it has an entry in the outline.
    """
    # No heading alone at the foot of a page.
    story: Story = [CondPageBreak(90), Anchor(section.key, section.title if is_listed else "")]
    story.append(paragraph(section.title, "h2"))
    story += [paragraph(text) for text in section.paragraphs]
    if section.fields:
        story.append((field_grid if is_grid else field_table)(section.fields))
    if section.points_title:
        story += [CondPageBreak(60), paragraph(section.points_title, "h3")]
    story += points(section.points)
    return [*story, Spacer(0, 4), paragraph(section.note, "note")] if section.note else story
