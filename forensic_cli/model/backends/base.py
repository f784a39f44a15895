"""What every backend does: batches of one size in, activations and attention out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from forensic_cli.model.lae import ConceptEncoder, attention_map, latent_activations
from forensic_cli.types import RgbImage


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What the encoder says of n crops.

    Attributes:
        real, fake: (n,) float32, a_T and a_F of eq. 3.
        attention: (n, h, w) float32, eq. 8.
    """

    real: NDArray[np.float32]
    fake: NDArray[np.float32]
    attention: NDArray[np.float32]


class Backend(ABC):
    """An encoder on a device.

    Libraries choose other ways through a convolution for other batch sizes, and these round otherwise. So
    that a crop's answer does not depend on how many others wait with it, every forward pass has exactly
    `batch_size` crops; the last one is filled up with black.

    Attributes:
        precision: arithmetic of the convolutions: "fp32" or "bf16".
    """

    precision: ClassVar[str]

    @property
    @abstractmethod
    def name(self) -> str:
        """For the record, with the version where it is another package's than torch's."""

    @abstractmethod
    def choose_batch_size(self) -> int:
        """Crops of a forward pass where the user names no number."""

    @abstractmethod
    def run(self, crops: Sequence[RgbImage], batch_size: int) -> Iterator[Answers]:
        """Reads crops, `batch_size` at a time, in order. Not for two threads at once.

        Args:
            crops: each (256, 256, 3) uint8 RGB, one at least.

        Raises:
            torch.OutOfMemoryError: the device has no room for a batch. What was yielded before is valid.
        """


class SynchronousBackend(Backend):
    """One batch after the other, on a device that the program shares its memory with."""

    def __init__(self, encoder: ConceptEncoder, attention_form: str, device: torch.device) -> None:
        self._encoder, self._attention_form, self._device = encoder, attention_form, device

    def run(self, crops: Sequence[RgbImage], batch_size: int) -> Iterator[Answers]:
        """As `Backend.run`."""
        for start in range(0, len(crops), batch_size):
            batch = crops[start : start + batch_size]
            pixels = np.zeros((batch_size, *batch[0].shape), np.uint8)
            np.stack(batch, out=pixels[: len(batch)])
            concepts = self.concepts(torch.from_numpy(pixels).to(self._device))
            # Crop by crop: a product of small matrices rounds its last rows otherwise than its first.
            rows = [head(self._encoder, concepts[k : k + 1], self._attention_form) for k in range(len(batch))]
            real, fake, attention = (torch.cat(parts).cpu().numpy() for parts in zip(*rows, strict=True))
            yield Answers(real, fake, attention)

    @abstractmethod
    def concepts(self, pixels: Tensor) -> Tensor:
        """The concept layer (B, K, h, w), float32, of (B, 256, 256, 3) uint8 RGB."""


def head(encoder: ConceptEncoder, concepts: Tensor, attention_form: str) -> tuple[Tensor, Tensor, Tensor]:
    """From the concept layer to a_T (B,), a_F (B,) and the attention map (B, h, w), in fp32.

    The score is a small difference of two means: whatever the convolutions are computed in, this is not.
    """
    encoding = encoder.head(concepts.float())
    real, fake = latent_activations(encoding.z)
    return real, fake, attention_map(encoder, encoding, attention_form)
