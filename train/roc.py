"""ROC curves of weighted scores, many at a time: what the figures and their resamples are read from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.metrics import Scores


@dataclass(frozen=True, slots=True, eq=False)
class RocCurves:
    """R curves over the same thresholds, from (0, 0) to (1, 1).

    Attributes:
        thresholds: (K,) the distinct scores, descending. Point k + 1 of a curve calls forged what
            scores at or above thresholds[k]; point 0 calls nothing forged.
        false_positive_rates, true_positive_rates: (R, K + 1), each row rising from 0 to 1.
    """

    thresholds: Scores
    false_positive_rates: Scores
    true_positive_rates: Scores

    def areas(self) -> Scores:
        """(R,) area under each curve; straight lines between points count ties half."""
        widths = np.diff(self.false_positive_rates, axis=1)
        heights = (self.true_positive_rates[:, 1:] + self.true_positive_rates[:, :-1]) / 2
        return np.asarray((widths * heights).sum(axis=1))

    def equal_error_rates(self) -> Scores:
        """(R,) error rate at which as many genuine as forged ones are mistaken, between points linear."""
        # Rises along each curve from -1 to 1; the two errors are equal where it is 0.
        balance = self.false_positive_rates + self.true_positive_rates - 1
        after = np.argmax(balance >= 0, axis=1)
        rows = np.arange(len(balance))
        below, above = balance[rows, after - 1], balance[rows, after]
        share = -below / (above - below)
        start = self.false_positive_rates[rows, after - 1]
        return np.asarray(start + share * (self.false_positive_rates[rows, after] - start))

    def true_positive_rates_at(self, false_positive_rate: float) -> Scores:
        """(R,) highest true positive rate of a threshold with at most that false positive rate."""
        # Weights are counts, so that only rounding can put a rate just above one that it equals.
        allowed = self.false_positive_rates <= false_positive_rate + 1e-12
        return np.asarray(np.where(allowed, self.true_positive_rates, 0).max(axis=1))

    def balanced_accuracies(self, threshold: float = 0.0) -> Scores:
        """(R,) mean of both classes' accuracies; a score at the threshold counts as forged (eq. 3)."""
        point = int((self.thresholds >= threshold).sum())
        return (1 - self.false_positive_rates[:, point] + self.true_positive_rates[:, point]) / 2


def roc_curves(
    genuine: Scores,
    forged: Scores,
    genuine_weights: NDArray[np.float64] | None = None,
    forged_weights: NDArray[np.float64] | None = None,
) -> RocCurves:
    """The curves of scores under R sets of weights.

    Args:
        genuine, forged: (n,), (m,) scores, higher = more fake.
        genuine_weights, forged_weights: (R, n), (R, m), at least 0, no row all 0; every score once if None.

    Raises:
        ValueError: a class is empty.
    """
    if len(genuine) == 0 or len(forged) == 0:
        raise ValueError("A ROC curve needs scores of both classes.")
    thresholds = np.unique(np.concatenate([genuine, forged]))[::-1]
    return RocCurves(
        thresholds,
        _rates(genuine, genuine_weights, thresholds),
        _rates(forged, forged_weights, thresholds),
    )


def _rates(scores: Scores, weights: NDArray[np.float64] | None, thresholds: Scores) -> Scores:
    """(R, K + 1) share of the weight at or above each threshold, after a leading 0."""
    if weights is None:
        weights = np.ones((1, len(scores)))
    order = np.argsort(-scores, kind="stable")
    cumulative = np.zeros((len(weights), len(scores) + 1))
    np.cumsum(weights[:, order], axis=1, out=cumulative[:, 1:])
    n_at_or_above = np.searchsorted(-scores[order], -thresholds, side="right")
    rates = np.zeros((len(weights), len(thresholds) + 1))
    rates[:, 1:] = cumulative[:, n_at_or_above] / cumulative[:, -1:]
    return rates
