"""From crop scores to findings."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from forensic_cli.evidence.aggregate import (
    aggregation_rule,
    bootstrap_interval,
    item_finding,
    track_finding,
)
from forensic_cli.model.weights import ModelCard
from forensic_cli.types import CropReading, LatentActivation, TrackResult, Verdict
from tests.evidence.facts import IMAGE, VIDEO


def readings(scores: list[float], face_px: float = 120.0) -> list[CropReading]:
    box = (10.0, 10.0, 10.0 + face_px, 10.0 + face_px)
    return [
        CropReading(k, k, k / 2, box, box, 1.0, 50.0, LatentActivation(max(-s, 0.0), max(s, 0.0)))
        for k, s in enumerate(scores)
    ]


def track(number: int, scores: list[float], card: ModelCard) -> TrackResult:
    rows = readings(scores)
    return TrackResult(number, tuple(rows), track_finding(rows, card, VIDEO, len(rows), 1))


@pytest.mark.parametrize(
    ("score", "verdict"),
    [
        (0.5, Verdict.LIKELY_FORGED),
        (0.499, Verdict.INCONCLUSIVE),
        (-0.5, Verdict.INCONCLUSIVE),
        (-0.501, Verdict.NO_SUPPORT),
    ],
)
def test_thresholds_are_closed_at_the_bottom(score: float, verdict: Verdict, card: ModelCard) -> None:
    assert track_finding(readings([score]), card, IMAGE, 1, 1).verdict is verdict


def test_single_image_has_no_interval(card: ModelCard) -> None:
    assert track_finding(readings([0.9]), card, IMAGE, 1, 1).interval is None


def test_small_faces_are_inconclusive_however_high_they_score(card: ModelCard) -> None:
    finding = track_finding(readings([3.0] * 10, face_px=40.0), card, VIDEO, 10, 1)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.score == pytest.approx(3.0)
    assert "40 px" in finding.reasons[0]


def test_face_seen_in_one_of_many_frames_is_inconclusive(card: ModelCard) -> None:
    finding = track_finding(readings([3.0]), card, VIDEO, 20, 1)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "1 of 20 frames" in finding.reasons[0]


@pytest.mark.parametrize("n", [1, 2])
def test_a_video_of_which_hardly_a_frame_was_examined_accuses_nobody(n: int, card: ModelCard) -> None:
    finding = track_finding(readings([3.0] * n), card, VIDEO, n, 1)
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_what_is_hardly_a_face_is_inconclusive(card: ModelCard) -> None:
    rows = [replace(row, confidence=0.2) for row in readings([3.0] * 10)]
    finding = track_finding(rows, card, VIDEO, 10, 1)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "confidence is 0.20" in finding.reasons[0]


def test_a_tracks_score_is_the_mean_of_its_crops(card: ModelCard) -> None:
    finding = track_finding(readings([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 9.5]), card, VIDEO, 10, 1)
    assert finding.score == pytest.approx(1.4)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=5, max_size=60), st.integers(0, 2**31))
def test_interval_is_seeded_and_lies_within_the_scores(scores: list[float], seed: int) -> None:
    values = np.array(scores)
    interval = bootstrap_interval(values, seed)
    assert interval is not None
    assert interval == bootstrap_interval(values, seed)
    assert values.min() - 1e-9 <= interval[0] <= interval[1] <= values.max() + 1e-9


def one_by_one(scores: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """The interval as its definition reads: a loop over 2,000 resamples."""
    n = len(scores)
    block = math.ceil(math.sqrt(n))
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(2000):
        starts = rng.integers(0, n - block + 1, math.ceil(n / block))
        blocks = [scores[start : start + block] for start in starts]
        means.append(np.concatenate(blocks)[:n].mean())
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


@pytest.mark.parametrize("n", [5, 59, 60, 1000])
def test_resamples_drawn_together_are_those_drawn_one_by_one(n: int) -> None:
    scores = np.random.default_rng(n).normal(size=n)
    assert bootstrap_interval(scores, 7) == one_by_one(scores, 7)


def test_interval_covers_the_mean_of_independent_frames_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(100):
        low, high = bootstrap_interval(rng.normal(0.3, 1.0, 80), seed) or (1.0, 0.0)
        hits += low <= 0.3 <= high
    # Blocks cost some coverage; far less than 80% would mean that the interval is wrong.
    assert 80 <= hits <= 100


def test_below_five_frames_there_is_no_interval() -> None:
    assert bootstrap_interval(np.zeros(4), 1) is None


def test_item_reads_as_its_most_incriminating_track(card: ModelCard) -> None:
    tracks = [track(1, [-2.0] * 5, card), track(2, [0.7] * 5, card), track(3, [0.9] * 5, card)]
    finding = item_finding(tracks)
    assert finding.verdict is Verdict.LIKELY_FORGED
    assert finding.score == pytest.approx(0.9)
    assert "2 of 3 tracks" in finding.reasons[0]
    assert "track 3" in finding.reasons[0]


def test_inconclusive_outranks_no_support_even_with_a_lower_score(card: ModelCard) -> None:
    doubtful = track(1, [-0.2] * 5, card)
    clear = track(2, [-0.9] * 5, card)
    assert item_finding([clear, doubtful]).verdict is Verdict.INCONCLUSIVE


def test_no_face_is_a_result_of_its_own() -> None:
    finding = item_finding([])
    assert finding.verdict is Verdict.NO_FACE
    assert finding.score is None


def test_rule_in_words_carries_the_thresholds(card: ModelCard) -> None:
    text = " ".join(aggregation_rule(replace(card, forged_threshold=0.123, no_support_threshold=-0.456)))
    assert "0.123" in text
    assert "-0.456" in text
