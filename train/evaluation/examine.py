"""Scores and attention maps of sets of crops, compression by compression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from forensic_cli.model.lae import ConceptEncoder, attention_map, latent_activations, normalise
from forensic_cli.types import LatentActivation, RgbImage
from train.evaluation.crop_sets import CropSet
from train.forge.degrade import degrade
from train.metrics import Scores
from train.validation import Condition

_BATCH_SIZE = 32


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """What the encoder says of n crops.

    Attributes:
        scores: (n,) a_F - a_T.
        attention: (n, 16, 16) float32 raw maps.
    """

    scores: Scores
    attention: NDArray[np.float32]


class CropExaminer:
    """An encoder on the fastest device there is, in fp32.

    Args:
        encoder: in evaluation mode.
        attention_form: "paper" or "signed", see `attention_map`.
    """

    def __init__(self, encoder: ConceptEncoder, attention_form: str) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._encoder = encoder.to(self._device).to(memory_format=torch.channels_last)
        self.attention_form = attention_form

    def examine(self, crops: CropSet, condition: Condition) -> Examined:
        """Compresses every crop of a set and examines it."""
        parts = []
        for start in range(0, len(crops.rows), _BATCH_SIZE):
            chosen = range(start, min(start + _BATCH_SIZE, len(crops.rows)))
            parts.append(
                self.examine_images([degrade(crops.image(k), condition.degradation) for k in chosen])
            )
        return Examined(
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.attention for part in parts]),
        )

    @torch.inference_mode()
    def examine_images(self, images: Sequence[RgbImage]) -> Examined:
        """Examines one batch of (256, 256, 3) uint8 pictures."""
        batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).to(self._device)
        encoding = self._encoder(normalise(batch).contiguous(memory_format=torch.channels_last))
        activation_true, activation_fake = latent_activations(encoding.z)
        scores = [
            LatentActivation(real, fake).score
            for real, fake in zip(activation_true.tolist(), activation_fake.tolist(), strict=True)
        ]
        attention = attention_map(self._encoder, encoding, self.attention_form)
        return Examined(np.array(scores, np.float64), attention.float().cpu().numpy())
