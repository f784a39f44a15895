"""Figures that the model card rests on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.metrics import (
    auc,
    balanced_accuracy,
    share_told_apart,
    threshold_at_false_negative_rate,
    threshold_at_false_positive_rate,
    wilson_interval,
)

scores = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=40).map(np.array)


@given(scores, scores)
def test_auc_is_the_chance_that_forged_scores_higher_ties_half(
    genuine: np.ndarray, forged: np.ndarray
) -> None:
    greater = (forged[:, None] > genuine).mean()
    equal = (forged[:, None] == genuine).mean()
    assert auc(genuine, forged) == pytest.approx(greater + equal / 2)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=40))
def test_pairs_are_told_apart_where_the_forged_version_scores_higher_ties_half(
    pairs: list[tuple[int, int]],
) -> None:
    genuine, forged = np.array(pairs, np.float64).T
    counted = sum(1.0 if fake > real else 0.5 if fake == real else 0.0 for real, fake in pairs)
    assert share_told_apart(genuine, forged) == pytest.approx(counted / len(pairs))


@pytest.mark.parametrize(("n_genuine", "n_forged"), [(0, 0), (2, 3)])
def test_scores_that_are_no_pairs_are_refused(n_genuine: int, n_forged: int) -> None:
    with pytest.raises(ValueError, match="no pairs"):
        share_told_apart(np.zeros(n_genuine), np.zeros(n_forged))


@given(scores, st.floats(0, 1))
def test_threshold_keeps_its_false_positive_rate(genuine: np.ndarray, rate: float) -> None:
    threshold = threshold_at_false_positive_rate(genuine, rate)
    if rate < 1:
        assert (genuine >= threshold).mean() <= rate


@given(scores, st.floats(0, 1))
def test_threshold_keeps_its_false_negative_rate(forged: np.ndarray, rate: float) -> None:
    assert (forged < threshold_at_false_negative_rate(forged, rate)).mean() <= rate


def test_thresholds_are_no_stricter_than_they_must_be() -> None:
    genuine = np.arange(100.0)
    threshold = threshold_at_false_positive_rate(genuine, 0.05)
    assert (genuine >= threshold).sum() == 5


def test_a_tie_counts_as_forged_as_the_paper_decides() -> None:
    assert balanced_accuracy(np.array([-1.0, 0.0]), np.array([0.0, 1.0])) == pytest.approx(0.75)


@pytest.mark.parametrize(
    # Computed from the closed form with z = 1.959964; (0, 10) is Wilson's classic example.
    ("hits", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (50, 1000, 0.0381, 0.0653)],
)
def test_wilson_interval_agrees_with_published_values(hits: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(hits, n) == pytest.approx((low, high), abs=2e-4)


@pytest.mark.parametrize(("hits", "n"), [(1, 0), (3, 2), (-1, 5)])
def test_no_interval_of_no_rate(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        wilson_interval(hits, n)


def test_auc_needs_both_classes() -> None:
    with pytest.raises(ValueError, match="both classes"):
        auc(np.array([]), np.array([1.0]))
