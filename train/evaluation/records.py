"""What an evaluation found, and how it is kept: one JSON file a split or target set."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import hash_evidence, write_atomically
from train.bootstrap import Interval
from train.run_folder import RunFolder

TARGET_PREFIX = "target-"


@dataclass(frozen=True, slots=True)
class AttentionFigures:
    """Means over the forged crops of one method under one compression whose masks are known.

    Intervals are of 95%, None where there is one identity. See `train.localisation.Localisation`.

    Attributes:
        n: crops measured.
        n_without_mask: forged crops of which nobody knows what was forged, or all or nothing of the crop.
        pointing: share of maps whose peak lies inside the mask; `area` is what chance would give.
        energy: mean share of the positive part inside the mask; `area` is what an even map would give.
        area: mean share of the crop that the mask covers.
        rim_peaks: share of maps whose peak lies on the outermost ring of cells.
    """

    n: int
    n_without_mask: int
    pixel_auc: float
    pixel_auc_interval: Interval | None
    iou: float | None
    iou_interval: Interval | None
    pointing: float
    pointing_interval: Interval | None
    energy: float
    energy_interval: Interval | None
    area: float
    rim_peaks: float


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    """One method under one compression.

    Intervals are of 95%, by resampling identities; None where there is one identity.

    Attributes:
        was_trained: the method was in the training mixture.
        is_stored: the fakes lie in the dataset; otherwise they were forged here, and index i is one
            photograph on both sides.
        accuracy: balanced, at a_F = a_T.
        eer: equal error rate.
        tpr: true positive rate at a false positive rate of at most 1%.
        genuine, forged: scores.
        source_ids, groups: identity and population group of each genuine crop.
        forged_source_ids: identity of each forged crop.
        n_unforgeable: photographs that the method left as they were: left out on both sides.
        attention: None where no mask is known.
    """

    method: str
    condition: str
    was_trained: bool
    is_stored: bool
    auc: float
    auc_interval: Interval | None
    accuracy: float
    accuracy_interval: Interval | None
    eer: float
    eer_interval: Interval | None
    tpr: float
    tpr_interval: Interval | None
    genuine: tuple[float, ...]
    forged: tuple[float, ...]
    source_ids: tuple[str, ...]
    groups: tuple[str, ...]
    forged_source_ids: tuple[str, ...]
    n_unforgeable: int = 0
    attention: AttentionFigures | None = None

    @property
    def name(self) -> str:
        """The method, and whether its fakes were not made here: tells all methods of a split apart."""
        return f"{self.method}, stored" if self.is_stored else self.method


@dataclass(frozen=True, slots=True)
class GenuineScores:
    """The scores of all genuine crops under one compression; index i is one crop."""

    condition: str
    scores: tuple[float, ...]
    source_ids: tuple[str, ...]
    groups: tuple[str, ...]
    collections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """How often genuine crops of one population group or collection reach the score threshold.

    Attributes:
        kind: "group", "collection" or "all".
        name: of the group or collection.
        interval: Wilson's, of 95%; it takes crops as independent of each other.
    """

    kind: str
    name: str
    condition: str
    n: int
    mean_score: float
    n_alarms: int
    rate: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured, on which split or target set, with which checkpoint.

    Attributes:
        split: "validation" or "test", or "target-NAME".
        checkpoint_sha256: of the run's `best` at that moment.
        dataset_sha256: of the dataset.csv that was measured on.
        n_photographs: genuine crops; with forging here, of each method and condition but for those that
            the method left as they were.
        n_trained_on: crops left out since the run was trained on the file that they were cut from.
        attention_form: of the maps, "paper" or "signed".
        iou_threshold: of the raw map, chosen on validation; None where no mask was known there.
        score_threshold: at or above it a genuine crop counts as a false alarm.
        score_threshold_rule: where it comes from.
        rows: empty for a target set of genuine crops alone.
    """

    split: str
    checkpoint_sha256: str
    dataset_sha256: str
    n_photographs: int
    n_trained_on: int
    attention_form: str
    iou_threshold: float | None
    score_threshold: float
    score_threshold_rule: str
    rows: tuple[EvaluationRow, ...]
    genuine: tuple[GenuineScores, ...]
    false_alarms: tuple[FalseAlarms, ...]

    def title_of(self, row: EvaluationRow) -> str:
        """A row's method as people read it: of a target set by its bare name, for nothing was trained on."""
        if self.split.startswith(TARGET_PREFIX):
            return row.method
        return row.name if row.was_trained else f"{row.name} (held out)"


def save_evaluation(run_path: Path, evaluation: Evaluation) -> Path:
    """Writes evaluation-<split>.json into the run folder, and returns its path."""
    path = RunFolder(run_path).evaluation(evaluation.split)
    write_atomically(path, json.dumps(asdict(evaluation)).encode())
    return path


def read_evaluation(run_path: Path, split: str) -> Evaluation:
    """Reads what `save_evaluation` wrote.

    Raises:
        UsageError: the run was not evaluated on that split, or its best checkpoint is another now.
    """
    path = RunFolder(run_path).evaluation(split)
    remedy = f"Run `lae-forensics train evaluate --split {split}` first."
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        evaluation = Evaluation(
            **{
                **document,
                "rows": tuple(_row(row) for row in document["rows"]),
                "genuine": tuple(GenuineScores(**_tuples(entry)) for entry in document["genuine"]),
                "false_alarms": tuple(FalseAlarms(**_tuples(entry)) for entry in document["false_alarms"]),
            }
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", remedy) from error
    if evaluation.checkpoint_sha256 != hash_evidence(RunFolder(run_path).best).sha256:
        raise UsageError(f"{path} was measured with another checkpoint than the run's best.", remedy)
    return evaluation


def _row(document: dict[str, Any]) -> EvaluationRow:
    attention = document["attention"]
    figures = None if attention is None else AttentionFigures(**_tuples(attention))
    return EvaluationRow(**{**_tuples(document), "attention": figures})


def _tuples(document: dict[str, Any]) -> dict[str, Any]:
    """JSON has lists where the records have tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in document.items()}
