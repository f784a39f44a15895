"""How far likelihood ratios may go: the empirical lower and upper bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from train.metrics import Scores

RULE = (
    "Empirical lower and upper bound (ELUB; Vergeer et al. 2016): with one more misleading unit added to "
    "either class, decisions by the ratios still cost less than decisions without them, at every "
    "threshold up to the bound."
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """log10 of the lowest and highest likelihood ratio that a calibration set supports; 0 lies between."""

    log10_min: float
    log10_max: float


def empirical_bounds(genuine: Scores, forged: Scores) -> Bounds:
    """ELUB: where the normalised Bayes error rate passes 1 with one misleading unit added to each class.

    Deciding "forged" where LR > t costs `miss + t * false_alarm`, if a false alarm weighs t times a miss.
    Without ratios the better of always and never deciding so costs min(t, 1). The bounds are the
    outermost t, going from 1 outwards, up to which the first never exceeds the second; they never lie
    beyond the ratios that occurred.

    Source: Vergeer, van Es, de Jongh, Alberink and Stoel, Science and Justice 56 (2016) 482-491.

    Args:
        genuine, forged: (n,), (m,) natural log likelihood ratios, finite.
    """
    upper = _outermost(genuine, forged)
    # Genuine and forged change roles, and the ratio is turned over.
    lower = _outermost(-forged, -genuine)
    return Bounds(-lower / np.log(10), upper / np.log(10))


def _outermost(against: Scores, in_favour: Scores) -> float:
    """The upper bound as natural logarithm, at least 0.

    Args:
        against: (n,) log ratios of units for which a high ratio misleads.
        in_favour: (m,) log ratios of units for which it is right.
    """
    # The costs change at observed ratios alone; in [starts[k], ends[k]) both rates are constant.
    observed = np.unique(np.concatenate([against, in_favour]))
    ends = observed[observed > 0]
    if not len(ends):
        return 0.0
    starts = np.concatenate([[0.0], ends[:-1]])
    for start, end in zip(starts, ends, strict=True):
        false_alarm = (1 + int((against > start).sum())) / (len(against) + 1)
        miss = (1 + int((in_favour <= start).sum())) / (len(in_favour) + 1)
        # miss + t * false_alarm <= 1, solved for t.
        gain = 1 - miss
        limit = np.log(gain / false_alarm) if gain > 0 else -np.inf
        if limit < end:
            return float(max(limit, start))
    return float(ends[-1])
