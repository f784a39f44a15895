"""Fixed validation pairs, and the figures measured on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from forensic_cli.errors import UsageError
from forensic_cli.model.lae import Encoder, latent_activations, normalise
from forensic_cli.types import LatentActivation
from train.data.crops import read_landmarks, read_portrait
from train.data.dataset import DatasetRow, draw_donor
from train.data.pairs import ForgeSettings, batch_of, make_pair
from train.forge.degrade import Codec, Degradation
from train.metrics import Scores, auc, balanced_accuracy


@dataclass(frozen=True, slots=True)
class Condition:
    """One compression under which a method is measured.

    Attributes:
        quality: JPEG quality, or H.264 constant rate factor.
    """

    name: str
    codec: Codec
    quality: int = 0

    @property
    def degradation(self) -> Degradation:
        """The chain that applies it and nothing else."""
        return Degradation(codec=self.codec, quality=self.quality)


CONDITIONS = (
    Condition("no further compression", Codec.NONE),
    Condition("JPEG 75", Codec.JPEG, 75),
    Condition("H.264 CRF 23", Codec.H264, 23),
    Condition("H.264 CRF 35", Codec.H264, 35),
)


@dataclass(frozen=True, slots=True, eq=False)
class PairScores:
    """Scores of the genuine and the forged versions of the same photographs.

    Attributes:
        genuine, forged: (n,) float64, higher = more fake; index i is one photograph.
    """

    method: str
    condition: str
    genuine: Scores
    forged: Scores

    @property
    def auc(self) -> float:
        """Area under the ROC curve."""
        return auc(self.genuine, self.forged)

    @property
    def accuracy(self) -> float:
        """Balanced accuracy at a_F = a_T, the paper's decision."""
        return balanced_accuracy(self.genuine, self.forged)


class FixedPairs:
    """Pairs that are the same at every validation: one method, one condition.

    Args:
        n: photographs, the first n of `rows` in a seeded order.

    Raises:
        UsageError: there are fewer than two rows.
    """

    def __init__(
        self, folder: Path, rows: Sequence[DatasetRow], method: str, condition: Condition, n: int, seed: int
    ) -> None:
        if len(rows) < 2:
            raise UsageError("Validation needs at least two photographs.", "Prepare more material.")
        self.method, self.condition = method, condition
        settings = ForgeSettings({method: 1.0}, {condition.codec: 1.0}, window_jitter=False)
        landmarks = read_landmarks(folder)
        order = np.random.default_rng(seed).permutation(len(rows))[:n]
        pairs = []
        for number in order:
            rng = np.random.default_rng([seed, int(number)])
            row = rows[int(number)]
            donor = draw_donor(rows, row, rng)
            pairs.append(
                make_pair(
                    read_portrait(folder, row, landmarks),
                    read_portrait(folder, donor, landmarks),
                    settings,
                    rng,
                    condition.degradation,
                )
            )
        self.batch = batch_of(pairs)

    def score(self, encoder: Encoder, device: torch.device) -> PairScores:
        """Scores all pairs with an encoder in evaluation mode."""
        scores = score_images(encoder, self.batch["images"], device)
        n = len(scores) // 2
        return PairScores(self.method, self.condition.name, scores[:n], scores[n:])


@torch.inference_mode()
def score_images(encoder: Encoder, images: Tensor, device: torch.device, batch_size: int = 64) -> Scores:
    """Scores pictures in fp32.

    Args:
        images: (N, 3, 256, 256) uint8.

    Returns:
        (N,) float64, `a_F - a_T`.
    """
    was_training = encoder.training
    encoder.eval()
    scores: list[float] = []
    for start in range(0, len(images), batch_size):
        x = normalise(images[start : start + batch_size].to(device))
        activation_true, activation_fake = latent_activations(
            encoder(x.contiguous(memory_format=torch.channels_last)).z
        )
        scores += [
            LatentActivation(real, fake).score
            for real, fake in zip(activation_true.tolist(), activation_fake.tolist(), strict=True)
        ]
    encoder.train(was_training)
    return np.array(scores, np.float64)
