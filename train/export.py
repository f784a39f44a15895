"""`train export`: a run becomes weights with a model card, measured and dated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

from forensic_cli.errors import UsageError
from forensic_cli.model.lae import Encoder, attention_map, normalise
from forensic_cli.model.weights import (
    CATALOGUE_NAME,
    CATALOGUE_SCHEMA,
    ErrorRate,
    ModelCard,
    load_catalogue,
)
from forensic_cli.provenance.files import write_atomically
from train.card import training_facts
from train.data.dataset import DatasetRow, Split, read_dataset, select
from train.evaluate import Evaluation, EvaluationRow, read_evaluation
from train.metrics import (
    Scores,
    threshold_at_false_negative_rate,
    threshold_at_false_positive_rate,
    wilson_interval,
)
from train.recipe import Stage1Recipe
from train.run_folder import RunFolder
from train.trained_run import load_run
from train.validation import CONDITIONS, FixedPairs

FALSE_POSITIVE_RATE = 0.05
FALSE_NEGATIVE_RATE = 0.20
_ATTENTION_PERCENTILE = 99.0
_N_ATTENTION = 64


def export(dataset: Path, run_path: Path, name: str, out: Path, licences: str = "Not recorded") -> ModelCard:
    """Writes `<name>.safetensors` and its entry in weights.json, which becomes the default.

    The thresholds come from the trained methods on validation identities; the error rates from the
    test split, if `evaluate --split test` was run, else from validation, and the card says which.

    Args:
        licences: terms of the training photographs.

    Raises:
        UsageError: the run was not evaluated with its best checkpoint, or the catalogue holds that
            name already, or is malformed.
    """
    run = load_run(run_path, dataset)
    recipe, encoder = run.recipe, run.encoder
    rows = read_dataset(dataset)
    validation = read_evaluation(run_path, Split.VALIDATION.value)
    has_test = RunFolder(run_path).evaluation(Split.TEST.value).exists()
    measured = read_evaluation(run_path, Split.TEST.value) if has_test else validation
    forged_threshold, no_support_threshold = _thresholds(validation.rows)
    content = save(
        {
            key: value.float().contiguous()
            for key, value in encoder.state_dict().items()
            if not key.endswith("num_batches_tracked")
        }
    )
    training = {
        **training_facts(run_path, recipe, rows),
        "Validation": _summary(validation),
        "Test": _summary(measured) if has_test else "not opened",
        "Licences": licences,
    }
    card = ModelCard(
        name=name,
        arch="lae",
        file=f"{name}.safetensors",
        sha256=hashlib.sha256(content).hexdigest(),
        forged_threshold=forged_threshold,
        no_support_threshold=no_support_threshold,
        threshold_rule=_threshold_rule(validation, recipe),
        attention_scale=_attention_scale(encoder, dataset, rows, recipe),
        training=tuple(training.items()),
        error_rates=tuple(_error_rates(measured, forged_threshold)),
        limitations=_limitations(recipe),
    )
    catalogue = _with_entry(out / CATALOGUE_NAME, card)
    # The catalogue last: it must never name a file that is not there.
    write_atomically(out / card.file, content)
    write_atomically(out / CATALOGUE_NAME, catalogue)
    return card


def _summary(evaluation: Evaluation) -> str:
    """Accuracy at a_F = a_T and AUC of each method, averaged over the compressions."""
    parts = []
    for method in dict.fromkeys(row.method for row in evaluation.rows):
        own = [row for row in evaluation.rows if row.method == method]
        mark = "" if own[0].was_trained else " (held out)"
        accuracy = float(np.mean([row.accuracy for row in own]))
        parts.append(f"{method}{mark}: accuracy {accuracy:.3f}, AUC {np.mean([row.auc for row in own]):.3f}")
    return f"{evaluation.n_photographs} photographs, mean over the compressions. " + "; ".join(parts)


def _pooled(rows: Sequence[EvaluationRow], was_trained: bool) -> tuple[Scores, Scores]:
    chosen = [row for row in rows if row.was_trained is was_trained]
    # The genuine versions are the same photographs for every method: count each once a condition.
    genuine = {row.condition: row.genuine for row in chosen}
    return (
        np.concatenate([np.array(scores) for scores in genuine.values()]),
        np.concatenate([np.array(row.forged) for row in chosen]),
    )


def _thresholds(validation: Sequence[EvaluationRow]) -> tuple[float, float]:
    genuine, forged = _pooled(validation, was_trained=True)
    high = threshold_at_false_positive_rate(genuine, FALSE_POSITIVE_RATE)
    low = threshold_at_false_negative_rate(forged, FALSE_NEGATIVE_RATE)
    # Where the classes separate so well that the two cross, there is no band to doubt in.
    return high, min(low, high)


def _threshold_rule(validation: Evaluation, recipe: Stage1Recipe) -> str:
    conditions = ", ".join(condition.name for condition in CONDITIONS)
    return (
        f"Likely forged from the lowest score that at most {FALSE_POSITIVE_RATE:.0%} of the genuine validation "
        f"crops reach; no support below the score under which at most {FALSE_NEGATIVE_RATE:.0%} of the forged "
        f"ones lie. {validation.n_photographs} photographs, each genuine and forged by "
        f"{', '.join(recipe.methods)}, each under {conditions}: single crops, of people not trained on, who "
        "also served to choose the checkpoint."
    )


def _error_rates(evaluation: Evaluation, threshold: float) -> list[ErrorRate]:
    rates = []
    for row in evaluation.rows:
        genuine, forged = np.array(row.genuine), np.array(row.forged)
        n_false_positive = int((genuine >= threshold).sum())
        n_false_negative = int((forged < threshold).sum())
        rates.append(
            ErrorRate(
                condition=f"{row.method}, {row.condition}",
                domain="in-domain" if row.was_trained else "out-of-domain",
                dataset=f"photographs of the {evaluation.split} split, forged here",
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


@torch.inference_mode()
def _attention_scale(
    encoder: Encoder, dataset: Path, rows: Sequence[DatasetRow], recipe: Stage1Recipe
) -> float:
    """99th percentile of the positive attention over forged validation crops."""
    photographs = select(rows, Split.VALIDATION)
    values = []
    for name in recipe.methods:
        pairs = FixedPairs(dataset, photographs, name, CONDITIONS[0], _N_ATTENTION, recipe.seed + 2)
        images = pairs.batch["images"]
        x = normalise(images[len(images) // 2 :])
        values.append(attention_map(encoder, encoder(x)).clamp_min(0).flatten())
    scale = float(np.percentile(torch.cat(values).numpy(), _ATTENTION_PERCENTILE))
    if scale <= 0:
        raise UsageError(
            "The attention map is nowhere positive on forged crops.", "Train longer, then export again."
        )
    return scale


def _limitations(recipe: Stage1Recipe) -> tuple[str, ...]:
    return (
        "Faces only. A picture without a face, or with a face that the detector does not find, is not examined.",
        "A low score does not show that a picture is genuine: forgeries by methods unlike "
        f"{', '.join(recipe.methods)} may score as low as genuine photographs do.",
        "No forgery made by a neural network was in the training or in these measurements; error rates on "
        "such forgeries are unknown.",
        "'Out-of-domain' above means a forging method that was not trained on. The photographs were all "
        "forged by this program, from a few collections of portraits.",
        "Measured on single crops of photographs; videos were imitated by H.264 intra frames alone.",
        "Before stage 2 the attention map is no map of the forgery (Du et al. 2020): it shows what the model "
        "attended to.",
        "Heavy compression, blur, faces under 80 px and faces turned away were not or hardly tested; "
        "error rates by age, sex or origin were not measured.",
        "The score is not calibrated: it is no probability, and no likelihood ratio can be given.",
    )


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
