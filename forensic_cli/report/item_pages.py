"""The pages of each item, and the table of items without a face reading."""

from __future__ import annotations

from typing import Any

from reportlab.platypus import CondPageBreak, KeepTogether, PageBreak, Spacer, Table

from forensic_cli.report.flow import Anchor, Late, PageOf, Story, VerdictLabel, paragraph
from forensic_cli.report.fonts import LIGHT
from forensic_cli.report.language import Language
from forensic_cli.report.model import ItemSection, LikelihoodText, ListedItem, ReportModel, TrackSection
from forensic_cli.report.pages import SetRunningItem
from forensic_cli.report.pictures import frames_story
from forensic_cli.report.scales import ScoreBar
from forensic_cli.report.styles import TEXT_WIDTH, style
from forensic_cli.report.tables import (
    box_style,
    field_grid,
    field_table,
    field_value,
    plain_table_style,
    points,
    ruled_table,
    section_story,
)
from forensic_cli.report.text import fit_text
from forensic_cli.report.timeline import Timeline

_TRACK_WIDTHS = (70.0, 148.0, 46.0, 90.0, 38.0, TEXT_WIDTH - 420.0, 28.0)
_READING_WIDTHS = (36.0, 50.0, 72.0, 62.0, 62.0, 54.0, 46.0, 54.0, TEXT_WIDTH - 436.0)
_LISTED_WIDTHS = (56.0, 84.0, TEXT_WIDTH - 140.0)
_LISTED_LABEL = 52.0
# Entries of the outline that are still seen at a glance.
_MANY_ENTRIES = 30


def items_story(model: ReportModel) -> Story:
    """One section an item; each is made when its turn comes."""
    story: Story = [Late(_maker(model, number)) for number in range(len(model.items))]
    if model.listed:
        story += [PageBreak(), SetRunningItem(model.head.items), *_listed_story(model)]
    return story


def _maker(model: ReportModel, number: int) -> Any:
    return lambda: _item_story(model, number)


def _item_story(model: ReportModel, number: int) -> Story:
    item, say = model.items[number], model.language.say
    story: Story = [PageBreak(), SetRunningItem(item.heading)]
    if number == 0:
        story.append(Anchor("items", say("item.outline"), 0, is_closed=len(model.items) > _MANY_ENTRIES))
    story += [
        Anchor(item.anchor, _outline_title(item, model.language), 1, is_closed=True),
        paragraph(item.heading, "kicker"),
        # In full below; here on two lines at most.
        paragraph(fit_text(item.name, LIGHT, style("item").fontSize, 1.9 * TEXT_WIDTH), "item"),
        _finding_box(item, model.language),
        paragraph(say("item.identity_title"), "h2"),
        field_table(item.identity),
    ]
    for block in item.blocks:
        story += [CondPageBreak(110), *section_story(block, is_grid=True, is_listed=False)]
    if item.frames_sentence:
        story += [
            CondPageBreak(50),
            paragraph(say("item.frames_title"), "h2"),
            paragraph(item.frames_sentence),
        ]
    if item.warnings:
        story += [CondPageBreak(60), paragraph(say("item.warnings_title"), "h2"), *points(item.warnings)]
    # A few lines: together, so that none of them is left alone on a page.
    story.append(KeepTogether([paragraph(say("limit.title"), "h2"), *points(item.limits)]))
    if len(item.tracks) > 1:
        story += _tracks_overview(item, model.language)
    if item.pictures_note:
        story.append(paragraph(item.pictures_note, "note"))
    shown = [track for track in item.tracks if not track.is_summarised]
    story += [Late(_track_maker(model, item, track)) for track in shown]
    return story


def _outline_title(item: ItemSection | ListedItem, lang: Language) -> str:
    return lang.say("item.outline_entry", item=item.heading, name=lang.clip(item.name, 120))


def _track_maker(model: ReportModel, item: ItemSection, track: TrackSection) -> Any:
    return lambda: _track_story(model, item, track)


def _finding_box(item: ItemSection, lang: Language) -> Table:
    left: Story = [VerdictLabel(item.verdict, item.words, "verdict")]
    left += [paragraph(reason, "value") for reason in item.reasons]
    left += _likelihood(item.likelihood)
    right: Story = []
    if item.score:
        right = [paragraph(lang.say("item.score"), "label-right"), paragraph(item.score, "score-right")]
    if item.interval:
        right.append(paragraph(lang.say("item.interval", interval=item.interval), "cell-note-right"))
    if item.likelihood.value:
        value = lang.say("lr.column", value=item.likelihood.value)
        right += [Spacer(0, 3), paragraph(value, "value-strong-right")]
    if item.likelihood.short:
        right.append(paragraph(item.likelihood.short, "cell-note-right"))
    return Table([[left, right]], colWidths=(TEXT_WIDTH - 150, 150), style=box_style())


def _likelihood(text: LikelihoodText) -> Story:
    return [paragraph(text.sentence, "value")] if text.sentence else []


def _tracks_overview(item: ItemSection, lang: Language) -> Story:
    columns = lang.say_all("track.columns")
    header = [paragraph(name, "head") for name in columns]
    header[-1] = paragraph(columns[-1], "head-right")
    rows = [
        [
            paragraph(track.title, "cell-strong"),
            VerdictLabel(track.verdict, track.words),
            paragraph(track.score or "–", "cell"),
            paragraph(track.interval or "–", "cell"),
            paragraph(track.n_frames, "cell"),
            paragraph(track.span or "–", "cell-note"),
            "" if track.is_summarised else PageOf(track.anchor, _TRACK_WIDTHS[-1]),
        ]
        for track in item.tracks
    ]
    story: Story = [
        CondPageBreak(110),
        paragraph(lang.say("track.overview_title"), "h2"),
        ruled_table(header, rows, _TRACK_WIDTHS),
    ]
    if item.tracks_note:
        story += [Spacer(0, 4), paragraph(item.tracks_note, "note")]
    return story


def _track_story(model: ReportModel, item: ItemSection, track: TrackSection) -> Story:
    lang, is_single = model.language, len(track.plot.points) == 1
    story: Story = [
        CondPageBreak(330 if not is_single else 200),
        Anchor(track.anchor, track.title if len(item.tracks) > 1 else "", 2),
        paragraph(track.title, "h2"),
        _track_finding(track, lang),
    ]
    if track.plot.points:
        title = "track.bar_title" if is_single else "track.timeline_title"
        story.append(paragraph(lang.say(title), "h3"))
        story.append(ScoreBar(track.plot, lang) if is_single else Timeline(track.plot, lang))
        story.append(paragraph(track.plot.description, "note"))
    if track.fields:
        story += [
            CondPageBreak(80),
            paragraph(lang.say("track.numbers_title"), "h3"),
            field_grid(track.fields, label_width=134),
        ]
    # Before the pictures, which fill pages of their own and would leave the table alone behind them.
    story += _readings(track, lang)
    story += frames_story(track.frames, model)
    return story


def _track_finding(track: TrackSection, lang: Language) -> Table:
    left: Story = [VerdictLabel(track.verdict, track.words, "value-strong")]
    left += [paragraph(reason, "value") for reason in track.reasons]
    left += _likelihood(track.likelihood)
    score = " ".join((lang.say("item.score"), track.score)) if track.score else ""
    right: Story = [paragraph(score, "value-strong-right")] if score else []
    if track.interval:
        right.append(paragraph(lang.say("item.interval", interval=track.interval), "cell-note-right"))
    table = Table([[left, right]], colWidths=(TEXT_WIDTH - 150, 150))
    table.setStyle(plain_table_style(0, 3))
    return table


def _readings(track: TrackSection, lang: Language) -> Story:
    if not track.readings:
        return []
    first, *others = lang.say_all("track.readings_columns")
    header = [paragraph(first, "head"), *(paragraph(name, "head-right") for name in others)]
    rows = [
        [paragraph(row.shown_as, "cell-strong"), *(paragraph(cell, "cell-right") for cell in row.cells)]
        for row in track.readings
    ]
    story: Story = [CondPageBreak(80), paragraph(lang.say("track.readings_title"), "h3")]
    story.append(ruled_table(header, rows, _READING_WIDTHS, padding=1.8))
    if track.readings_note:
        story += [Spacer(0, 3), paragraph(track.readings_note, "note")]
    return story


def _listed_story(model: ReportModel) -> Story:
    lang = model.language
    title = lang.say("listed.title")
    story: Story = [
        Anchor("listed", title, 0, is_closed=len(model.listed) > _MANY_ENTRIES),
        paragraph(title, "h1"),
        paragraph(lang.say("listed.note")),
        Spacer(0, 4),
    ]
    header = [paragraph(name, "head") for name in lang.say_all("listed.columns")]
    rows = [_listed_cells(item, lang) for item in model.listed]
    story.append(ruled_table(header, rows, _LISTED_WIDTHS, padding=6))
    return story


def _listed_cells(item: ListedItem, lang: Language) -> list[Any]:
    what: Story = [paragraph(item.name, "lead")]
    what += [paragraph(reason, "value") for reason in item.reasons]
    facts = [[paragraph(field.label, "label"), field_value(field)] for field in item.facts]
    table = Table(facts, colWidths=(_LISTED_LABEL, _LISTED_WIDTHS[2] - _LISTED_LABEL))
    table.setStyle(plain_table_style(0, 1))
    return [
        [Anchor(item.anchor, _outline_title(item, lang), 1), paragraph(item.label, "cell-strong")],
        VerdictLabel(item.verdict, item.words),
        [*what, Spacer(0, 3), table],
    ]
