"""The part of a model card that says how the weights were made, read from the run itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import hash_evidence
from train.checkpoint import read_progress
from train.data.dataset import DatasetRow, Split
from train.recipe import Initialisation, Schedule, Source, Stage1Recipe
from train.run_folder import RunFolder
from train.stage2_recipe import Stage2Recipe
from train.trained_run import TrainedRun


def training_facts(run: TrainedRun, rows: Sequence[DatasetRow]) -> dict[str, str]:
    """(name, value) in reading order, of stage 1 and, where there is one, stage 2.

    Raises:
        UsageError: run.json or a checkpoint is missing or malformed.
    """
    facts = _read_facts(run.folder)
    recipe = run.recipe
    here = {**facts, "progress": _progress(run.folder)}
    try:
        # What a stage-2 run copied from the run that it started from.
        first = facts["start"] if run.stage2 else here
        return {
            "Stage": _stages(run),
            "Training data": _data(rows, recipe),
            "Split": "by identity as the index names it; crops: "
            + ", ".join(f"{sum(row.split is split for row in rows)} {split.value}" for split in Split),
            "Never trained on": ", ".join(_collections(rows, trained=False)) or "no collection as a whole",
            "Methods": _methods(recipe),
            "Held out": ", ".join(recipe.held_out) or "none",
            "Compression": ", ".join(f"{codec.value} {share:.0%}" for codec, share in recipe.codecs.items())
            + "; at random also shrunk, blurred, noisy, grey, of another gamma, or JPEG before",
            "Losses": _losses(recipe),
            "Images seen": _images(recipe, first["progress"], _start_of(first)),
            "Optimiser": _optimiser(recipe, bool(first.get("start_from"))),
            "Recipe": f"{recipe.name}, as resolved in the run; seed {recipe.seed}",
            **(_stage2_facts(run, run.stage2, here) if run.stage2 else {}),
            "Hours": _hours(first, here if run.stage2 else None),
            "Device": f"{facts['device']} ({facts['processor']}, {facts['n_threads']} threads), {recipe.precision}",
            "Started": first["started_utc"],
            "Versions": ", ".join(f"{package} {version}" for package, version in facts["versions"].items()),
            "Dataset SHA-256": facts["dataset_sha256"],
        }
    except (KeyError, TypeError) as error:
        raise UsageError(
            f"{run.folder.facts} lacks {error}.", "Train again with this version of the program."
        ) from error


def start_facts(run: TrainedRun) -> dict[str, Any]:
    """What a stage-2 run writes down of the run that it starts from, for the model card."""
    facts = _read_facts(run.folder)
    return {
        **facts,
        "run": run.folder.path.name,
        "checkpoint_sha256": hash_evidence(run.folder.best).sha256,
        "progress": _progress(run.folder),
    }


def _read_facts(folder: RunFolder) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(folder.facts.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder.facts} cannot be read: {error}.", "Train again.") from error
    return facts


def _progress(folder: RunFolder) -> dict[str, float]:
    """Images of the best checkpoint, and seconds of the whole run."""
    return {
        "best_n_images": read_progress(folder.best).n_images,
        "seconds": read_progress(folder.last).seconds,
    }


def _stages(run: TrainedRun) -> str:
    if run.stage2 is None:
        return "1 (eq. 2); no attention loss, no masks used"
    if run.masks is None:
        return "1 (eq. 2), and on at stage 2's rate without the attention loss: the control arm"
    return f"1 (eq. 2) and 2 (eq. 11) with {_masks(run.masks)}"


def _masks(masks: dict[str, Any]) -> str:
    if masks["origin"] == "painted":
        return f"{masks['n']} painted masks"
    if masks["n"] == "every forgery":
        return "the exact mask of every forgery"
    rounds = f" in {masks['n_rounds']} rounds" if masks["n_rounds"] > 1 else ""
    return f"the exact masks of {masks['n']} forgeries, {masks['method']} selection{rounds}"


def _methods(recipe: Stage1Recipe) -> str:
    if recipe.source is Source.STORED:
        return "the dataset's own fakes"
    return ", ".join(f"{method} {share:.0%}" for method, share in recipe.methods.items())


def _losses(recipe: Stage1Recipe) -> str:
    used = [f"latent (eq. 4) x {recipe.alpha_latent:g}"]
    unused = []
    for name, beta in (
        ("pixel (eq. 5, MAE)", recipe.beta_pixel),
        ("perceptual", recipe.beta_perceptual),
        ("adversarial", recipe.beta_adversarial),
    ):
        weight = recipe.alpha_rec * beta
        if weight:
            used.append(f"{name} x {weight:g}")
        else:
            unused.append(name)
    return "; ".join(used) + (f"; not used: {', '.join(unused)}" if unused else "")


def _start_of(facts: dict[str, Any]) -> str:
    start = facts.get("start_from")
    return f", going on from {start['file']} (SHA-256 {start['sha256'][:16]}...)" if start else ""


def _stage2_facts(run: TrainedRun, recipe: Stage2Recipe, here: dict[str, Any]) -> dict[str, str]:
    n_images = int(here["progress"]["best_n_images"])
    attention = (
        f"attention loss (eq. 9) x {recipe.lambda_attention:g}, map {run.attention_norm}, form "
        f"{run.attention_form}"
        if run.masks
        else "no attention loss"
    )
    return {
        "Stage 2": f"latent x {recipe.lambda_latent:g}, {attention}; encoder only, {recipe.n_epochs} epochs of "
        f"{here['epoch_images']:,} images, the checkpoint after {n_images:,} was best on validation; Adam, learning "
        f"rate {recipe.lr:g} times {recipe.lr_drop_factor:g} every {recipe.lr_drop_every_epochs} epochs, batches of "
        f"{recipe.batch_size}; seed {recipe.seed}"
    }


def _hours(first: dict[str, Any], second: dict[str, Any] | None) -> str:
    hours = first["progress"]["seconds"] / 3600
    if second is None:
        return f"{hours:.2f}"
    return f"{hours:.2f} and {second['progress']['seconds'] / 3600:.2f}"


def _collections(rows: Sequence[DatasetRow], trained: bool) -> list[str]:
    seen = {row.collection for row in rows if row.split is Split.TRAIN}
    return sorted(seen if trained else {row.collection for row in rows} - seen)


def _data(rows: Sequence[DatasetRow], recipe: Stage1Recipe) -> str:
    train = [row for row in rows if row.split is Split.TRAIN]
    real = [row for row in train if row.label == "real"]
    if recipe.source is Source.STORED:
        fakes = Counter(
            row.method for row in train if row.label == "fake" and row.method not in recipe.held_out
        )
        named = ", ".join(f"{n} {method}" for method, n in sorted(fakes.items()))
        kind, forged = "crops", f"and {fakes.total()} fakes of the dataset's own ({named})"
    else:
        kind, forged = "photographs", "forged on the fly"
    return (
        f"{len(real)} real {kind} of {len({row.source_id for row in real})} identities "
        f"({', '.join(_collections(rows, trained=True))}), {forged}"
    )


def _images(recipe: Stage1Recipe, progress: dict[str, float], start: str) -> str:
    n_warmup = recipe.n_warmup_steps * recipe.warmup_batch_size
    n_whole = recipe.n_steps * recipe.batch_size
    whole = f"{n_whole:,} whole crops with all losses"
    if n_warmup:
        px = recipe.warmup_patch_px
        whole = f"{n_warmup:,} patches of {px} x {px} px with the latent loss alone, then {whole}"
    n_best = int(progress["best_n_images"])
    return f"{whole}{start}; the checkpoint after {n_best:,} was best on validation"


def _optimiser(recipe: Stage1Recipe, is_begun: bool) -> str:
    schedule = (
        "constant"
        if recipe.schedule is Schedule.CONSTANT
        else f"cosine over the last 60% down to {recipe.final_lr_share:.0%}"
    )
    start = (
        "begun weights"
        if is_begun
        else "DCGAN's initialisation"
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
