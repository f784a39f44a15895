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
    card_from_dict,
)
from forensic_cli.provenance.files import write_atomically
from train.checkpoint import read_progress
from train.data.dataset import DatasetRow, Split, read_dataset, select
from train.evaluate import EvaluationRow, load_run, read_evaluation
from train.metrics import (
    Scores,
    threshold_at_false_negative_rate,
    threshold_at_false_positive_rate,
    wilson_interval,
)
from train.recipe import Stage1Recipe
from train.run_folder import RunFolder
from train.validation import CONDITIONS, FixedPairs

FALSE_POSITIVE_RATE = 0.05
FALSE_NEGATIVE_RATE = 0.20
_ATTENTION_PERCENTILE = 99.0
_N_ATTENTION = 64


def export(dataset: Path, run_path: Path, name: str, out: Path) -> ModelCard:
    """Writes `<name>.safetensors` and its entry in weights.json, which becomes the default.

    The thresholds come from the trained methods on validation identities; the error rates from the
    test split, if `evaluate --split test` was run, else from validation, and the card says which.

    Raises:
        UsageError: the run was not evaluated, or the catalogue holds that name already.
    """
    recipe, encoder = load_run(run_path, dataset)
    rows = read_dataset(dataset)
    validation = read_evaluation(run_path, Split.VALIDATION.value)
    test_split = Split.TEST if (run_path / "evaluation-test.json").exists() else Split.VALIDATION
    measured = read_evaluation(run_path, test_split.value)
    forged_threshold, no_support_threshold = _thresholds(validation)
    tensors = {
        key: value.float().contiguous()
        for key, value in encoder.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    content = save(tensors)
    card = ModelCard(
        name=name,
        arch="lae",
        file=f"{name}.safetensors",
        sha256=hashlib.sha256(content).hexdigest(),
        forged_threshold=forged_threshold,
        no_support_threshold=no_support_threshold,
        threshold_rule=_threshold_rule(validation, recipe),
        attention_scale=_attention_scale(encoder, dataset, rows, recipe),
        training=tuple(_training_facts(run_path, recipe, rows).items()),
        error_rates=tuple(_error_rates(measured, forged_threshold, test_split)),
        limitations=_limitations(recipe),
    )
    _write_entry(out, card)
    write_atomically(out / card.file, content)
    return card


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


def _threshold_rule(validation: Sequence[EvaluationRow], recipe: Stage1Recipe) -> str:
    genuine, forged = _pooled(validation, was_trained=True)
    return (
        f"Likely forged from the lowest score that at most {FALSE_POSITIVE_RATE:.0%} of {len(genuine)} genuine "
        f"validation crops reach; no support below the score under which at most {FALSE_NEGATIVE_RATE:.0%} of "
        f"{len(forged)} forged validation crops lie ({', '.join(recipe.methods)}; "
        f"{', '.join(condition.name for condition in CONDITIONS)}). Single crops, identities not trained on."
    )


def _error_rates(rows: Sequence[EvaluationRow], threshold: float, split: Split) -> list[ErrorRate]:
    rates = []
    for row in rows:
        genuine, forged = np.array(row.genuine), np.array(row.forged)
        n_false_positive = int((genuine >= threshold).sum())
        n_false_negative = int((forged < threshold).sum())
        rates.append(
            ErrorRate(
                condition=f"{row.method}, {row.condition}",
                domain="in-domain" if row.was_trained else "out-of-domain",
                dataset=f"photographs of the {split.value} identities, forged here",
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


def _training_facts(run_path: Path, recipe: Stage1Recipe, rows: Sequence[DatasetRow]) -> dict[str, str]:
    facts: dict[str, Any] = json.loads((run_path / "run.json").read_text(encoding="utf-8"))
    last = _last_step(run_path)
    train = [row for row in rows if row.split is Split.TRAIN]
    collections = sorted({row.collection for row in train})
    losses = f"latent (eq. 4) x {recipe.alpha_latent:g}, pixel (eq. 5, MAE) x {recipe.alpha_rec * recipe.beta_pixel:g}"
    return {
        "Stage": "1 (eq. 2); no attention loss, no masks used",
        "Training data": f"{len(train)} real photographs of {len({row.source_id for row in train})} identities "
        f"({', '.join(collections)}), forged on the fly",
        "Split": "by identity: "
        + ", ".join(f"{sum(row.split is split for row in rows)} {split.value}" for split in Split),
        "Methods": ", ".join(f"{method} {share:.0%}" for method, share in recipe.methods.items()),
        "Held out": ", ".join(recipe.held_out),
        "Compression": ", ".join(f"{codec.value} {share:.0%}" for codec, share in recipe.codecs.items()),
        "Losses": f"{losses}; perceptual and adversarial losses not used (beta_2 = beta_3 = 0)",
        "Recipe": f"train/recipes/{recipe.name}.toml",
        "Images seen": f"{last['n_images']:,} of {recipe.n_images:,}, best checkpoint by validation AUC",
        "Hours": f"{_hours(run_path):.2f}",
        "Device": f"{facts['device']} ({facts['processor']}, {facts['n_threads']} threads), {recipe.precision}",
        "Started": facts["started_utc"],
        "Versions": ", ".join(f"{package} {version}" for package, version in facts["versions"].items()),
        "Dataset SHA-256": facts["dataset_sha256"],
        "Licences": "mebeauty: no licence file, mostly Unsplash and Pexels; eg1800: uploaders' own terms, "
        "research only; validation and test also congress (US Government works), london (CC BY 4.0, "
        "DeBruine and Jones 2017, 10.6084/m9.figshare.5047666)",
    }


def _last_step(run_path: Path) -> dict[str, Any]:
    lines = RunFolder(run_path).metrics.read_text(encoding="utf-8").splitlines()
    last: dict[str, Any] = json.loads(lines[-1])
    return last


def _hours(run_path: Path) -> float:
    return read_progress(RunFolder(run_path).last).seconds / 3600


def _limitations(recipe: Stage1Recipe) -> tuple[str, ...]:
    return (
        "Faces only. A picture without a face, or with a face that the detector does not find, is not examined.",
        "A low score does not show that a picture is genuine: forgeries by methods unlike "
        f"{', '.join(recipe.methods)} may score as low as genuine photographs do.",
        "No forgery made by a neural network was in the training or in these measurements; error rates on "
        "such forgeries are unknown.",
        "Measured on single crops of photographs; videos were imitated by H.264 intra frames alone.",
        "Before stage 2 the attention map is no map of the forgery (Du et al. 2020): it shows what the model "
        "attended to.",
        "Heavy compression, blur, faces under 80 px and faces turned away were not or hardly tested; "
        "error rates by age, sex or origin were not measured.",
        "The score is not calibrated: it is no probability, and no likelihood ratio can be given.",
    )


def _write_entry(out: Path, card: ModelCard) -> None:
    path = out / CATALOGUE_NAME
    document: dict[str, Any] = {"schema": CATALOGUE_SCHEMA, "default": card.name, "weights": []}
    if path.exists():
        document = json.loads(path.read_text(encoding="utf-8"))
        if any(entry["name"] == card.name for entry in document["weights"]):
            raise UsageError(f"{path} holds an entry {card.name!r} already.", "Give --name another name.")
        document["default"] = card.name
    entry = asdict(card)
    entry["training"] = dict(card.training)
    card_from_dict(json.loads(json.dumps(entry)))
    document["weights"].append(entry)
    write_atomically(path, (json.dumps(document, indent=2) + "\n").encode())
