"""The part of a model card that says how the weights were made, read from the run itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from forensic_cli.errors import UsageError
from train.checkpoint import read_progress
from train.data.dataset import DatasetRow, Split
from train.recipe import Initialisation, Schedule, Stage1Recipe
from train.run_folder import RunFolder


def training_facts(run_path: Path, recipe: Stage1Recipe, rows: Sequence[DatasetRow]) -> dict[str, str]:
    """(name, value) in reading order.

    Raises:
        UsageError: run.json or a checkpoint is missing.
    """
    folder = RunFolder(run_path)
    try:
        facts: dict[str, Any] = json.loads(folder.facts.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder.facts} cannot be read: {error}.", "Train again.") from error
    last = read_progress(folder.last)
    return {
        "Stage": "1 (eq. 2); no attention loss, no masks used",
        "Training data": _data(rows),
        "Split": "by identity as the index names it; crops: "
        + ", ".join(f"{sum(row.split is split for row in rows)} {split.value}" for split in Split),
        "Never trained on": ", ".join(_collections(rows, trained=False)) or "no collection as a whole",
        "Methods": ", ".join(f"{method} {share:.0%}" for method, share in recipe.methods.items()),
        "Held out": ", ".join(recipe.held_out) or "none",
        "Compression": ", ".join(f"{codec.value} {share:.0%}" for codec, share in recipe.codecs.items())
        + "; at random also shrunk, blurred, noisy, grey, of another gamma, or JPEG before",
        "Losses": f"latent (eq. 4) x {recipe.alpha_latent:g}; pixel (eq. 5, MAE) x "
        f"{recipe.alpha_rec * recipe.beta_pixel:g}; perceptual and adversarial losses not used",
        "Images seen": _images(recipe, read_progress(folder.best).n_images),
        "Optimiser": _optimiser(recipe),
        "Recipe": f"{recipe.name}, as resolved in the run; seed {recipe.seed}",
        "Hours": f"{last.seconds / 3600:.2f}",
        "Device": f"{facts['device']} ({facts['processor']}, {facts['n_threads']} threads), {recipe.precision}",
        "Started": facts["started_utc"],
        "Versions": ", ".join(f"{package} {version}" for package, version in facts["versions"].items()),
        "Dataset SHA-256": facts["dataset_sha256"],
    }


def _collections(rows: Sequence[DatasetRow], trained: bool) -> list[str]:
    seen = {row.collection for row in rows if row.split is Split.TRAIN}
    return sorted(seen if trained else {row.collection for row in rows} - seen)


def _data(rows: Sequence[DatasetRow]) -> str:
    train = [row for row in rows if row.split is Split.TRAIN]
    people = len({row.source_id for row in train})
    return (
        f"{len(train)} real photographs of {people} identities "
        f"({', '.join(_collections(rows, trained=True))}), forged on the fly"
    )


def _images(recipe: Stage1Recipe, n_best: int) -> str:
    n_warmup = recipe.n_warmup_steps * recipe.warmup_batch_size
    n_whole = recipe.n_steps * recipe.batch_size
    whole = f"{n_whole:,} whole crops with all losses"
    if n_warmup:
        px = recipe.warmup_patch_px
        whole = f"{n_warmup:,} patches of {px} x {px} px with the latent loss alone, then {whole}"
    return f"{whole}; the checkpoint after {n_best:,} was best on validation"


def _optimiser(recipe: Stage1Recipe) -> str:
    schedule = (
        "constant"
        if recipe.schedule is Schedule.CONSTANT
        else f"cosine over the last 60% down to {recipe.final_lr_share:.0%}"
    )
    start = (
        "DCGAN's initialisation"
        if recipe.initialisation is Initialisation.DCGAN
        else "DCGAN's initialisation, first layer high-pass"
    )
    averaged = f", averaged weights (decay {recipe.ema_decay:g})" if recipe.ema_decay else ""
    batches = (
        f"batches of {recipe.warmup_batch_size} and {recipe.batch_size}"
        if recipe.n_warmup_steps
        else f"batches of {recipe.batch_size}"
    )
    return f"Adam, learning rate {recipe.lr:g} {schedule}, {batches}, {start}{averaged}"
