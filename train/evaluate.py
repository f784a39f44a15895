"""`train evaluate`: how well a run separates, method by method, compression by compression."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import hash_evidence, write_atomically
from train.data.dataset import DATASET_NAME, Split, read_dataset, select
from train.run_folder import RunFolder
from train.trained_run import load_run
from train.validation import CONDITIONS, FixedPairs, PairScores


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured, on which split, with which checkpoint.

    Attributes:
        checkpoint_sha256: of the run's `best` at that moment.
        n_photographs: of each method and condition.
    """

    split: str
    checkpoint_sha256: str
    dataset_sha256: str
    n_photographs: int
    rows: tuple[EvaluationRow, ...]


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    """One method under one compression.

    Attributes:
        was_trained: the method was in the training mixture.
        genuine, forged: scores, index i one photograph.
    """

    method: str
    condition: str
    was_trained: bool
    auc: float
    accuracy: float
    genuine: tuple[float, ...]
    forged: tuple[float, ...]


def evaluate_run(
    dataset: Path,
    run_path: Path,
    split: str,
    n: int,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    again: bool = False,
) -> Evaluation:
    """Scores every trained and held-out method under every compression, and saves the rows.

    Writes evaluation-<split>.json into the run folder.

    Args:
        n: photographs of each method and condition.
        again: measure on the test split although the run was measured on it before.

    Raises:
        UsageError: see `load_run`; or the split is `train` or unknown; or test was opened before.
    """
    if split not in {Split.VALIDATION.value, Split.TEST.value}:
        raise UsageError(f"--split {split} cannot be evaluated.", "Give validation or test.")
    path = RunFolder(run_path).evaluation(split)
    if split == Split.TEST.value and path.exists() and not again:
        raise UsageError(
            f"{run_path} was measured on the test split before: {path.name} is there.",
            "Test data are opened once. Add --again if the numbers choose nothing.",
        )
    run = load_run(run_path, dataset)
    recipe = run.recipe
    photographs = select(read_dataset(dataset), Split(split))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    encoder = run.encoder.to(device).to(memory_format=torch.channels_last)
    methods = (*recipe.methods, *recipe.held_out)
    rows = []
    for name in methods:
        for condition in CONDITIONS:
            pairs = FixedPairs(dataset, photographs, name, condition, n, recipe.seed + 1)
            rows.append(_row(pairs.score(encoder, device), name in recipe.methods))
            on_progress(len(rows), len(methods) * len(CONDITIONS))
    evaluation = Evaluation(
        split,
        hash_evidence(RunFolder(run_path).best).sha256,
        hash_evidence(dataset / DATASET_NAME).sha256,
        min(n, len(photographs)),
        tuple(rows),
    )
    write_atomically(path, json.dumps(asdict(evaluation)).encode())
    return evaluation


def _row(scores: PairScores, was_trained: bool) -> EvaluationRow:
    return EvaluationRow(
        scores.method,
        scores.condition,
        was_trained,
        scores.auc,
        scores.accuracy,
        tuple(scores.genuine.tolist()),
        tuple(scores.forged.tolist()),
    )


def read_evaluation(run_path: Path, split: str) -> Evaluation:
    """Reads what `evaluate_run` saved.

    Raises:
        UsageError: the run was not evaluated on that split, or its best checkpoint is another now.
    """
    path = RunFolder(run_path).evaluation(split)
    remedy = f"Run `lae-forensics train evaluate --split {split}` first."
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        rows = tuple(
            EvaluationRow(**{**row, "genuine": tuple(row["genuine"]), "forged": tuple(row["forged"])})
            for row in document["rows"]
        )
        evaluation = Evaluation(**{**document, "rows": rows})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", remedy) from error
    if evaluation.checkpoint_sha256 != hash_evidence(RunFolder(run_path).best).sha256:
        raise UsageError(f"{path} was measured with another checkpoint than the run's best.", remedy)
    return evaluation


def table(rows: Sequence[EvaluationRow]) -> str:
    """AUC a method and compression, and the balanced accuracy at a_F = a_T, as plain text."""
    conditions = list(dict.fromkeys(row.condition for row in rows))
    lines = [f"{'AUC (accuracy)':<28}" + "".join(f"{name:>20}" for name in conditions)]
    for method in dict.fromkeys(row.method for row in rows):
        own = {row.condition: row for row in rows if row.method == method}
        mark = "" if next(iter(own.values())).was_trained else " (held out)"
        cells = "".join(f"{f'{own[c].auc:.3f} ({own[c].accuracy:.3f})':>20}" for c in conditions)
        lines.append(f"{method + mark:<28}{cells}")
    mean = float(np.mean([row.auc for row in rows]))
    return "\n".join([*lines, f"mean AUC {mean:.3f}"])
