"""Logistic calibration: log LR as a straight line of the score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forensic_cli.errors import UsageError
from train.metrics import Scores

_MAX_STEPS = 100
_TOLERANCE = 1e-10
# Keeps the slope finite where no score of one class lies among the other's; moves it by less than 1e-3 else.
_L2 = 1e-5


@dataclass(frozen=True, slots=True)
class LogisticCalibration:
    """Natural log LR = slope * score + intercept."""

    slope: float
    intercept: float

    def log_lr(self, scores: Scores) -> Scores:
        """Natural log of the likelihood ratio of forged against genuine.

        Args:
            scores: (n,).
        """
        return self.slope * scores + self.intercept


def fit_logistic(genuine: Scores, forged: Scores) -> LogisticCalibration:
    """Fits by Newton's method, both classes weighted alike.

    With classes of equal weight the prior odds of the fit are 1, so that its log odds are the log
    likelihood ratio itself (Bruemmer and du Preez 2006).

    Args:
        genuine, forged: (n,), (m,) scores, higher = more fake.

    Raises:
        ValueError: a class is empty, or a score is not finite.
        UsageError: forged crops do not score above genuine ones.
    """
    scores = np.concatenate([genuine, forged])
    if not len(genuine) or not len(forged) or not np.isfinite(scores).all():
        raise ValueError("A calibration needs finite scores of both classes.")
    centre, spread = float(scores.mean()), float(scores.std()) or 1.0
    x = np.column_stack([(scores - centre) / spread, np.ones(len(scores))])
    labels = np.repeat([0.0, 1.0], [len(genuine), len(forged)])
    weights = np.repeat([0.5 / len(genuine), 0.5 / len(forged)], [len(genuine), len(forged)])
    beta = _newton(x, labels, weights)
    slope, intercept = float(beta[0] / spread), float(beta[1] - beta[0] * centre / spread)
    if slope <= 0:
        raise UsageError(
            "The scores cannot be calibrated: forged crops do not score higher than genuine ones.",
            "Train longer, or look at `lae-forensics train evaluate`.",
        )
    return LogisticCalibration(slope, intercept)


def _newton(x: Scores, labels: Scores, weights: Scores) -> NDArray[np.float64]:
    penalty = np.array([_L2, 0.0])
    beta = np.zeros(2)
    loss = _loss(beta, x, labels, weights, penalty)
    for _ in range(_MAX_STEPS):
        posterior = _logistic(x @ beta)
        gradient = x.T @ (weights * (posterior - labels)) + penalty * beta
        curvature = weights * posterior * (1 - posterior)
        hessian = (x * curvature[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        # A full step overshoots where the classes hardly overlap.
        share = 1.0
        while (new := _loss(beta - share * step, x, labels, weights, penalty)) > loss and share > 1e-8:
            share /= 2
        beta = beta - share * step
        if loss - new < _TOLERANCE * max(loss, _TOLERANCE):
            break
        loss = new
    return beta


def _logistic(values: Scores) -> Scores:
    return np.exp(-np.logaddexp(0.0, -values))


def _loss(beta: Scores, x: Scores, labels: Scores, weights: Scores, penalty: Scores) -> float:
    values = x @ beta
    return float(weights @ (np.logaddexp(0.0, values) - labels * values) + 0.5 * penalty @ beta**2)
