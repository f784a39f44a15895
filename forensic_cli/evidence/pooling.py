"""How the scores of a track become one. Scanning and calibrating pool alike, so the rule stands here once.

Chosen on forged and genuine videos of people who were not trained on, see docs/pooling.md: the plain mean
ranks them better than a trimmed mean, the median and upper quantiles, and as well as means weighted by
face size and sharpness, as far as so few videos can tell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def track_score(scores: NDArray[np.float64]) -> float:
    """The mean.

    Args:
        scores: (n,) of a track's crops, n at least 1.
    """
    return float(track_scores(scores))


def track_scores(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """As `track_score`, of many tracks of one length.

    Args:
        scores: (..., n).

    Returns:
        (...)
    """
    return np.asarray(scores.mean(axis=-1))
