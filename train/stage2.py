"""`train stage2`: eq. 7 to 11. Masks teach the encoder to look at what was forged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer

from forensic_cli.errors import UsageError
from forensic_cli.model.lae import ConceptEncoder
from forensic_cli.provenance.files import write_atomically
from train.annotate.imported import AnnotatedMask
from train.card import start_facts
from train.checkpoint import Progress
from train.data.annotated import AnnotatedFakes, batch_of_annotated
from train.data.dataset import Split, read_dataset, select
from train.data.pairs import batch_of
from train.data.sources import choosing_sets, training_pairs
from train.distributed import share_batch_norm
from train.fabric import Hardware, make_loader, start_fabric
from train.loop import Loop, StepReport, adam, averaged_copy, figures_of, set_learning_rate
from train.mask_source import MaskSource
from train.objective2 import Stage2Objective
from train.pictures import save_pictures
from train.run_folder import RunFolder, run_facts
from train.stage2_recipe import Stage2Recipe
from train.tensorboard import StepReports
from train.trained_run import TrainedRun, load_run
from train.validation import ValidationSet, attention_figures, people_of

_N_PICTURES = 4


def learning_rate(recipe: Stage2Recipe, epoch_images: int, n_images: int) -> float:
    """Algorithm 1: divided by ten every three epochs; every round starts anew.

    Args:
        epoch_images: images of an epoch.
        n_images: seen since stage 2 began.
    """
    epoch = n_images // epoch_images % recipe.n_epochs
    return recipe.lr * recipe.lr_drop_factor ** (epoch // recipe.lr_drop_every_epochs)


class Stage2:
    """The encoder, its attention's scale and their optimiser: what `Loop` trains.

    Args:
        encoder: where stage 2 starts.
        sets: fixed validation pairs.
    """

    def __init__(
        self,
        fabric: Fabric,
        recipe: Stage2Recipe,
        epoch_images: int,
        encoder: ConceptEncoder,
        sets: Sequence[ValidationSet] = (),
    ) -> None:
        self.fabric, self.recipe, self.sets = fabric, recipe, list(sets)
        self.epoch_images = epoch_images
        objective = Stage2Objective(encoder, recipe)
        share_batch_norm(objective, fabric.world_size, fabric.device.type == "cuda")
        objective = objective.to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.scale = objective.scale
        optimiser = adam(objective.parameters(), recipe.lr)
        self._current = objective.encoder
        self.averaged = averaged_copy(self._current, recipe.ema_decay)
        self.modules: dict[str, nn.Module] = {"model": _Holder(self._current), "scale": self.scale}
        if self.averaged:
            self.modules["averaged"] = self.averaged
        self.optimisers: dict[str, Optimizer] = {"adam": optimiser}
        self.objective, self._optimiser = fabric.setup(objective, optimiser)
        self.objective.train()

    @property
    def encoder(self) -> ConceptEncoder:
        """The averaged encoder where there is one."""
        encoder = self.averaged.module if self.averaged else self._current
        assert isinstance(encoder, ConceptEncoder)
        return encoder

    def learning_rate(self, n_images: int) -> float:
        """See `learning_rate` of this module."""
        return learning_rate(self.recipe, self.epoch_images, n_images)

    def step(self, batch: dict[str, Tensor], lr: float) -> dict[str, Tensor]:
        """One step of eq. 11.

        Annotated fakes come with the batch; without them, and unless this is the control arm, the
        batch's own fakes are used wherever their mask is known.
        """
        set_learning_rate(self._optimiser, lr)
        annotated, masks = batch.get("annotated"), batch.get("annotated_masks")
        if annotated is None and self.recipe.lambda_attention:
            annotated = batch["has_mask"] & (batch["labels"] == 0)
            masks = batch["masks"][annotated]
        losses: dict[str, Tensor] = self.objective(batch["images"], batch["labels"], annotated, masks)
        self.fabric.backward(losses["total"])
        self.fabric.clip_gradients(self.objective, self._optimiser, max_norm=self.recipe.gradient_clip)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        if self.averaged:
            self.averaged.update_parameters(self._current)
        return losses

    def validate(self) -> dict[str, float]:
        """AUC and accuracy, and where the attention lies, over the fixed validation pairs."""
        scores = [pairs.score(self.encoder, self.fabric.device) for pairs in self.sets]
        attention = attention_figures(
            self.encoder, self.sets, self.recipe.attention_form.value, self.fabric.device
        )
        return {**figures_of(scores), **attention}


class _Holder(nn.Module):
    """Gives the encoder the name that it has in a checkpoint of stage 1."""

    def __init__(self, encoder: ConceptEncoder) -> None:
        super().__init__()
        self.encoder = encoder


def train_stage2(
    dataset: Path,
    start: Path,
    run_path: Path,
    recipe: Stage2Recipe,
    masks: MaskSource,
    resume: bool = False,
    hardware: Hardware | None = None,
    on_step: Callable[[StepReport], None] = lambda report: None,
    has_board: bool = False,
) -> Progress:
    """Trains stage 2 from the best encoder of another run, to the end of the recipe.

    Args:
        dataset: the one that `start` was trained on.
        start: run folder of stage 1, or of an earlier stage 2.
        run_path: run folder; made, or resumed.
        masks: which fakes the attention loss sees; not asked in the control arm.

    Raises:
        UsageError: run folders, dataset, masks or hardware do not fit; or `start` does not say who chose
            its checkpoint.
    """
    begun = load_run(start, dataset, is_rounded=False)
    chose_start = begun.choosing()
    fabric = start_fabric(hardware or Hardware(), recipe.precision or begun.recipe.precision)
    torch.manual_seed(recipe.seed)
    rows = read_dataset(dataset)
    train_rows = select(rows, Split.TRAIN)
    epoch_images = recipe.epoch_images or 2 * len(train_rows)
    # Whole batches: an epoch ends where a step does.
    epoch_images = max(1, epoch_images // recipe.batch_size) * recipe.batch_size
    is_control = recipe.lambda_attention == 0
    folder = RunFolder(run_path)
    if fabric.is_global_zero:
        config = {
            "stage1": asdict(begun.recipe),
            "stage2": asdict(recipe),
            "masks": "none: control arm" if is_control else masks.describe(),
        }
        facts = run_facts(
            "stage2",
            dataset,
            recipe,
            fabric,
            len(train_rows),
            epoch_images=epoch_images,
            start=start_facts(begun),
            masks=config["masks"],
        )
        folder.begin(config, facts, resume)
    fabric.barrier()
    sets = choosing_sets(dataset, rows, begun.recipe) if fabric.is_global_zero else []
    if fabric.is_global_zero:
        folder.add_choosing(chose_start | people_of(sets))
    stage = Stage2(fabric, recipe, epoch_images, begun.encoder, sets)
    round_images = recipe.n_epochs * epoch_images
    n_rounds = 1 if is_control else masks.n_rounds
    reports = StepReports(fabric.is_global_zero, folder, has_board, on_step)
    loop = Loop(
        fabric,
        folder,
        stage,
        n_rounds * round_images,
        recipe.validate_every or epoch_images,
        recipe.checkpoint_every or epoch_images,
        epoch_images,
        reports,
        lambda n_images: save_pictures(
            folder.picture(n_images),
            stage.encoder,
            None,
            sets,
            fabric.device,
            _N_PICTURES,
            recipe.attention_form.value,
        ),
    )
    if resume:
        loop.resume()
    if fabric.is_global_zero and loop.progress.n_images == 0 and not folder.start.exists():
        # What the gain is a gain over.
        write_atomically(folder.start, (json.dumps(stage.validate(), indent=2) + "\n").encode())
    fabric.barrier()
    pairs = training_pairs(dataset, rows, begun.recipe, recipe.seed)
    for number in range(loop.progress.n_images // round_images, n_rounds):
        annotated = None if is_control else _masks_of_round(masks, number, folder, stage, begun, fabric)
        done = loop.progress.n_images // recipe.batch_size
        steps = range(done, (number + 1) * round_images // recipe.batch_size)
        whole = make_loader(fabric, pairs, batch_of, steps, recipe.batch_size // 2, recipe.n_workers)
        batches: Iterable[dict[str, Tensor]] = whole
        if annotated is not None:
            fakes = AnnotatedFakes(dataset, annotated, begun.recipe.codecs, recipe.seed)
            few = make_loader(
                fabric, fakes, batch_of_annotated, steps, recipe.annotated_batch_size, recipe.n_workers
            )
            batches = _together(whole, few)
        loop.run(batches, lambda batch: len(batch["labels"]))
    reports.close()
    return loop.progress


def _together(whole: Any, annotated: Any) -> Iterator[dict[str, Tensor]]:
    for batch, fakes in zip(whole, annotated, strict=True):
        yield {**batch, **fakes}


def _masks_of_round(
    masks: MaskSource, number: int, folder: RunFolder, stage: Stage2, begun: TrainedRun, fabric: Fabric
) -> list[AnnotatedMask] | None:
    """The annotated fakes of a round: selected by the encoder as it is when the round begins.

    What was selected is saved, so that a resumed round goes on with the same ones.
    """
    path = folder.annotated(number)
    if fabric.is_global_zero and masks.is_selecting and not path.exists():
        earlier = _read_paths(folder.annotated(number - 1)) if number else []
        current = replace(begun, encoder=stage.encoder.eval())
        paths = [*earlier, *masks.select(current, number, earlier)]
        write_atomically(path, (json.dumps(paths, indent=2) + "\n").encode())
        stage.objective.train()
    fabric.barrier()
    return masks.annotated(_read_paths(path) if masks.is_selecting else None)


def _read_paths(path: Path) -> list[str]:
    try:
        paths: list[str] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", "Give --run a new folder.") from error
    return paths
