"""Plain torch in fp32, on the CPU and on MPS: the default, and what the others are compared with."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from forensic_cli.model.backends.base import SynchronousBackend
from forensic_cli.model.backends.packed import can_pack, with_packed_weights
from forensic_cli.model.lae import ConceptEncoder, normalise

# A core is busy with one crop as with many, and a batch of one is never filled up with nothing:
# `benchmarks/inference_backends.py`.
_CPU_BATCH = 1
_MPS_BATCH = 16


class EagerBackend(SynchronousBackend):
    """fp32, channels_last: a report is repeated more often than it is hurried.

    Args:
        encoder: whose weights do not change any more.
    """

    precision: ClassVar[str] = "fp32"

    def __init__(self, encoder: ConceptEncoder, attention_form: str, device: torch.device) -> None:
        encoder = encoder.to(device).to(memory_format=torch.channels_last).eval()
        super().__init__(encoder, attention_form, device)
        self._features = with_packed_weights(encoder.features) if can_pack(device) else encoder.features

    @property
    def name(self) -> str:
        """For the record."""
        return "torch"

    def choose_batch_size(self) -> int:
        """One crop on a CPU."""
        return _CPU_BATCH if self._device.type == "cpu" else _MPS_BATCH

    def concepts(self, pixels: Tensor) -> Tensor:
        """As `SynchronousBackend.concepts`."""
        x = normalise(pixels.permute(0, 3, 1, 2)).contiguous(memory_format=torch.channels_last)
        concepts: Tensor = self._features(x)
        return concepts
