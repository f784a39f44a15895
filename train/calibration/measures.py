"""How good likelihood ratios are: Cllr, its floor, empirical cross-entropy, calibration error.

Log likelihood ratios are natural logarithms here, of forged against genuine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from train.metrics import Scores

_N_BINS = 10


def cllr(genuine: Scores, forged: Scores) -> float:
    """Log-likelihood-ratio cost in bits (Bruemmer and du Preez 2006).

    0 is perfect, 1 is what "LR = 1" always costs, above 1 the ratios mislead.

    Args:
        genuine, forged: (n,), (m,) log likelihood ratios; infinities may occur.
    """
    return empirical_cross_entropy(genuine, forged, 0.0)


def empirical_cross_entropy(genuine: Scores, forged: Scores, log_prior_odds: float) -> float:
    """Empirical cross-entropy in bits at given prior odds (Ramos et al. 2013); at even odds it is Cllr.

    Args:
        genuine, forged: (n,), (m,) log likelihood ratios.
        log_prior_odds: natural logarithm of the prior odds of forged.
    """
    prior = float(np.exp(-np.logaddexp(0.0, -log_prior_odds)))
    cost_forged = np.logaddexp(0.0, -(forged + log_prior_odds)).mean()
    cost_genuine = np.logaddexp(0.0, genuine + log_prior_odds).mean()
    return float((prior * cost_forged + (1 - prior) * cost_genuine) / np.log(2))


def pav_log_lrs(genuine: Scores, forged: Scores) -> tuple[Scores, Scores]:
    """The best monotone calibration of scores on themselves, by pool adjacent violators.

    Args:
        genuine, forged: (n,), (m,) scores or log likelihood ratios.

    Returns:
        Log likelihood ratios of both; infinite where only one class is found.
    """
    from sklearn.isotonic import IsotonicRegression

    scores = np.concatenate([genuine, forged])
    labels = np.repeat([0.0, 1.0], [len(genuine), len(forged)])
    # By rank: scikit-learn takes scores that differ by less than its epsilon for one and the same.
    _, ranks = np.unique(scores, return_inverse=True)
    posterior = np.asarray(IsotonicRegression(y_min=0, y_max=1).fit_transform(ranks, labels), np.float64)
    with np.errstate(divide="ignore"):
        log_odds = np.log(posterior) - np.log1p(-posterior)
    log_lrs = log_odds - np.log(len(forged) / len(genuine))
    return log_lrs[: len(genuine)], log_lrs[len(genuine) :]


def cllr_min(genuine: Scores, forged: Scores) -> float:
    """Cllr after the best monotone calibration: what the scores' overlap alone costs."""
    return cllr(*pav_log_lrs(genuine, forged))


def expected_calibration_error(genuine: Scores, forged: Scores) -> float:
    """Distance of the posterior at even prior odds from what came true, over ten bins of equal size.

    Both classes count alike whatever their sizes, since the prior odds are even.

    Args:
        genuine, forged: (n,), (m,) log likelihood ratios.
    """
    log_lrs = np.concatenate([genuine, forged])
    labels = np.repeat([0.0, 1.0], [len(genuine), len(forged)])
    weights = np.repeat([0.5 / len(genuine), 0.5 / len(forged)], [len(genuine), len(forged)])
    posterior = np.exp(-np.logaddexp(0.0, -log_lrs))
    bins: list[NDArray[np.intp]] = np.array_split(np.argsort(posterior, kind="stable"), _N_BINS)
    return float(sum(abs(weights[chosen] @ (posterior - labels)[chosen]) for chosen in bins))
