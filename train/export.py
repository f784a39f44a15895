"""`train export`: a run becomes weights with a model card, measured and dated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import save

from forensic_cli.errors import UsageError
from forensic_cli.model.weights import (
    CATALOGUE_NAME,
    CATALOGUE_SCHEMA,
    ErrorRate,
    ModelCard,
    load_catalogue,
)
from forensic_cli.provenance.files import write_atomically
from train.calibration.card import calibration_for_card, calibration_limits
from train.card import training_facts
from train.card_markdown import card_markdown
from train.data.dataset import DatasetRow, Split, read_dataset, select
from train.data.sources import trained_methods
from train.evaluation.crop_sets import forged_here, stored_fakes
from train.evaluation.examine import CropExaminer
from train.evaluation.records import TARGET_PREFIX, Evaluation, read_evaluation
from train.evaluation.thresholds import FALSE_NEGATIVE_RATE, FALSE_POSITIVE_RATE, score_thresholds
from train.limitations import limitations
from train.metrics import wilson_interval
from train.recipe import Source
from train.run_folder import RunFolder
from train.trained_run import TrainedRun, load_run
from train.validation import CONDITIONS

_ATTENTION_PERCENTILE = 99.0
_N_ATTENTION = 64


def export(dataset: Path, run_path: Path, name: str, out: Path, licences: str = "Not recorded") -> ModelCard:
    """Writes `<name>.safetensors`, `<name>.md` and their entry in weights.json, which becomes the default.

    The thresholds come from the trained methods on validation identities; the error rates from the
    test split, if `evaluate --split test` was run, else from validation, and the card says which.
    The calibration is the run's, with its plots beside the weights; without `train calibrate` there is
    none, and the card says so.

    Args:
        licences: terms of the training photographs.

    Raises:
        UsageError: the run was not evaluated, or was calibrated, with another checkpoint than its best;
            a plot of the calibration is missing; or the catalogue holds that name already, or is
            malformed.
    """
    run = load_run(run_path, dataset)
    rows = read_dataset(dataset)
    methods = trained_methods(rows, run.recipe)
    is_stored = run.recipe.source is Source.STORED
    validation = read_evaluation(run_path, Split.VALIDATION.value)
    has_test = RunFolder(run_path).evaluation(Split.TEST.value).exists()
    measured = read_evaluation(run_path, Split.TEST.value) if has_test else validation
    thresholds = score_thresholds(validation.rows)
    calibration, plots = calibration_for_card(run_path, name)
    content = save(
        {
            key: value.half().contiguous()
            for key, value in run.encoder.state_dict().items()
            if not key.endswith("num_batches_tracked")
        }
    )
    training = {
        **training_facts(run, rows),
        "Validation": _summary(validation),
        "Test": _summary(measured) if has_test else "not opened",
        "Licences": licences,
    }
    card = ModelCard(
        name=name,
        arch=run.recipe.arch,
        file=f"{name}.safetensors",
        sha256=hashlib.sha256(content).hexdigest(),
        forged_threshold=thresholds.forged,
        no_support_threshold=thresholds.no_support,
        threshold_rule=_threshold_rule(validation, run, methods),
        attention_scale=_attention_scale(run, dataset, rows, methods),
        attention_form=run.attention_form,
        attention_norm=run.attention_norm,
        training=tuple(training.items()),
        error_rates=tuple(_error_rates(measured, thresholds.forged)),
        limitations=(*limitations(run, methods, measured), *calibration_limits(calibration, is_stored)),
        calibration=calibration,
    )
    catalogue = _with_entry(out / CATALOGUE_NAME, card)
    # The catalogue last: it must never name a file that is not there.
    for file, picture in plots.items():
        write_atomically(out / file, picture)
    write_atomically(out / card.file, content)
    text = card_markdown(card, measured, _target_sets(run_path))
    write_atomically(out / f"{name}.md", text.encode("utf-8"))
    write_atomically(out / CATALOGUE_NAME, catalogue)
    return card


def _target_sets(run_path: Path) -> list[Evaluation]:
    """What was measured on target sets with this checkpoint, in the order of their names."""
    return [
        read_evaluation(run_path, path.stem.removeprefix("evaluation-"))
        for path in sorted(run_path.glob(f"evaluation-{TARGET_PREFIX}*.json"))
    ]


def _summary(evaluation: Evaluation) -> str:
    """Accuracy at a_F = a_T and AUC of each method, averaged over the compressions."""
    parts = []
    for method in dict.fromkeys(row.name for row in evaluation.rows):
        own = [row for row in evaluation.rows if row.name == method]
        mark = "" if own[0].was_trained else " (held out)"
        accuracy = float(np.mean([row.accuracy for row in own]))
        parts.append(f"{method}{mark}: accuracy {accuracy:.3f}, AUC {np.mean([row.auc for row in own]):.3f}")
    return f"{evaluation.n_photographs} photographs, mean over the compressions. " + "; ".join(parts)


def _threshold_rule(validation: Evaluation, run: TrainedRun, methods: Sequence[str]) -> str:
    conditions = ", ".join(condition.name for condition in CONDITIONS)
    crops = (
        f"{validation.n_photographs} genuine crops and the dataset's own fakes by {', '.join(methods)}"
        if run.recipe.source is Source.STORED
        else f"{validation.n_photographs} photographs, each genuine and forged by {', '.join(methods)}"
    )
    return (
        "Likely forged from the lowest score that, under each of the compressions, at most "
        f"{FALSE_POSITIVE_RATE:.0%} of the genuine validation crops reach; no support below the score under which "
        f"at most {FALSE_NEGATIVE_RATE:.0%} of the forged ones lie. {crops}, each under {conditions}: single "
        "crops, of people not trained on, some of whom may have served to choose the checkpoint."
    )


def _error_rates(evaluation: Evaluation, threshold: float) -> list[ErrorRate]:
    rates = []
    for row in evaluation.rows:
        genuine, forged = np.array(row.genuine), np.array(row.forged)
        n_false_positive = int((genuine >= threshold).sum())
        n_false_negative = int((forged < threshold).sum())
        origin = "forged before" if row.is_stored else "forged here"
        rates.append(
            ErrorRate(
                condition=f"{row.name}, {row.condition}",
                domain="in-domain" if row.was_trained else "out-of-domain",
                dataset=f"photographs of the {evaluation.split} split, {origin}",
                n_genuine=len(genuine),
                n_forged=len(forged),
                auc=round(row.auc, 4),
                false_positive_rate=round(n_false_positive / len(genuine), 4),
                false_positive_interval=_rounded(wilson_interval(n_false_positive, len(genuine))),
                false_negative_rate=round(n_false_negative / len(forged), 4),
                false_negative_interval=_rounded(wilson_interval(n_false_negative, len(forged))),
            )
        )
    return rates


def _rounded(interval: tuple[float, float]) -> tuple[float, float]:
    return round(interval[0], 4), round(interval[1], 4)


def _attention_scale(
    run: TrainedRun, dataset: Path, rows: Sequence[DatasetRow], methods: Sequence[str]
) -> float:
    """99th percentile of the positive attention over forged validation crops, in the run's own form."""
    examiner = CropExaminer(run.encoder, run.attention_form)
    seed = run.recipe.seed + 2
    values = []
    for name in methods:
        if run.recipe.source is Source.STORED:
            fakes = [row for row in select(rows, Split.VALIDATION, "fake") if row.method == name]
            if not fakes:
                continue
            forged = stored_fakes(dataset, fakes, name, True, _N_ATTENTION, seed)
        else:
            forged = forged_here(dataset, select(rows, Split.VALIDATION), name, True, _N_ATTENTION, seed)
        values.append(examiner.examine(forged.crops, CONDITIONS[0]).attention.clip(min=0).ravel())
    scale = float(np.percentile(np.concatenate(values), _ATTENTION_PERCENTILE))
    if scale <= 0:
        raise UsageError(
            "The attention map is nowhere positive on forged crops.", "Train longer, then export again."
        )
    return scale


def _with_entry(path: Path, card: ModelCard) -> bytes:
    """weights.json with one more entry, which is its default."""
    entries: list[dict[str, Any]] = []
    if path.exists():
        load_catalogue(path.parent)
        entries = json.loads(path.read_text(encoding="utf-8"))["weights"]
        if any(entry["name"] == card.name for entry in entries):
            raise UsageError(f"{path} holds an entry {card.name!r} already.", "Give --name another name.")
    entry = {**asdict(card), "training": dict(card.training)}
    document = {"schema": CATALOGUE_SCHEMA, "default": card.name, "weights": [*entries, entry]}
    return (json.dumps(document, indent=2) + "\n").encode()
