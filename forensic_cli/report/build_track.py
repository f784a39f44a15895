"""What the report says of one face over time: plot, numbers, pictures, limits."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path, PurePosixPath
from statistics import median

from forensic_cli.errors import VerificationError
from forensic_cli.model.weights import ModelCard
from forensic_cli.report import wording as w
from forensic_cli.report.formats import count_text, interval_text, letter, signed_text, time_text, typeset
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


def build_tracks(
    item: ItemResult, card: ModelCard, results_dir: Path
) -> tuple[tuple[TrackSection, ...], str]:
    """The tracks of an item, and a note where some are only summarised.

    Raises:
        VerificationError: an exhibit's name leads out of `results_dir`.
    """
    is_crowd = len(item.tracks) > _MAX_TRACK_PAGES
    sections = []
    n_letters = 0
    for track in item.tracks:
        section = _build_track(item, track, card, results_dir, n_letters, is_crowd and not track.exhibits)
        n_letters += len(section.frames)
        sections.append(section)
    n_shown = sum(not section.is_summarised for section in sections)
    if n_shown == len(sections):
        return tuple(sections), ""
    note = w.TRACKS_NOTE.format(total=count_text(len(sections), "face track"), shown=f"{n_shown:,}")
    return tuple(sections), note


def _build_track(
    item: ItemResult,
    track: TrackResult,
    card: ModelCard,
    results_dir: Path,
    n_letters: int,
    is_summarised: bool,
) -> TrackSection:
    is_video = item.media is None or item.media.kind is MediaKind.VIDEO
    shown = _group_by_frame(track)
    letters = {exhibits[0].frame_index: letter(n_letters + n) for n, exhibits in enumerate(shown)}
    frames = tuple(
        _shown_frame(exhibits, letters[exhibits[0].frame_index], is_video, results_dir) for exhibits in shown
    )
    readings = track.readings
    rows = tuple(r for r in readings if len(readings) <= _MAX_READING_ROWS or r.frame_index in letters)
    finding = track.finding
    return TrackSection(
        anchor=f"item-{item.item_id}-face-{track.track_id}",
        title=w.TRACK.format(id=track.track_id),
        verdict=finding.verdict,
        words=w.VERDICT_WORDS[finding.verdict],
        score="" if finding.score is None else signed_text(finding.score),
        interval=interval_text(finding.interval),
        likelihood=likelihood_text(finding),
        n_frames=f"{len(readings):,}",
        span=_span(readings) if is_video else "",
        reasons=tuple(map(typeset, finding.reasons)),
        plot=_plot(item, track, card, shown, letters),
        fields=_fields(track, card),
        readings=tuple(_row(reading, letters.get(reading.frame_index, ""), is_video) for reading in rows),
        readings_note="" if len(rows) == len(readings) else w.READINGS_NOTE.format(n=f"{len(readings):,}"),
        frames=frames,
        is_summarised=is_summarised,
    )


def _group_by_frame(track: TrackResult) -> list[list[Exhibit]]:
    """The exhibits of each frame, in time order; within a frame in the order as written."""
    in_order = sorted(track.exhibits, key=lambda exhibit: exhibit.frame_index)
    return [list(group) for _, group in groupby(in_order, key=lambda exhibit: exhibit.frame_index)]


def _shown_frame(exhibits: list[Exhibit], name: str, is_video: bool, results_dir: Path) -> ShownFrame:
    first = exhibits[0]
    fields = [Field("Score", signed_text(first.score))]
    if is_video:
        fields = [
            Field("Frame number", f"{first.frame_index:,}"),
            Field("Time", time_text(first.time_s)),
            *fields,
        ]
    return ShownFrame(
        (w.SHOWN_FRAME if is_video else w.SHOWN_PICTURE).format(letter=name),
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


def _span(readings: tuple[CropReading, ...]) -> str:
    return f"{time_text(readings[0].time_s)} to {time_text(readings[-1].time_s)}" if readings else ""


def _plot(
    item: ItemResult,
    track: TrackResult,
    card: ModelCard,
    shown: list[list[Exhibit]],
    letters: dict[int, str],
) -> ScorePlot:
    scores = [reading.score for reading in track.readings]
    n_above = sum(score >= card.forged_threshold for score in scores)
    n_below = sum(score < card.no_support_threshold for score in scores)
    description = w.PLOT_DESCRIPTION.format(
        n=count_text(len(scores), "reading"),
        low=signed_text(min(scores, default=0.0)),
        high=signed_text(max(scores, default=0.0)),
        above=f"{n_above:,}",
        between=f"{len(scores) - n_above - n_below:,}",
        below=f"{n_below:,}",
    )
    if len(scores) == 1:
        description = w.PLOT_DESCRIPTION_ONE.format(score=signed_text(scores[0]))
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


def _fields(track: TrackResult, card: ModelCard) -> tuple[Field, ...]:
    readings = track.readings
    scores = sorted(reading.score for reading in readings)
    sides = sorted(reading.face_px for reading in readings)
    if not readings:
        return ()
    n_above = sum(score >= card.forged_threshold for score in scores)
    fields = [
        Field("Crops read", f"{len(readings):,}"),
        Field("At or above the forged threshold", f"{n_above:,} of {len(readings):,}"),
    ]
    if len(readings) > 1:
        fields += [
            Field(
                "Scores: lowest, median, highest",
                ", ".join(map(signed_text, (scores[0], median(scores), scores[-1]))),
            ),
            Field(
                "Face px: lowest, median, highest",
                f"{sides[0]:.0f}, {median(sides):.0f}, {sides[-1]:.0f}",
            ),
        ]
    else:
        fields.append(Field("Face side", f"{sides[0]:.0f} px"))
    return tuple(fields)


def _row(reading: CropReading, shown_as: str, is_video: bool) -> ReadingRow:
    return ReadingRow(
        shown_as,
        (
            f"{reading.frame_index:,}",
            time_text(reading.time_s) if is_video else "–",
            f"{reading.activation.real:.3f}",
            f"{reading.activation.fake:.3f}",
            signed_text(reading.score),
            f"{reading.face_px:.0f}",
            f"{reading.sharpness:.0f}",
            f"{reading.confidence:.2f}",
        ),
    )


def track_limits(tracks: tuple[TrackResult, ...]) -> list[str]:
    """The sentences that hold for some of an item's faces only."""
    single, few, small = [], [], []
    for track in tracks:
        n_readings = len(track.readings)
        name = w.TRACK.format(id=track.track_id)
        if n_readings == 1:
            single.append(name)
        elif n_readings < FEW_READINGS:
            few.append(f"{name} ({n_readings} frames)")
        side = median(reading.face_px for reading in track.readings) if track.readings else NATIVE_FACE_PX
        if side < NATIVE_FACE_PX:
            small.append(f"{name} ({side:.0f} px)")
    limits = []
    if single:
        limits.append(w.LIMIT_SINGLE.format(tracks=_some(single)))
    if few:
        limits.append(w.LIMIT_FEW.format(n=FEW_READINGS, tracks=_some(few)))
    if small:
        limits.append(w.LIMIT_SMALL.format(px=NATIVE_FACE_PX, tracks=_some(small)))
    return limits


def _some(names: list[str]) -> str:
    """The first few names, and how many more there are; each begins in the middle of a sentence."""
    shown = [name[:1].lower() + name[1:] for name in names[:_MAX_NAMED_IN_LIMITS]]
    if len(names) > len(shown):
        shown.append(w.LIMIT_MORE.format(n=f"{len(names) - len(shown):,}"))
    return ", ".join(shown)
