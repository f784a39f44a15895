"""Fitting, measuring and bounding likelihood ratios, against answers known beforehand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.errors import UsageError
from train.calibration.bounds import empirical_bounds
from train.calibration.logistic import fit_logistic
from train.calibration.measures import (
    cllr,
    cllr_min,
    empirical_cross_entropy,
    expected_calibration_error,
    pav_log_lrs,
)
from train.metrics import Scores

samples = st.lists(st.floats(-8, 8), min_size=1, max_size=40).map(lambda values: np.array(values, np.float64))


def gaussian(n: int, distance: float, seed: int = 0) -> tuple[Scores, Scores]:
    """Scores of two normal classes of unit variance, `distance` apart, around 0."""
    rng = np.random.default_rng(seed)
    return rng.normal(-distance / 2, 1, n), rng.normal(distance / 2, 1, n)


def test_ratios_of_one_cost_one_bit() -> None:
    assert cllr(np.zeros(7), np.zeros(3)) == pytest.approx(1.0)


def test_perfect_ratios_cost_nothing() -> None:
    assert cllr(np.full(5, -np.inf), np.full(5, np.inf)) == 0.0


def test_cllr_of_one_pair_by_hand() -> None:
    """LR 4 for a forged unit, 1/2 for a genuine one: (log2(1 + 1/4) + log2(1 + 1/2)) / 2."""
    expected = (math.log2(1.25) + math.log2(1.5)) / 2
    assert cllr(np.log([0.5]), np.log([4.0])) == pytest.approx(expected)


def test_misleading_ratios_cost_more_than_none() -> None:
    assert cllr(np.full(5, 3.0), np.full(5, -3.0)) > 1.0


def test_cross_entropy_without_ratios_is_the_entropy_of_the_prior() -> None:
    prior = 0.2
    entropy = -(prior * math.log2(prior) + (1 - prior) * math.log2(1 - prior))
    found = empirical_cross_entropy(np.zeros(4), np.zeros(9), math.log(prior / (1 - prior)))
    assert found == pytest.approx(entropy)


def test_pav_of_six_scores_by_hand() -> None:
    """Genuine 1, 2, 4 and forged 3, 5, 6: 3 and 4 are pooled into a block of even odds."""
    genuine, forged = pav_log_lrs(np.array([1.0, 2.0, 4.0]), np.array([3.0, 5.0, 6.0]))
    np.testing.assert_allclose(genuine, [-np.inf, -np.inf, 0.0])
    np.testing.assert_allclose(forged, [0.0, np.inf, np.inf])
    # One unit of each class costs a bit, four cost nothing.
    assert cllr_min(np.array([1.0, 2.0, 4.0]), np.array([3.0, 5.0, 6.0])) == pytest.approx(1 / 3)


def test_pav_leaves_the_proportion_of_the_classes_out() -> None:
    genuine, forged = pav_log_lrs(np.zeros(30), np.zeros(10))
    np.testing.assert_allclose([genuine[0], forged[0]], 0.0, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(samples, samples, st.floats(0.2, 5), st.floats(-3, 3))
def test_no_straight_line_does_better_than_pav(
    genuine: Scores, forged: Scores, slope: float, intercept: float
) -> None:
    # PAV weighs every unit alike: both classes must be of one size for Cllr to do the same.
    n = min(len(genuine), len(forged))
    genuine, forged = genuine[:n], forged[:n]
    best = cllr_min(genuine, forged)
    assert best <= cllr(slope * genuine + intercept, slope * forged + intercept) + 1e-9


def test_calibrated_ratios_have_a_small_calibration_error() -> None:
    genuine, forged = gaussian(4000, 2.0)
    good = expected_calibration_error(2.0 * genuine, 2.0 * forged)
    assert good < 0.02
    assert expected_calibration_error(8.0 * genuine, 8.0 * forged) > 5 * good


@pytest.mark.parametrize("distance", [1.0, 2.5])
def test_the_fit_finds_the_true_ratios_of_normal_scores(distance: float) -> None:
    """Two normal classes of unit variance, d apart around 0, have log LR = d * score."""
    line = fit_logistic(*gaussian(20_000, distance))
    assert line.slope == pytest.approx(distance, rel=0.04)
    assert line.intercept == pytest.approx(0.0, abs=0.05)


def test_the_proportion_of_the_classes_does_not_move_the_ratios() -> None:
    genuine, forged = gaussian(20_000, 2.0)
    few = fit_logistic(genuine, forged[:2000])
    assert few.intercept == pytest.approx(0.0, abs=0.12)


@pytest.mark.parametrize(("n_genuine", "n_forged"), [(300, 300), (400, 90)])
def test_the_fit_is_scikit_learns(n_genuine: int, n_forged: int) -> None:
    from sklearn.linear_model import LogisticRegression

    genuine, forged = gaussian(400, 1.3, seed=3)
    genuine, forged = 5 * genuine[:n_genuine] + 2, 5 * forged[:n_forged] + 2
    line = fit_logistic(genuine, forged)
    reference = LogisticRegression(C=1e8, class_weight="balanced", tol=1e-10).fit(
        np.concatenate([genuine, forged])[:, None],
        np.repeat([0, 1], [n_genuine, n_forged]),
    )
    assert line.slope == pytest.approx(float(reference.coef_[0, 0]), rel=1e-3)
    assert line.intercept == pytest.approx(float(reference.intercept_[0]), abs=2e-3)


def test_classes_that_do_not_overlap_still_have_a_finite_line() -> None:
    line = fit_logistic(np.linspace(-3, -1, 30), np.linspace(1, 3, 30))
    assert 1 < line.slope < 100


def test_scores_that_point_the_wrong_way_are_refused() -> None:
    genuine, forged = gaussian(200, 2.0)
    with pytest.raises(UsageError, match="forged crops do not score higher"):
        fit_logistic(forged, genuine)


@pytest.mark.parametrize(
    ("genuine", "forged"),
    [(np.empty(0), np.ones(3)), (np.ones(3), np.array([np.nan]))],
    ids=["no genuine", "not a number"],
)
def test_a_calibration_needs_finite_scores_of_both_classes(genuine: Scores, forged: Scores) -> None:
    with pytest.raises(ValueError, match="finite scores of both"):
        fit_logistic(genuine, forged)


def test_bounds_of_the_papers_breath_analyser() -> None:
    """Vergeer et al. 2016: 1,000 sober, 100 drunk, ratios of 0.101 and 1,000 wrong in 10 of each.

    Solved by hand: 1 - 11/101 = t * 11/1001 above 1, and 11/101 = t * (1 - 11/1001) below.
    """
    sober = np.log(np.repeat([0.101, 1000.0], [990, 10]))
    drunk = np.log(np.repeat([0.101, 1000.0], [10, 90]))
    bounds = empirical_bounds(sober, drunk)
    assert 10**bounds.log10_max == pytest.approx(90 / 101 * 91)
    assert 10**bounds.log10_min == pytest.approx(11 / 101 * 1001 / 990)


def test_a_handful_of_perfect_units_supports_next_to_nothing() -> None:
    bounds = empirical_bounds(np.array([-20.0]), np.array([20.0]))
    assert (bounds.log10_min, bounds.log10_max) == (0.0, 0.0)


@pytest.mark.parametrize("n", [50, 500])
def test_perfect_ratios_are_bounded_by_the_number_of_units(n: int) -> None:
    """With one misleading unit a class, no decision at t > n is better than deciding without."""
    bounds = empirical_bounds(np.full(n, -30.0), np.full(n, 30.0))
    assert 10**bounds.log10_max == pytest.approx(n)
    assert 10**bounds.log10_min == pytest.approx(1 / n)


def test_well_calibrated_ratios_keep_most_of_their_range() -> None:
    genuine, forged = gaussian(1000, 3.0)
    bounds = empirical_bounds(3 * genuine, 3 * forged)
    assert 1.2 < bounds.log10_max < 3.0
    assert -3.0 < bounds.log10_min < -1.2


@settings(max_examples=100, deadline=None)
@given(samples, samples)
def test_bounds_enclose_one_and_never_pass_what_occurred(genuine: Scores, forged: Scores) -> None:
    bounds = empirical_bounds(genuine, forged)
    every = np.concatenate([genuine, forged]) / np.log(10)
    assert min(0.0, every.min()) - 1e-12 <= bounds.log10_min <= 0
    assert 0 <= bounds.log10_max <= max(0.0, every.max()) + 1e-12


@settings(max_examples=50, deadline=None)
@given(samples, samples)
def test_the_two_propositions_are_bounded_alike(genuine: Scores, forged: Scores) -> None:
    one, other = empirical_bounds(genuine, forged), empirical_bounds(-forged, -genuine)
    assert one.log10_max == pytest.approx(-other.log10_min)
    assert one.log10_min == pytest.approx(-other.log10_max)
