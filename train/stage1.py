"""`train stage1`: eq. 2 on pairs that are forged on the fly."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Dataset

from forensic_cli import __version__
from forensic_cli.model.lae import INPUT_PX, Encoder, LocalityAwareAutoEncoder, initialise, normalise
from forensic_cli.provenance.files import hash_evidence
from forensic_cli.provenance.run import processor_name
from train.checkpoint import Progress, load_checkpoint, save_checkpoint
from train.data.crops import LANDMARKS_NAME
from train.data.dataset import DATASET_NAME, Split, read_dataset, select
from train.data.pairs import (
    Endless,
    ForgedPairs,
    ForgeSettings,
    PatchesOfPairs,
    batch_of,
    batch_of_patches,
)
from train.initial import start_high_pass
from train.losses import latent_loss, pixel_loss
from train.recipe import Initialisation, Schedule, Stage1Recipe
from train.run_folder import RunFolder
from train.validation import CONDITIONS, FixedPairs

_COSINE_FROM = 0.4
_PATCHES_PER_PAIR = 4
_N_VALIDATION = 96


@dataclass(frozen=True, slots=True)
class StepReport:
    """What a progress display needs after a step."""

    n_images: int
    n_images_total: int
    losses: dict[str, float]
    images_per_s: float
    validation: dict[str, float] | None = None


def _ema(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """Exponential moving average whose decay grows from 1/10 to `decay`, so that early weights fade.

    A fixed decay would still hold a share of `decay ** n` of the random initialisation.
    """

    def average(averaged: Tensor, current: Tensor, n_averaged: Tensor | int) -> Tensor:
        share = min(decay, (1 + float(n_averaged)) / (10 + float(n_averaged)))
        return averaged * share + current * (1 - share)

    return average


def learning_rate(recipe: Stage1Recipe, n_images: int) -> float:
    """The learning rate after `n_images`, warm-up included.

    Constant, or a cosine over the last 60% of stage 1 proper.
    """
    n_warmup = recipe.n_warmup_steps * recipe.warmup_batch_size
    share = max(0, n_images - n_warmup) / recipe.n_images
    if recipe.schedule is Schedule.CONSTANT or share <= _COSINE_FROM:
        return recipe.lr
    fallen = (1 + np.cos(np.pi * min(1.0, (share - _COSINE_FROM) / (1 - _COSINE_FROM)))) / 2
    return float(recipe.lr * (recipe.final_lr_share + (1 - recipe.final_lr_share) * fallen))


class Stage1Objective(nn.Module):
    """Eq. 2 as one module, so that Fabric sees a single forward pass and returns plain tensors."""

    def __init__(self, recipe: Stage1Recipe) -> None:
        super().__init__()
        self.autoencoder = LocalityAwareAutoEncoder()
        initialise(self.autoencoder, torch.Generator().manual_seed(recipe.seed))
        if recipe.initialisation is Initialisation.HIGH_PASS:
            start_high_pass(self.autoencoder.encoder)
        self.recipe = recipe

    def forward(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Computes the loss and its terms.

        Args:
            images: (B, 3, 256, 256) uint8; smaller for patches, which have no reconstruction.
            labels: (B,) float, 1 = real.

        Returns:
            "total", "latent" and, for whole crops, "pixel", each a scalar.
        """
        x = normalise(images).contiguous(memory_format=torch.channels_last)
        if images.shape[-1] != INPUT_PX:
            patch_loss = latent_loss(self.autoencoder.encoder(x).z.float(), labels)
            return {"total": self.recipe.alpha_latent * patch_loss, "latent": patch_loss}
        encoding, reconstruction = self.autoencoder(x)
        latent = latent_loss(encoding.z.float(), labels)
        pixel = pixel_loss(x, reconstruction.float())
        weights = self.recipe
        total = weights.alpha_latent * latent + weights.alpha_rec * weights.beta_pixel * pixel
        return {"total": total, "latent": latent, "pixel": pixel}


def _facts(dataset: Path, recipe: Stage1Recipe, fabric: Fabric, n_train: int) -> dict[str, Any]:
    return {
        "stage": "stage1",
        "dataset_sha256": hash_evidence(dataset / DATASET_NAME).sha256,
        "landmarks_sha256": hash_evidence(dataset / LANDMARKS_NAME).sha256,
        "n_train_crops": n_train,
        "recipe": recipe.name,
        "seed": recipe.seed,
        "device": str(fabric.device),
        "processor": torch.cuda.get_device_name() if fabric.device.type == "cuda" else processor_name(),
        "n_threads": torch.get_num_threads(),
        "versions": {"lae-forensics": __version__, "torch": str(torch.__version__), "numpy": np.__version__},
        "started_utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


class _Run:
    """The mutable state of one stage-1 run."""

    def __init__(self, fabric: Fabric, recipe: Stage1Recipe, folder: RunFolder) -> None:
        self.fabric, self.recipe, self.folder = fabric, recipe, folder
        objective = Stage1Objective(recipe).to(memory_format=torch.channels_last)
        optimiser = torch.optim.Adam(objective.parameters(), recipe.lr, betas=(0.9, 0.999), eps=1e-8)
        self.autoencoder = objective.autoencoder
        self.objective, self.optimiser = fabric.setup(objective, optimiser)
        self.averaged = (
            AveragedModel(
                self.autoencoder.encoder,
                avg_fn=_ema(recipe.ema_decay),
                use_buffers=True,
            )
            if recipe.ema_decay
            else None
        )
        self.progress = Progress()

    @property
    def encoder(self) -> Encoder:
        """The encoder that is validated and exported: the averaged one where there is one."""
        encoder = self.averaged.module if self.averaged else self.autoencoder.encoder
        assert isinstance(encoder, Encoder)
        return encoder

    def _modules(self) -> dict[str, nn.Module]:
        modules: dict[str, nn.Module] = {"model": self.autoencoder}
        if self.averaged:
            modules["averaged"] = self.averaged
        return modules

    def save(self, path: Path) -> None:
        if self.fabric.is_global_zero:
            save_checkpoint(path, self._modules(), {"adam": self.optimiser.optimizer}, self.progress)

    def load(self, path: Path) -> None:
        self.progress = load_checkpoint(path, self._modules(), {"adam": self.optimiser.optimizer})

    def step(self, batch: dict[str, Tensor]) -> dict[str, float]:
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.recipe, self.progress.n_images)
        losses = self.objective(batch["images"], batch["labels"])
        self.fabric.backward(losses["total"])
        self.fabric.clip_gradients(self.objective, self.optimiser, max_norm=self.recipe.gradient_clip)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        if self.averaged:
            self.averaged.update_parameters(self.autoencoder.encoder)
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def validate(self, sets: list[FixedPairs]) -> dict[str, float]:
        scores = [pairs.score(self.encoder, self.fabric.device) for pairs in sets]
        figures: dict[str, float] = {}
        for method in {score.method: None for score in scores}:
            figures[f"auc/{method}"] = float(np.mean([s.auc for s in scores if s.method == method]))
        figures["auc"] = float(np.mean([score.auc for score in scores]))
        figures["accuracy"] = float(np.mean([score.accuracy for score in scores]))
        return figures


def train_stage1(
    dataset: Path,
    run_path: Path,
    recipe: Stage1Recipe,
    resume: bool = False,
    accelerator: str = "auto",
    on_step: Callable[[StepReport], None] = lambda report: None,
) -> Progress:
    """Trains stage 1 to the end of the recipe, from the last checkpoint if there is one.

    The checkpoint with the highest mean AUC over the trained methods on validation identities is
    kept as `best`; held-out methods and the test split are not looked at.

    Args:
        dataset: folder made by `prepare`.
        run_path: run folder; made, or resumed.
        accelerator: Fabric's name: "auto", "cpu", "cuda", "mps".

    Raises:
        UsageError: the dataset or run folder does not fit.
    """
    fabric = Fabric(accelerator=accelerator, devices=1, precision=recipe.precision)  # type: ignore[arg-type]
    rows = read_dataset(dataset)
    train_rows, validation_rows = select(rows, Split.TRAIN), select(rows, Split.VALIDATION)
    folder = RunFolder(run_path)
    folder.begin(asdict(recipe), _facts(dataset, recipe, fabric, len(train_rows)), resume)
    run = _Run(fabric, recipe, folder)
    if resume and folder.last.exists():
        run.load(folder.last)
    folder.drop_metrics_after(run.progress.n_images)
    sets = [
        FixedPairs(dataset, validation_rows, method, condition, _N_VALIDATION, recipe.seed)
        for method in recipe.methods
        for condition in CONDITIONS
    ]
    pairs = ForgedPairs(dataset, train_rows, ForgeSettings(recipe.methods, recipe.codecs), recipe.seed)
    n_warmup = recipe.n_warmup_steps * recipe.warmup_batch_size
    if run.progress.n_images < n_warmup:
        patches = PatchesOfPairs(pairs, _PATCHES_PER_PAIR, recipe.warmup_patch_px)
        n_pairs = recipe.warmup_batch_size // 2 // _PATCHES_PER_PAIR
        start = run.progress.n_images // 2 // _PATCHES_PER_PAIR
        sampler = Endless(start, recipe.n_warmup_steps * n_pairs)
        _fit(run, _loader(fabric, recipe, patches, n_pairs, sampler, batch_of_patches), sets, on_step)
    # The pairs that the warm-up saw are not seen again.
    offset = recipe.n_warmup_steps * (recipe.warmup_batch_size // 2 // _PATCHES_PER_PAIR)
    start = offset + (run.progress.n_images - n_warmup) // 2
    sampler = Endless(start, offset + recipe.n_steps * recipe.batch_size // 2)
    _fit(run, _loader(fabric, recipe, pairs, recipe.batch_size // 2, sampler, batch_of), sets, on_step)
    return run.progress


def _loader(
    fabric: Fabric,
    recipe: Stage1Recipe,
    dataset: Dataset[Any],
    n_items: int,
    sampler: Endless,
    collate: Callable[[Any], dict[str, Tensor]],
) -> Any:
    loader = DataLoader(
        dataset,
        batch_size=n_items,
        sampler=sampler,
        num_workers=recipe.n_workers,
        collate_fn=collate,
        # A forked worker inherits OpenCV's and FFmpeg's locks in whatever state they are, and hangs.
        multiprocessing_context="spawn" if recipe.n_workers else None,
        persistent_workers=recipe.n_workers > 0,
    )
    return fabric.setup_dataloaders(loader, use_distributed_sampler=False)


def _crosses(every: int, before: int, after: int) -> bool:
    return before // every != after // every


def _fit(run: _Run, loader: Any, sets: list[FixedPairs], on_step: Callable[[StepReport], None]) -> None:
    recipe = run.recipe
    n_end = recipe.n_warmup_steps * recipe.warmup_batch_size + recipe.n_steps * recipe.batch_size
    run.objective.train()
    clock = time.monotonic()
    for batch in loader:
        losses = run.step(batch)
        now = time.monotonic()
        seconds, clock = now - clock, now
        before = run.progress.n_images
        done = before + len(batch["labels"])
        run.progress = Progress(done, run.progress.best_auc, run.progress.seconds + seconds)
        record: dict[str, Any] = {"n_images": done, "lr": learning_rate(recipe, before), **losses}
        figures = None
        if _crosses(recipe.validate_every, before, done) or done >= n_end:
            figures = run.validate(sets)
            record["validation"] = figures
            if figures["auc"] > run.progress.best_auc:
                run.progress = Progress(done, figures["auc"], run.progress.seconds)
                run.save(run.folder.best)
        run.folder.append_metrics(record)
        if _crosses(recipe.checkpoint_every, before, done) or done >= n_end:
            run.save(run.folder.last)
        on_step(StepReport(done, n_end, losses, len(batch["labels"]) / max(seconds, 1e-9), figures))
