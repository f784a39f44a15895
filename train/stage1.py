"""`train stage1`: eq. 2 to 6 on pairs that are forged on the fly, or on a dataset's own fakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer

from forensic_cli.model.lae import ConceptEncoder
from train.checkpoint import Progress, load_encoder_weights
from train.data.dataset import Split, read_dataset, select
from train.data.pairs import PatchesOfPairs, batch_of, batch_of_patches
from train.data.sources import choosing_sets, has_stored_fakes, training_pairs
from train.discriminator import Discriminator
from train.distributed import share_batch_norm
from train.fabric import Hardware, make_loader, start_fabric
from train.loop import Loop, StepReport, adam, averaged_copy, figures_of, set_learning_rate
from train.losses import discriminator_loss
from train.objective1 import Stage1Objective
from train.perceptual import Comparator, load_comparator
from train.pictures import save_pictures
from train.recipe import Schedule, Source, Stage1Recipe
from train.run_folder import RunFolder, run_facts
from train.tensorboard import StepReports
from train.validation import ValidationSet, people_of

_COSINE_FROM = 0.4
_PATCHES_PER_PAIR = 4
_N_PICTURES = 4


def learning_rate(recipe: Stage1Recipe, n_images: int) -> float:
    """The learning rate after `n_images`, warm-up included.

    Constant, as in Algorithm 1, or a cosine over the last 60% of stage 1 proper.
    """
    n_warmup = recipe.n_warmup_steps * recipe.warmup_batch_size
    share = max(0, n_images - n_warmup) / recipe.n_images
    if recipe.schedule is Schedule.CONSTANT or share <= _COSINE_FROM:
        return recipe.lr
    fallen = (1 + np.cos(np.pi * min(1.0, (share - _COSINE_FROM) / (1 - _COSINE_FROM)))) / 2
    return float(recipe.lr * (recipe.final_lr_share + (1 - recipe.final_lr_share) * fallen))


class Stage1:
    """Autoencoder, discriminator and their optimisers: what `Loop` trains.

    Args:
        comparator: VGG16; None if beta_perceptual is 0.
        sets: fixed validation pairs.
    """

    def __init__(
        self,
        fabric: Fabric,
        recipe: Stage1Recipe,
        comparator: Comparator | None = None,
        sets: Sequence[ValidationSet] = (),
    ) -> None:
        self.fabric, self.recipe, self.sets = fabric, recipe, list(sets)
        discriminator = Discriminator(recipe.seed + 1) if recipe.beta_adversarial else None
        objective = Stage1Objective(recipe, comparator)
        if recipe.start_from:
            load_encoder_weights(Path(recipe.start_from), objective.autoencoder.encoder)
        self.autoencoder = objective.autoencoder
        is_cuda = fabric.device.type == "cuda"
        share_batch_norm(objective, fabric.world_size, is_cuda)
        objective = objective.to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimiser = adam((p for p in objective.parameters() if p.requires_grad), recipe.lr)
        self.modules: dict[str, nn.Module] = {"model": self.autoencoder}
        self.optimisers: dict[str, Optimizer] = {"adam": optimiser}
        self.discriminator: Any = None
        if discriminator is not None:
            share_batch_norm(discriminator, fabric.world_size, is_cuda)
            discriminator = discriminator.to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
            own = adam(discriminator.parameters(), recipe.discriminator_lr)
            self.modules["discriminator"] = discriminator
            self.optimisers["adam-discriminator"] = own
            self.discriminator, self._discriminator_optimiser = fabric.setup(discriminator, own)
        if discriminator is not None:
            objective.set_judge(discriminator)
        self.averaged = averaged_copy(self.autoencoder.encoder, recipe.ema_decay)
        if self.averaged:
            self.modules["averaged"] = self.averaged
        compiled: Any = torch.compile(objective) if recipe.is_compiled else objective
        self.objective, self._optimiser = fabric.setup(compiled, optimiser)
        self.objective.train()

    @property
    def encoder(self) -> ConceptEncoder:
        """The averaged encoder where there is one."""
        encoder = self.averaged.module if self.averaged else self.autoencoder.encoder
        assert isinstance(encoder, ConceptEncoder)
        return encoder

    def learning_rate(self, n_images: int) -> float:
        """See `learning_rate` of this module."""
        return learning_rate(self.recipe, n_images)

    def step(self, batch: dict[str, Tensor], lr: float) -> dict[str, Tensor]:
        """One step of eq. 2, and then one of eq. 6 on the reconstruction that it made.

        Patches, marked by the key "is_patch", have neither reconstruction nor discriminator.
        """
        set_learning_rate(self._optimiser, lr)
        terms = self.objective(batch["images"], batch["labels"], "is_patch" not in batch)
        reconstruction = terms.pop("reconstruction", None)
        self.fabric.backward(terms["total"])
        # Fabric refuses to clip a module's gradients together with those that it does not optimise.
        self.fabric.clip_gradients(self.objective, self._optimiser, max_norm=self.recipe.gradient_clip)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        if self.averaged:
            self.averaged.update_parameters(self.autoencoder.encoder)
        losses: dict[str, Tensor] = dict(terms)
        if self.discriminator is not None and reconstruction is not None:
            losses["discriminator"] = self._judge(batch["images"], reconstruction.detach(), lr)
        return losses

    def _judge(self, images: Tensor, reconstruction: Tensor, lr: float) -> Tensor:
        set_learning_rate(self._discriminator_optimiser, self.recipe.discriminator_lr * lr / self.recipe.lr)
        genuine = (images.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        loss = discriminator_loss(self.discriminator(genuine), self.discriminator(reconstruction))
        self.fabric.backward(loss)
        self.fabric.clip_gradients(
            self.discriminator, self._discriminator_optimiser, max_norm=self.recipe.gradient_clip
        )
        self._discriminator_optimiser.step()
        self._discriminator_optimiser.zero_grad(set_to_none=True)
        return loss

    def validate(self) -> dict[str, float]:
        """AUC and accuracy over the fixed validation pairs."""
        return figures_of([pairs.score(self.encoder, self.fabric.device) for pairs in self.sets])


def train_stage1(
    dataset: Path,
    run_path: Path,
    recipe: Stage1Recipe,
    resume: bool = False,
    hardware: Hardware | None = None,
    on_step: Callable[[StepReport], None] = lambda report: None,
    perceptual_weights: Path | None = None,
    has_board: bool = False,
) -> Progress:
    """Trains stage 1 to the end of the recipe, from the last checkpoint if there is one.

    The checkpoint with the highest mean AUC over the trained methods on validation identities is
    kept as `best`; held-out methods and the test split are not looked at.

    Args:
        dataset: folder made by `prepare` or `forge`.
        run_path: run folder; made, or resumed.
        perceptual_weights: VGG16's, see `load_comparator`.
        has_board: write TensorBoard's files too.

    Raises:
        UsageError: the dataset, the run folder, the hardware or VGG16's weights do not fit.
    """
    fabric = start_fabric(hardware or Hardware(), recipe.precision)
    torch.manual_seed(recipe.seed)
    rows = read_dataset(dataset)
    if recipe.source is Source.AUTO:
        recipe = replace(recipe, source=Source.STORED if has_stored_fakes(rows) else Source.FORGE)
    train_rows = select(rows, Split.TRAIN)
    comparator = None
    if recipe.beta_perceptual:
        comparator = load_comparator(perceptual_weights, recipe.perceptual_sha256)
    folder = RunFolder(run_path)
    if fabric.is_global_zero:
        facts = run_facts("stage1", dataset, recipe, fabric, len(train_rows))
        folder.begin(asdict(recipe), facts, resume)
    fabric.barrier()
    sets = choosing_sets(dataset, rows, recipe) if fabric.is_global_zero else []
    if fabric.is_global_zero:
        folder.add_choosing(people_of(sets))
    stage = Stage1(fabric, recipe, comparator, sets)
    n_warmup = recipe.n_warmup_steps * recipe.warmup_batch_size
    reports = StepReports(fabric.is_global_zero, folder, has_board, on_step)
    loop = Loop(
        fabric,
        folder,
        stage,
        n_warmup + recipe.n_steps * recipe.batch_size,
        recipe.validate_every,
        recipe.checkpoint_every,
        2 * len(train_rows),
        reports,
        lambda n_images: save_pictures(
            folder.picture(n_images),
            stage.encoder,
            stage.autoencoder.decoder,
            sets,
            fabric.device,
            _N_PICTURES,
        ),
    )
    if resume:
        loop.resume()
    pairs = training_pairs(dataset, rows, recipe)
    if loop.progress.n_images < n_warmup:
        n_pairs = recipe.warmup_batch_size // 2 // _PATCHES_PER_PAIR
        patches = PatchesOfPairs(
            pairs, _PATCHES_PER_PAIR, recipe.warmup_patch_px, recipe.seed, recipe.warmup_reuse
        )
        steps = range(loop.progress.n_images // recipe.warmup_batch_size, recipe.n_warmup_steps)
        loop.run(
            make_loader(fabric, patches, batch_of_patches, steps, n_pairs, recipe.n_workers),
            lambda batch: len(batch["labels"]),
        )
    # The pairs that the warm-up saw are not seen again.
    n_seen = recipe.n_warmup_steps * (recipe.warmup_batch_size // 2 // _PATCHES_PER_PAIR)
    first = (loop.progress.n_images - n_warmup) // recipe.batch_size
    loader = make_loader(
        fabric,
        pairs,
        batch_of,
        range(first, recipe.n_steps),
        recipe.batch_size // 2,
        recipe.n_workers,
        n_seen,
    )
    loop.run(loader, lambda batch: len(batch["labels"]))
    reports.close()
    return loop.progress
