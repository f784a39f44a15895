"""The score thresholds that the trained methods set on validation photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forensic_cli.errors import UsageError
from train.evaluation.records import EvaluationRow
from train.metrics import Scores, threshold_at_false_negative_rate, threshold_at_false_positive_rate

# An examiner acts on this reading: it is to be rare on genuine pictures, however they were compressed.
FALSE_POSITIVE_RATE = 0.01
FALSE_NEGATIVE_RATE = 0.20


@dataclass(frozen=True, slots=True)
class ScoreThresholds:
    """The two thresholds of a model card.

    Attributes:
        forged: the lowest score that at most `FALSE_POSITIVE_RATE` of the genuine crops reach under each
            condition: it is that of the worst one.
        no_support: at most `FALSE_NEGATIVE_RATE` of the forged crops lie below it; never above `forged`.
    """

    forged: float
    no_support: float


def scores_of_trained(rows: Sequence[EvaluationRow]) -> tuple[tuple[Scores, ...], Scores]:
    """Genuine scores of each condition, and forged ones over the trained methods and conditions.

    A genuine crop counts once a condition: it is the same one for every method.

    Raises:
        UsageError: no trained method was measured.
    """
    chosen = [row for row in rows if row.was_trained]
    if not chosen:
        raise UsageError(
            "No trained method was measured.", "Give the dataset crops of the methods that the recipe names."
        )
    # A method may have left out photographs that it could not forge: take the fullest row.
    genuine: dict[str, tuple[float, ...]] = {}
    for row in chosen:
        if len(row.genuine) > len(genuine.get(row.condition, ())):
            genuine[row.condition] = row.genuine
    return (
        tuple(np.array(scores) for scores in genuine.values()),
        np.concatenate([np.array(row.forged) for row in chosen]),
    )


def score_thresholds(validation: Sequence[EvaluationRow]) -> ScoreThresholds:
    """Chooses both thresholds from the trained methods.

    Args:
        validation: rows measured on the validation split.

    Raises:
        UsageError: no trained method was measured.
    """
    genuine, forged = scores_of_trained(validation)
    high = max(threshold_at_false_positive_rate(scores, FALSE_POSITIVE_RATE) for scores in genuine)
    low = threshold_at_false_negative_rate(forged, FALSE_NEGATIVE_RATE)
    # Where the classes separate so well that the two cross, there is no band to doubt in.
    return ScoreThresholds(high, min(low, high))
