"""The loop that both stages run: step, validate, save, report. What is trained, it does not know."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from forensic_cli.model.lae import ConceptEncoder
from train.checkpoint import Progress, load_checkpoint, save_checkpoint
from train.distributed import mean_over_processes
from train.run_folder import RunFolder
from train.validation import PairScores


@dataclass(frozen=True, slots=True)
class StepReport:
    """What a progress display needs after a step."""

    n_images: int
    n_images_total: int
    losses: dict[str, float]
    images_per_s: float
    lr: float
    validation: dict[str, float] | None = None


class Trainable(Protocol):
    """What a stage trains.

    Attributes:
        modules, optimisers: saved in every checkpoint, by name.
    """

    modules: dict[str, nn.Module]
    optimisers: dict[str, Optimizer]

    @property
    def encoder(self) -> ConceptEncoder:
        """What is validated and exported."""
        ...

    def learning_rate(self, n_images: int) -> float:
        """The learning rate of the step that begins after `n_images`."""
        ...

    def step(self, batch: Any, lr: float) -> dict[str, Tensor]:
        """Trains on this process's part of a batch, and returns its losses."""
        ...

    def validate(self) -> dict[str, float]:
        """Figures on validation data; "auc" chooses the best checkpoint."""
        ...


@dataclass(slots=True)
class Loop:
    """Runs a trainable through batches, from wherever its last checkpoint stands.

    Attributes:
        n_images_total: where the run ends.
        validate_every, checkpoint_every, epoch_images: in images.
        on_epoch: called with the images seen at the end of every epoch, on the first process.
    """

    fabric: Fabric
    folder: RunFolder
    trainable: Trainable
    n_images_total: int
    validate_every: int
    checkpoint_every: int
    epoch_images: int
    on_step: Callable[[StepReport], None] = lambda report: None
    on_epoch: Callable[[int], None] = lambda n_images: None
    progress: Progress = field(default_factory=Progress)

    def resume(self) -> None:
        """Goes back to the last checkpoint, if there is one, and drops metrics that lie past it."""
        if self.folder.last.exists():
            self.progress = load_checkpoint(
                self.folder.last, self.trainable.modules, self.trainable.optimisers
            )
        if self.fabric.is_global_zero:
            self.folder.drop_metrics_after(self.progress.n_images)
        self.fabric.barrier()

    def run(self, batches: Iterable[Any], n_images_of: Callable[[Any], int]) -> None:
        """Trains on every batch.

        Args:
            n_images_of: images of a batch that count as seen, in this process.
        """
        clock = time.monotonic()
        for batch in batches:
            before = self.progress.n_images
            lr = self.trainable.learning_rate(before)
            losses = mean_over_processes(self.trainable.step(batch, lr))
            n_new = n_images_of(batch) * self.fabric.world_size
            now = time.monotonic()
            seconds, clock = now - clock, now
            self.progress = Progress(before + n_new, self.progress.best_auc, self.progress.seconds + seconds)
            figures = self._after_step(before, lr, losses)
            self.on_step(
                StepReport(
                    before + n_new,
                    self.n_images_total,
                    losses,
                    n_new / max(seconds, 1e-9),
                    lr,
                    figures,
                )
            )
            # Validation and saving are no part of the training rate.
            clock = time.monotonic()

    def _after_step(self, before: int, lr: float, losses: dict[str, float]) -> dict[str, float] | None:
        done = self.progress.n_images
        is_end = done >= self.n_images_total
        figures = None
        if self.fabric.is_global_zero:
            record: dict[str, Any] = {"n_images": done, "lr": lr, **losses}
            if _crosses(self.validate_every, before, done) or is_end:
                figures = self.trainable.validate()
                record["validation"] = figures
                if figures["auc"] > self.progress.best_auc:
                    self.progress = Progress(done, figures["auc"], self.progress.seconds)
                    self._save(self.folder.best)
            self.folder.append_metrics(record)
            if _crosses(self.checkpoint_every, before, done) or is_end:
                self._save(self.folder.last)
            if _crosses(self.epoch_images, before, done) or is_end:
                self.on_epoch(done)
        if _crosses(self.validate_every, before, done) or is_end:
            # The others wait here rather than in the next step's collective, which times out.
            self.fabric.barrier()
        return figures

    def _save(self, path: Any) -> None:
        save_checkpoint(path, self.trainable.modules, self.trainable.optimisers, self.progress)


def _crosses(every: int, before: int, after: int) -> bool:
    return before // every != after // every


def averaged_copy(encoder: ConceptEncoder, decay: float) -> AveragedModel | None:
    """An exponential moving average of an encoder's weights and statistics; None for decay 0.

    The decay grows from 1/10 to `decay`: a fixed one would still hold a share of `decay ** n` of
    what the encoder started with.
    """
    if not decay:
        return None

    def average(averaged: Tensor, current: Tensor, n_averaged: Tensor | int) -> Tensor:
        share = min(decay, (1 + float(n_averaged)) / (10 + float(n_averaged)))
        return averaged * share + current * (1 - share)

    return AveragedModel(encoder, avg_fn=average, use_buffers=True)


def adam(parameters: Iterable[nn.Parameter], lr: float) -> torch.optim.Adam:
    """Adam as Algorithm 1 sets it; one fused kernel a step where the device has it."""
    parameters = list(parameters)
    is_fused = parameters[0].device.type in {"cpu", "cuda"}
    return torch.optim.Adam(parameters, lr, betas=(0.9, 0.999), eps=1e-8, fused=is_fused)


def set_learning_rate(optimiser: Optimizer, lr: float) -> None:
    """Sets the rate of all parameter groups."""
    for group in optimiser.param_groups:
        group["lr"] = lr


def figures_of(scores: Sequence[PairScores]) -> dict[str, float]:
    """Mean AUC and accuracy, and the AUC of each method over its compressions."""
    figures = {
        f"auc/{method}": float(np.mean([score.auc for score in scores if score.method == method]))
        for method in dict.fromkeys(score.method for score in scores)
    }
    figures["auc"] = float(np.mean([score.auc for score in scores]))
    figures["accuracy"] = float(np.mean([score.accuracy for score in scores]))
    return figures
