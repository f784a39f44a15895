"""Active selection: which fakes are worth a painter's time.

The paper's "Channels concept ranking" and "Active candidate selection", eq. 10; the random control of
its Fig. 4 beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from forensic_cli.errors import UsageError
from forensic_cli.model.lae import ConceptEncoder, normalise
from train.annotate.scan_crop import read_scan_crop
from train.concepts import DEFAULT_L2, ConceptModel, Features, concept_channels, draw_random, rank
from train.data.dataset import DatasetRow, Split, read_dataset, select
from train.metrics import balanced_accuracy
from train.trained_run import TrainedRun

_Item = TypeVar("_Item")

DEFAULT_SEED = 20200
_N_CHANNELS_IN_REASON = 3
_BATCH_SIZE = 32


class SelectionMethod(StrEnum):
    """How fakes are chosen: by eq. 10, or at random as the control."""

    ACTIVE = "active"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fake chosen for annotation.

    Attributes:
        rank: from 1, the first to paint.
        reason: why it was chosen, in words and numbers.
        activation: mean of the standardised concept channels; None for a random draw.
    """

    rank: int
    row: DatasetRow
    reason: str
    activation: float | None = None

    @property
    def dataset_path(self) -> str:
        """Path of the prepared crop, below the dataset's folder."""
        return self.row.path


@dataclass(frozen=True, slots=True)
class Regression:
    """How the concept channels were found.

    Attributes:
        n_real, n_fake: crops it was fitted on.
        n_left_out: crops of the training split that a cap kept out of the fit.
        balanced_accuracy: on those very crops, at even odds.
        channels: see `ConceptModel`.
    """

    l2: float
    n_real: int
    n_fake: int
    n_left_out: int
    balanced_accuracy: float
    channels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen, and how.

    Attributes:
        candidates: best first.
        n_fakes: of the training split, among which the choice was made.
        regression: None for a random draw.
    """

    method: SelectionMethod
    seed: int
    candidates: tuple[Candidate, ...]
    n_fakes: int
    regression: Regression | None = None


@torch.inference_mode()
def channel_means(
    encoder: ConceptEncoder,
    dataset: Path,
    rows: Sequence[DatasetRow],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Features:
    """u_i: each channel of the concept layer averaged over its map, in evaluation mode, fp32.

    Args:
        on_progress: called with (crops done, crops in all).

    Returns:
        (n, 512) float64.

    Raises:
        UsageError: a crop cannot be read.
    """
    device = next(encoder.parameters()).device
    was_training = encoder.training
    encoder.eval()
    means = np.empty((len(rows), encoder.latent.in_features), np.float64)
    for start in range(0, len(rows), _BATCH_SIZE):
        crops = [read_scan_crop(dataset, row.path) for row in rows[start : start + _BATCH_SIZE]]
        x = normalise(torch.from_numpy(np.stack(crops)).to(device).permute(0, 3, 1, 2))
        concepts = encoder(x.contiguous(memory_format=torch.channels_last)).concepts
        means[start : start + len(crops)] = concepts.mean(dim=(2, 3)).cpu().numpy()
        on_progress(start + len(crops), len(rows))
    encoder.train(was_training)
    return means


def select_candidates(
    dataset: Path,
    run: TrainedRun,
    n: int,
    method: SelectionMethod = SelectionMethod.ACTIVE,
    seed: int = DEFAULT_SEED,
    l2: float = DEFAULT_L2,
    max_images: int = 0,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Selection:
    """Chooses n fakes of the training split for annotation.

    Args:
        dataset: holds real and fake crops; neither validation nor test crops are looked at.
        run: whose encoder is asked.
        seed: of a random draw, and of the crops that `max_images` leaves in.
        l2: see `concept_channels`.
        max_images: the regression is fitted on at most so many real and as many fake crops; 0 = all.
            Every fake is ranked whatever this says.
        on_progress: called with (crops read, crops in all).

    Raises:
        UsageError: there are no fakes, fewer than n, no real crops, or a crop cannot be read.
    """
    rows = read_dataset(dataset)
    fakes = sorted(_fakes(dataset, rows), key=lambda row: row.path)
    if not 1 <= n <= len(fakes):
        raise UsageError(
            f"{n} fakes cannot be selected: the training split holds {len(fakes)}.",
            f"Give --n 1 to {len(fakes)}.",
        )
    paths = [row.path for row in fakes]
    if method is SelectionMethod.RANDOM:
        drawn = draw_random(paths, n, seed)
        reason = f"drawn at random from {len(fakes)} fakes, seed {seed}"
        candidates = tuple(Candidate(k + 1, fakes[index], reason) for k, index in enumerate(drawn))
        return Selection(method, seed, candidates, len(fakes))
    all_real = sorted(select(rows, Split.TRAIN), key=lambda row: row.path)
    real = _capped(all_real, max_images, [seed, 1])
    features = channel_means(run.encoder, dataset, [*real, *fakes], on_progress)
    of_real, of_fakes = features[: len(real)], features[len(real) :]
    fitted = _capped(range(len(fakes)), max_images, [seed, 0])
    labels = np.repeat([1, 0], [len(real), len(fitted)])
    model = concept_channels(np.concatenate([of_real, of_fakes[list(fitted)]]), labels, l2)
    order = rank(of_fakes, paths, model)[:n]
    activations = model.activations(of_fakes[order])
    return Selection(
        method,
        seed,
        tuple(
            Candidate(k + 1, fakes[index], _reason(model, activations[k]), float(activations[k].mean()))
            for k, index in enumerate(order)
        ),
        len(fakes),
        Regression(
            l2,
            len(real),
            len(fitted),
            len(all_real) - len(real) + len(fakes) - len(fitted),
            balanced_accuracy(model.logits(of_real), model.logits(of_fakes[list(fitted)])),
            model.channels,
        ),
    )


def _fakes(dataset: Path, rows: Sequence[DatasetRow]) -> list[DatasetRow]:
    fakes = [row for row in rows if row.split is Split.TRAIN and row.label == "fake"]
    if not fakes:
        raise UsageError(
            f"The training split of {dataset} holds no fakes to select from.",
            "Forge some with `lae-forensics train forge`, or prepare a collection that holds fakes with "
            "`lae-forensics train prepare`; train stage 1 on that dataset.",
        )
    return fakes


def _capped(items: Sequence[_Item], most: int, entropy: list[int]) -> list[_Item]:
    """At most so many, drawn by a seed, in their old order; 0 = all."""
    if not most or len(items) <= most:
        return list(items)
    kept = np.random.default_rng(entropy).permutation(len(items))[:most]
    return [items[int(index)] for index in sorted(kept)]


def _reason(model: ConceptModel, activations: Features) -> str:
    loudest = sorted(range(len(activations)), key=lambda k: (-activations[k], k))[:_N_CHANNELS_IN_REASON]
    named = ", ".join(f"{model.channels[k]} ({activations[k]:+.2f})" for k in loudest)
    return (
        f"mean of {len(activations)} concept channels {activations.mean():+.2f} standard deviations; "
        f"strongest: {named}"
    )
