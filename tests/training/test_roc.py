"""Figures of separation, worked out by hand, and their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.bootstrap import mean_interval, resample_identities, separation_intervals
from train.metrics import auc, balanced_accuracy, threshold_at_false_positive_rate
from train.roc import roc_curves

scores = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=40).map(np.array)

# Descending thresholds 4, 3, 2, 1 give (FPR, TPR) = (0, 1/2), (1/2, 1/2), (1/2, 1), (1, 1).
GENUINE, FORGED = np.array([1.0, 3.0]), np.array([2.0, 4.0])


def test_the_curve_of_four_scores_is_the_one_drawn_by_hand() -> None:
    curve = roc_curves(GENUINE, FORGED)
    assert curve.thresholds.tolist() == [4, 3, 2, 1]
    assert curve.false_positive_rates.tolist() == [[0, 0, 0.5, 0.5, 1]]
    assert curve.true_positive_rates.tolist() == [[0, 0.5, 0.5, 1, 1]]
    assert curve.areas()[0] == pytest.approx(0.75)
    assert curve.equal_error_rates()[0] == pytest.approx(0.5)
    assert curve.true_positive_rates_at(0.01)[0] == pytest.approx(0.5)
    assert curve.true_positive_rates_at(0.5)[0] == pytest.approx(1.0)
    assert curve.balanced_accuracies(2.0)[0] == pytest.approx(0.75)


def test_the_equal_error_rate_lies_between_points_where_no_threshold_has_it() -> None:
    # The curve goes straight from (0, 1/2) to (1, 1): FPR = 1 - TPR at (1/3, 2/3).
    curve = roc_curves(np.array([0.0]), np.array([0.0, 1.0]))
    assert curve.equal_error_rates()[0] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("genuine", "forged", "eer", "tpr"),
    [([0.0, 1.0], [2.0, 3.0], 0.0, 1.0), ([2.0, 3.0], [0.0, 1.0], 1.0, 0.0), ([1.0], [1.0], 0.5, 0.0)],
    ids=["separate", "upside down", "equal"],
)
def test_extremes(genuine: list[float], forged: list[float], eer: float, tpr: float) -> None:
    curve = roc_curves(np.array(genuine), np.array(forged))
    assert curve.equal_error_rates()[0] == pytest.approx(eer)
    assert curve.true_positive_rates_at(0.01)[0] == pytest.approx(tpr)


@given(scores, scores)
def test_area_and_accuracy_are_those_of_the_plain_formulas(genuine: np.ndarray, forged: np.ndarray) -> None:
    curve = roc_curves(genuine, forged)
    assert curve.areas()[0] == pytest.approx(auc(genuine, forged))
    assert curve.balanced_accuracies()[0] == pytest.approx(balanced_accuracy(genuine, forged))


@given(scores, scores)
def test_swapping_the_classes_mirrors_area_and_equal_error_rate(
    genuine: np.ndarray, forged: np.ndarray
) -> None:
    one, other = roc_curves(genuine, forged), roc_curves(forged, genuine)
    assert one.areas()[0] == pytest.approx(1 - other.areas()[0])
    assert one.equal_error_rates()[0] == pytest.approx(1 - other.equal_error_rates()[0])
    assert 0 <= one.equal_error_rates()[0] <= 1


@given(scores, scores, st.floats(0, 0.99))
def test_tpr_at_a_rate_is_what_the_threshold_at_that_rate_catches(
    genuine: np.ndarray, forged: np.ndarray, rate: float
) -> None:
    threshold = threshold_at_false_positive_rate(genuine, rate)
    expected = (forged >= threshold).mean()
    assert roc_curves(genuine, forged).true_positive_rates_at(rate)[0] == pytest.approx(expected)


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 3)), min_size=1, max_size=12))
def test_a_weight_of_k_counts_as_k_copies(weighted: list[tuple[int, int]]) -> None:
    values = np.array([float(value) for value, _ in weighted] + [0.0])
    counts = np.array([count for _, count in weighted] + [1])
    forged = np.array([-1.0, 2.0])
    curve = roc_curves(values, forged, counts[None].astype(float), np.ones((1, 2)))
    copies = roc_curves(np.repeat(values, counts), forged)
    assert curve.areas()[0] == pytest.approx(copies.areas()[0])
    assert curve.equal_error_rates()[0] == pytest.approx(copies.equal_error_rates()[0])
    assert curve.true_positive_rates_at(0.01)[0] == pytest.approx(copies.true_positive_rates_at(0.01)[0])


def test_a_curve_needs_both_classes() -> None:
    with pytest.raises(ValueError, match="both classes"):
        roc_curves(np.array([]), np.array([1.0]))


def test_whoever_is_drawn_comes_with_all_pictures_genuine_and_forged() -> None:
    genuine, forged = resample_identities(["a", "a", "b", "c"], ["c", "b", "a"], seed=3, n_resamples=50)
    np.testing.assert_array_equal(genuine[:, 0], genuine[:, 1])
    np.testing.assert_array_equal(genuine[:, [0, 2, 3]], forged[:, [2, 1, 0]])
    np.testing.assert_array_equal(forged.sum(axis=1), 3)
    assert genuine.std() > 0


def test_no_resample_loses_a_side_when_the_people_differ() -> None:
    genuine, forged = resample_identities(["a", "b"], ["c"], seed=3, n_resamples=200)
    np.testing.assert_array_equal(genuine.sum(axis=1), 2)
    np.testing.assert_array_equal(forged, 1)


def test_intervals_are_wider_over_people_than_over_their_identical_pictures() -> None:
    rng = np.random.default_rng(0)
    genuine, forged = (np.repeat(rng.normal(shift, 1, 12), 10) for shift in (0, 1))
    people = [str(k // 10) for k in range(120)]
    pictures = [str(k) for k in range(120)]
    by_person = separation_intervals(genuine, forged, people, people, seed=1)
    by_picture = separation_intervals(genuine, forged, pictures, pictures, seed=1)
    for figure in ("auc", "accuracy", "eer", "tpr"):
        (low, high), (low_picture, high_picture) = getattr(by_person, figure), getattr(by_picture, figure)
        assert high - low > 1.8 * (high_picture - low_picture)
    person, picture = (mean_interval(forged, ids, seed=1) for ids in (people, pictures))
    assert person is not None
    assert picture is not None
    assert person[1] - person[0] > 2 * (picture[1] - picture[0])


def test_the_interval_of_a_mean_is_the_one_that_theory_gives() -> None:
    values = np.random.default_rng(5).normal(3, 2, 400)
    interval = mean_interval(values, [str(k) for k in range(400)], seed=1)
    half = 1.96 * values.std() / 20
    assert interval == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)


def test_most_intervals_of_an_auc_hold_the_true_one() -> None:
    # Two normal distributions a unit apart have the AUC Phi(1 / sqrt(2)) = 0.7602.
    hits = 0
    ids = [str(k) for k in range(60)]
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found = separation_intervals(rng.normal(0, 1, 60), rng.normal(1, 1, 60), ids, ids, seed)
        assert found.auc is not None
        hits += found.auc[0] <= 0.7602 <= found.auc[1]
    assert hits >= 34


def test_the_same_seed_gives_the_same_intervals_and_a_single_person_none() -> None:
    ids = ["a", "b"]
    assert separation_intervals(GENUINE, FORGED, ids, ids, 1) == separation_intervals(
        GENUINE, FORGED, ids, ids, 1
    )
    assert separation_intervals(GENUINE, FORGED, ["a", "a"], ["a", "a"], 1).auc is None
    assert mean_interval(GENUINE, ["a", "a"], 1) is None
