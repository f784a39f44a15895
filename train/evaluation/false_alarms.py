"""False alarms by population group and by collection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from train.evaluation.records import FalseAlarms, GenuineScores
from train.metrics import wilson_interval

ALL = "all"


def false_alarms(genuine: Sequence[GenuineScores], threshold: float) -> tuple[FalseAlarms, ...]:
    """Share of genuine crops at or above a threshold, for all of them, each collection and each group.

    Crops that their collection gives no group are in the row of their collection, and in no group's.

    Args:
        genuine: one entry a condition.
    """
    found = []
    for entry in genuine:
        scores = np.array(entry.scores)
        kinds = ((ALL, (ALL,) * len(scores)), ("collection", entry.collections), ("group", entry.groups))
        for kind, labels in kinds:
            for name in sorted({*labels} - {""}):
                own = scores[np.array([label == name for label in labels])]
                n_alarms = int((own >= threshold).sum())
                found.append(
                    FalseAlarms(
                        kind=kind,
                        name=name,
                        condition=entry.condition,
                        n=len(own),
                        mean_score=float(own.mean()),
                        n_alarms=n_alarms,
                        rate=n_alarms / len(own),
                        interval=wilson_interval(n_alarms, len(own)),
                    )
                )
    return tuple(found)
