"""What the report says of one face over time: plot, numbers, pictures, limits."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path, PurePosixPath
from statistics import median

from forensic_cli.errors import VerificationError
from forensic_cli.model.weights import ModelCard
from forensic_cli.report.formats import letter
from forensic_cli.report.language import Language
from forensic_cli.report.likelihood_text import likelihood_text
from forensic_cli.report.model import (
    Field,
    Mark,
    Picture,
    PictureKind,
    ReadingRow,
    ScorePlot,
    ShownFrame,
    Thresholds,
    TrackSection,
)
from forensic_cli.types import CropReading, Exhibit, ItemResult, MediaKind, TrackResult

# Below this side the crop, 1.3 times the face, holds fewer pixels than the model's 256.
NATIVE_FACE_PX = 197
FEW_READINGS = 8
_MAX_TRACK_PAGES = 12
_MAX_READING_ROWS = 24
_MAX_NAMED_IN_LIMITS = 6
# Of the table of readings, after the column that names the frames shown.
_CELLS = ("frame", "time", "a_t", "a_f", "score", "face_px", "sharpness", "confidence")


def build_tracks(
    item: ItemResult, card: ModelCard, results_dir: Path, lang: Language
) -> tuple[tuple[TrackSection, ...], str]:
    """The tracks of an item, and a note where some are only summarised.

    Raises:
        VerificationError: an exhibit's name leads out of `results_dir`.
    """
    is_crowd = len(item.tracks) > _MAX_TRACK_PAGES
    sections = []
    n_letters = 0
    for track in item.tracks:
        section = _build_track(
            item, track, card, results_dir, n_letters, is_crowd and not track.exhibits, lang
        )
        n_letters += len(section.frames)
        sections.append(section)
    n_shown = sum(not section.is_summarised for section in sections)
    if n_shown == len(sections):
        return tuple(sections), ""
    note = lang.say("track.note", total=lang.count(len(sections), "track"), shown=lang.number(n_shown))
    return tuple(sections), note


def _build_track(
    item: ItemResult,
    track: TrackResult,
    card: ModelCard,
    results_dir: Path,
    n_letters: int,
    is_summarised: bool,
    lang: Language,
) -> TrackSection:
    is_video = item.media is None or item.media.kind is MediaKind.VIDEO
    shown = _group_by_frame(track)
    letters = {exhibits[0].frame_index: letter(n_letters + n) for n, exhibits in enumerate(shown)}
    frames = tuple(
        _shown_frame(exhibits, letters[exhibits[0].frame_index], is_video, results_dir, lang)
        for exhibits in shown
    )
    readings = track.readings
    rows = tuple(r for r in readings if len(readings) <= _MAX_READING_ROWS or r.frame_index in letters)
    if not is_video and len(readings) == 1:
        # Of a picture's one reading all the numbers stand in the fields.
        rows = ()
    finding = track.finding
    note = ""
    if rows and len(rows) < len(readings):
        note = lang.say("track.readings_note", n=lang.number(len(readings)))
    return TrackSection(
        anchor=f"item-{item.item_id}-face-{track.track_id}",
        title=lang.say("track.title", id=track.track_id),
        verdict=finding.verdict,
        words=lang.say(f"verdict.{finding.verdict.value}"),
        score="" if finding.score is None else lang.signed(finding.score),
        interval=lang.interval(finding.interval),
        likelihood=likelihood_text(finding, lang),
        n_frames=lang.number(len(readings)),
        span=_span(readings, lang) if is_video else "",
        reasons=tuple(map(lang.stored, finding.reasons)),
        plot=_plot(item, track, card, shown, letters, lang),
        fields=_fields(track, card, is_video, lang),
        readings=tuple(
            _row(reading, letters.get(reading.frame_index, ""), is_video, lang) for reading in rows
        ),
        readings_note=note,
        frames=frames,
        is_summarised=is_summarised,
    )


def _group_by_frame(track: TrackResult) -> list[list[Exhibit]]:
    """The exhibits of each frame, in time order; within a frame in the order as written."""
    in_order = sorted(track.exhibits, key=lambda exhibit: exhibit.frame_index)
    return [list(group) for _, group in groupby(in_order, key=lambda exhibit: exhibit.frame_index)]


def _shown_frame(
    exhibits: list[Exhibit], name: str, is_video: bool, results_dir: Path, lang: Language
) -> ShownFrame:
    first = exhibits[0]
    fields = [Field(lang.say("item.score"), lang.signed(first.score))]
    if is_video:
        fields = [
            Field(lang.say("pictures.frame_number"), lang.number(first.frame_index)),
            Field(lang.say("pictures.time"), lang.time(first.time_s)),
            *fields,
        ]
    return ShownFrame(
        lang.say("pictures.frame" if is_video else "pictures.picture", letter=name),
        tuple(fields),
        tuple(_picture(exhibit, results_dir) for exhibit in exhibits),
    )


def _picture(exhibit: Exhibit, results_dir: Path) -> Picture:
    relative = PurePosixPath(exhibit.file)
    if relative.is_absolute() or ".." in relative.parts or not relative.parts:
        raise VerificationError(
            f"The results name a picture outside their own folder: {exhibit.file!r}.",
            "The results were altered or damaged: restore them from a copy, or scan again.",
        )
    try:
        kind = PictureKind(exhibit.kind)
    except ValueError as error:
        raise VerificationError(
            f"The results name a picture of an unknown kind: {exhibit.kind!r}.",
            "Draw the report with the version that made the results, or scan again.",
        ) from error
    return Picture(results_dir.joinpath(*relative.parts), exhibit.file, exhibit.sha256, kind)


def _span(readings: tuple[CropReading, ...], lang: Language) -> str:
    if not readings:
        return ""
    first, last = lang.time(readings[0].time_s), lang.time(readings[-1].time_s)
    return lang.say("common.range", low=first, high=last)


def _plot(
    item: ItemResult,
    track: TrackResult,
    card: ModelCard,
    shown: list[list[Exhibit]],
    letters: dict[int, str],
    lang: Language,
) -> ScorePlot:
    scores = [reading.score for reading in track.readings]
    n_above = sum(score >= card.forged_threshold for score in scores)
    n_below = sum(score < card.no_support_threshold for score in scores)
    description = lang.say(
        "plot.description",
        n=lang.count(len(scores), "reading"),
        low=lang.signed(min(scores, default=0.0)),
        high=lang.signed(max(scores, default=0.0)),
        above=lang.number(n_above),
        between=lang.number(len(scores) - n_above - n_below),
        below=lang.number(n_below),
    )
    if len(scores) == 1:
        description = lang.say("plot.description_one", score=lang.signed(scores[0]))
    return ScorePlot(
        points=tuple((reading.time_s, reading.score) for reading in track.readings),
        marks=tuple(
            Mark(exhibits[0].time_s, exhibits[0].score, letters[exhibits[0].frame_index])
            for exhibits in shown
        ),
        thresholds=Thresholds(card.forged_threshold, card.no_support_threshold),
        duration_s=item.media.duration_s if item.media else 0.0,
        score=track.finding.score,
        interval=track.finding.interval,
        description=description,
    )


def _fields(track: TrackResult, card: ModelCard, is_video: bool, lang: Language) -> tuple[Field, ...]:
    readings = track.readings
    if not readings:
        return ()
    scores = sorted(reading.score for reading in readings)
    sides = sorted(reading.face_px for reading in readings)
    n_above = sum(score >= card.forged_threshold for score in scores)
    above = lang.say("track.above_value", n=lang.number(n_above), total=lang.number(len(readings)))
    fields = [
        Field(lang.say("track.crops_read"), lang.number(len(readings))),
        Field(lang.say("track.above"), above),
    ]
    if len(readings) == 1:
        side = lang.say("track.side_value", px=lang.number(sides[0]))
        fields.append(Field(lang.say("track.side"), side))
        if is_video:
            return tuple(fields)
        # A picture's one reading needs no table of its own.
        names = lang.say_all("track.readings_columns")
        cells = _row(readings[0], "", is_video, lang).cells
        chosen = ("a_t", "a_f", "sharpness", "confidence")
        return (*fields, *(Field(names[k + 1], cells[k]) for k in map(_CELLS.index, chosen)))
    low, middle, high = map(lang.signed, (scores[0], median(scores), scores[-1]))
    fields.append(Field(lang.say("track.scores"), lang.say("track.three", low=low, middle=middle, high=high)))
    low, middle, high = map(lang.number, (sides[0], median(sides), sides[-1]))
    fields.append(Field(lang.say("track.sides"), lang.say("track.three", low=low, middle=middle, high=high)))
    return tuple(fields)


def _row(reading: CropReading, shown_as: str, is_video: bool, lang: Language) -> ReadingRow:
    return ReadingRow(
        shown_as,
        (
            lang.number(reading.frame_index),
            lang.time(reading.time_s) if is_video else "–",
            lang.number(reading.activation.real, 3),
            lang.number(reading.activation.fake, 3),
            lang.signed(reading.score),
            lang.number(reading.face_px),
            lang.number(reading.sharpness),
            lang.number(reading.confidence, 2),
        ),
    )


def track_limits(tracks: tuple[TrackResult, ...], lang: Language) -> list[str]:
    """The sentences that hold for some of an item's faces only."""
    single, few, small = [], [], []
    for track in tracks:
        n_readings = len(track.readings)
        name = lang.say("track.title_inside", id=track.track_id)
        if n_readings == 1:
            single.append(name)
        elif n_readings < FEW_READINGS:
            frames = lang.count(n_readings, "frame")
            few.append(lang.say("limit.few_track", track=name, frames=frames))
        side = median(reading.face_px for reading in track.readings) if track.readings else NATIVE_FACE_PX
        if side < NATIVE_FACE_PX:
            small.append(lang.say("limit.small_track", track=name, px=lang.number(side)))
    limits = []
    if single:
        limits.append(lang.say("limit.single", tracks=_some(single, lang)))
    if few:
        limits.append(lang.say("limit.few", n=FEW_READINGS, tracks=_some(few, lang)))
    if small:
        limits.append(lang.say("limit.small", px=NATIVE_FACE_PX, tracks=_some(small, lang)))
    return limits


def _some(names: list[str], lang: Language) -> str:
    """The first few names, and how many more there are."""
    shown = names[:_MAX_NAMED_IN_LIMITS]
    if len(names) > len(shown):
        shown.append(lang.say("common.more", n=lang.number(len(names) - len(shown))))
    return ", ".join(shown)
