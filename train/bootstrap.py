"""Bootstrap intervals that resample people, not pictures (Efron 1979; percentile method).

Pictures of one person, and frames of one video, are no independent trials: whoever is drawn is drawn
with all of their pictures, genuine and forged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.metrics import Scores
from train.roc import roc_curves

N_RESAMPLES = 1000
LOW_FALSE_POSITIVE_RATE = 0.01
_PERCENTILES = (2.5, 97.5)
# Bounds the memory of one step: resamples times scores.
_MAX_CELLS = 1_000_000

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class SeparationIntervals:
    """95% intervals of the figures that say how well scores separate.

    All are None where there are fewer than two identities: nothing can be resampled then.
    """

    auc: Interval | None = None
    accuracy: Interval | None = None
    eer: Interval | None = None
    tpr: Interval | None = None


def resample_identities(
    genuine_ids: Sequence[str], forged_ids: Sequence[str], seed: int, n_resamples: int = N_RESAMPLES
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How often each picture occurs in each resample of the identities.

    Identities seen on both sides, on the genuine side alone and on the forged side alone are
    resampled apart, each as many as there are: so no resample loses a side.

    Args:
        genuine_ids, forged_ids: identity of each picture.

    Returns:
        (R, n) and (R, m) counts.
    """
    rng = np.random.default_rng(seed)
    genuine, forged = set(genuine_ids), set(forged_ids)
    counts: dict[str, NDArray[np.float64]] = {}
    for stratum in (genuine & forged, genuine - forged, forged - genuine):
        names = sorted(stratum)
        if names:
            drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), n_resamples)
            counts.update(zip(names, drawn.T.astype(np.float64), strict=True))
    return _columns(counts, genuine_ids, n_resamples), _columns(counts, forged_ids, n_resamples)


def separation_intervals(
    genuine: Scores, forged: Scores, genuine_ids: Sequence[str], forged_ids: Sequence[str], seed: int
) -> SeparationIntervals:
    """95% intervals of AUC, balanced accuracy at 0, equal error rate, and TPR at 1% FPR.

    Args:
        genuine, forged: (n,), (m,) scores, neither empty.
        genuine_ids, forged_ids: identity of each.
    """
    if len({*genuine_ids, *forged_ids}) < 2:
        return SeparationIntervals()
    genuine_weights, forged_weights = resample_identities(genuine_ids, forged_ids, seed)
    step = max(1, _MAX_CELLS // (len(genuine) + len(forged)))
    figures = []
    for start in range(0, N_RESAMPLES, step):
        part = np.s_[start : start + step]
        curves = roc_curves(genuine, forged, genuine_weights[part], forged_weights[part])
        figures.append(
            [
                curves.areas(),
                curves.balanced_accuracies(),
                curves.equal_error_rates(),
                curves.true_positive_rates_at(LOW_FALSE_POSITIVE_RATE),
            ]
        )
    return SeparationIntervals(*(_interval(values) for values in np.concatenate(figures, axis=1)))


def mean_interval(values: NDArray[np.float64], ids: Sequence[str], seed: int) -> Interval | None:
    """95% interval of a mean over pictures.

    Args:
        values: (n,), n at least 1.
        ids: identity of each.

    Returns:
        None where there are fewer than two identities.
    """
    if len({*ids}) < 2:
        return None
    weights, _ = resample_identities(ids, (), seed)
    return _interval(weights @ values / weights.sum(axis=1))


def _columns(
    counts: dict[str, NDArray[np.float64]], ids: Sequence[str], n_resamples: int
) -> NDArray[np.float64]:
    return np.column_stack([counts[name] for name in ids]) if ids else np.zeros((n_resamples, 0))


def _interval(values: NDArray[np.float64]) -> Interval:
    low, high = np.percentile(values, _PERCENTILES)
    return float(low), float(high)
