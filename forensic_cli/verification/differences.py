"""Two analyses of one item, compared number by number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensic_cli.evidence.tolerance import Tolerance
from forensic_cli.types import CropReading, Finding, ItemResult, TrackResult


def differences(then: ItemResult, now: ItemResult, tolerance: Tolerance) -> tuple[str, ...]:
    """Names everything in which two results of one item differ by more than the tolerance.

    Verdicts, the number of tracks and the frames read must be the same; scores, intervals and boxes may
    differ by the tolerance. Reasons, exhibits and warnings are words and pictures of the same numbers.
    """
    return tuple(_item(then, now, tolerance))


def _item(then: ItemResult, now: ItemResult, tolerance: Tolerance) -> Iterator[str]:
    yield from _finding("", then.finding, now.finding, tolerance)
    if then.counts != now.counts:
        yield f"frame counts: {then.counts} then, {now.counts} now"
    before = {track.track_id: track for track in then.tracks}
    after = {track.track_id: track for track in now.tracks}
    for track_id in sorted({*before, *after}):
        if track_id not in after:
            yield f"track {track_id}: found then, not now"
        elif track_id not in before:
            yield f"track {track_id}: found now, not then"
        else:
            yield from _track(before[track_id], after[track_id], tolerance)


def _track(then: TrackResult, now: TrackResult, tolerance: Tolerance) -> Iterator[str]:
    where = f"track {then.track_id}"
    yield from _finding(f"{where}, ", then.finding, now.finding, tolerance)
    frames = [[reading.frame_index for reading in track.readings] for track in (then, now)]
    if frames[0] != frames[1]:
        yield f"{where}: {len(frames[0])} frames read then, {len(frames[1])} now, or others"
        return
    for before, after in zip(then.readings, now.readings, strict=True):
        yield from _reading(f"{where}, frame {before.frame_index}, ", before, after, tolerance)


def _finding(where: str, then: Finding, now: Finding, tolerance: Tolerance) -> Iterator[str]:
    if then.verdict is not now.verdict:
        yield f"{where}verdict: {then.verdict.value} then, {now.verdict.value} now"
    yield from _numbers(f"{where}score", _listed(then.score), _listed(now.score), tolerance.score)
    yield from _numbers(f"{where}interval", then.interval or (), now.interval or (), tolerance.score)


def _reading(where: str, then: CropReading, now: CropReading, tolerance: Tolerance) -> Iterator[str]:
    yield from _numbers(f"{where}score", (then.score,), (now.score,), tolerance.score)
    yield from _numbers(f"{where}face box", then.box_xyxy, now.box_xyxy, tolerance.box_px)
    yield from _numbers(f"{where}crop box", then.crop_box_xyxy, now.crop_box_xyxy, tolerance.box_px)


def _listed(value: float | None) -> tuple[float, ...]:
    return () if value is None else (value,)


def _numbers(what: str, then: Sequence[float], now: Sequence[float], most: float) -> Iterator[str]:
    # Written so that a NaN, which compares as false, is a difference.
    are_close = len(then) == len(now) and all(abs(a - b) <= most for a, b in zip(then, now, strict=True))
    if not are_close:
        yield f"{what}: {_text(then)} then, {_text(now)} now (tolerance {most:g})"


def _text(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.6g}" for value in values) or "none"
