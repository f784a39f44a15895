"""Two analyses of one item: what counts as a difference, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensic_cli.evidence.tolerance import Tolerance, coarser, tolerance_of
from forensic_cli.types import (
    Evidence,
    Finding,
    FrameCounts,
    ItemResult,
    LatentActivation,
    TrackResult,
    Verdict,
)
from forensic_cli.verification.differences import differences
from tests.verification.material import reading

TOLERANCE = Tolerance(score=0.001, box_px=1.0)
FINDING = Finding(Verdict.INCONCLUSIVE, ("why",), 0.7, (0.6, 0.8))
TRACK = TrackResult(0, (reading(0), reading(12)), FINDING)
ITEM = ItemResult(
    "0001", Evidence("a", 1, "", "f" * 64, "f" * 64), FINDING, counts=FrameCounts(2, 2, 2, 0, 0), tracks=(TRACK,)
)  # fmt: skip


def with_reading(changed) -> ItemResult:
    return replace(ITEM, tracks=(replace(TRACK, readings=(changed, TRACK.readings[1])),))


@given(score=st.floats(-0.0009, 0.0009), box=st.floats(-0.99, 0.99))
def test_rounding_is_no_difference(score: float, box: float) -> None:
    first = TRACK.readings[0]
    moved = tuple(edge + box for edge in first.box_xyxy)
    other = replace(first, box_xyxy=moved, activation=LatentActivation(1.0, first.activation.fake + score))
    assert differences(ITEM, with_reading(other), TOLERANCE) == ()


@given(score=st.floats(0.0011, 5) | st.floats(-5, -0.0011) | st.just(float("nan")))
def test_a_score_beyond_the_tolerance_is_named_with_its_frame(score: float) -> None:
    first = TRACK.readings[0]
    other = replace(first, activation=LatentActivation(1.0, first.activation.fake + score))
    (found,) = differences(ITEM, with_reading(other), TOLERANCE)
    assert found.startswith("track 0, frame 0, score: 0.7 then, ")
    assert found.endswith("(tolerance 0.001)")


@pytest.mark.parametrize(
    ("now", "named"),
    [
        (with_reading(replace(TRACK.readings[0], box_xyxy=(12.0, 10, 100, 100))), "face box"),
        (with_reading(replace(TRACK.readings[0], crop_box_xyxy=(5, 5, 105, 107.0))), "crop box"),
        (replace(ITEM, finding=replace(FINDING, verdict=Verdict.NO_SUPPORT)), "inconclusive then, no_support now"),
        (replace(ITEM, finding=replace(FINDING, score=None)), "score: 0.7 then, none now"),
        (replace(ITEM, finding=replace(FINDING, interval=(0.6, 0.9))), "interval: 0.6, 0.8 then"),
        (replace(ITEM, counts=FrameCounts(2, 2, 1, 0, 1)), "frame counts"),
        (replace(ITEM, tracks=()), "track 0: found then, not now"),
        (replace(ITEM, tracks=(TRACK, replace(TRACK, track_id=1))), "track 1: found now, not then"),
        (replace(ITEM, tracks=(replace(TRACK, readings=TRACK.readings[:1]),)), "2 frames read then, 1 now"),
    ],
)  # fmt: skip
def test_each_other_difference_is_named(now: ItemResult, named: str) -> None:
    (found,) = differences(ITEM, now, TOLERANCE)
    assert named in found


def test_words_and_pictures_are_not_compared() -> None:
    now = replace(ITEM, finding=replace(FINDING, reasons=("in other words",)))
    assert differences(ITEM, now, TOLERANCE) == ()


def test_half_precision_widens_the_tolerance() -> None:
    assert tolerance_of("fp32").score < tolerance_of("fp16").score < tolerance_of("bf16").score
    assert coarser(tolerance_of("bf16"), tolerance_of("fp32")) == tolerance_of("bf16")
