"""Running the encoder on crops: weights that were checked, on a device that is there."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load

from forensic_cli.config import DeviceName, ModelSettings
from forensic_cli.errors import UsageError, WeightsError
from forensic_cli.model.architectures import ARCHITECTURES, make_encoder
from forensic_cli.model.lae import ConceptEncoder, attention_map, latent_activations, normalise
from forensic_cli.model.weights import ModelCard, read_verified, resolve
from forensic_cli.types import LatentActivation, RgbImage


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the encoder says of one crop.

    Attributes:
        attention: (16, 16) float32, eq. 8 in the card's form; not normalised, may be negative.
    """

    activation: LatentActivation
    attention: NDArray[np.float32]


def choose_device(wanted: DeviceName) -> torch.device:
    """The device to run on: for `auto` CUDA, then MPS, then the CPU.

    Raises:
        UsageError: the device that was asked for by name is not there.
    """
    has_cuda, has_mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if wanted is DeviceName.AUTO:
        return torch.device("cuda" if has_cuda else "mps" if has_mps else "cpu")
    if (wanted is DeviceName.CUDA and not has_cuda) or (wanted is DeviceName.MPS and not has_mps):
        raise UsageError(
            f"--device {wanted.value} was asked for, but there is none that torch can use.",
            "Use --device auto or --device cpu; `lae-forensics doctor` shows what is there.",
        )
    return torch.device(wanted.value)


class Examiner:
    """The trained encoder, ready to read crops.

    CPU and MPS run fp32: a report is repeated more often than it is hurried. CUDA runs the
    convolutions in bf16. channels_last everywhere.

    Args:
        settings: weights, device and batch size.

    Raises:
        WeightsError: the weights are missing, altered, foreign without leave, or of another shape.
        UsageError: the device is not there.
    """

    def __init__(self, settings: ModelSettings) -> None:
        catalogue, self.card = resolve(settings.weights, settings.allow_foreign_weights)
        self.device = choose_device(settings.device)
        self.batch_size = settings.batch_size
        encoder = build_encoder(self.card, read_verified(catalogue, self.card))
        self._encoder = encoder.to(self.device).to(memory_format=torch.channels_last).eval()

    @property
    def precision(self) -> str:
        """Arithmetic of the convolutions: "bf16" on CUDA, "fp32" elsewhere."""
        return "bf16" if self.device.type == "cuda" else "fp32"

    @property
    def device_description(self) -> str:
        """The device in words, for the report."""
        if self.device.type == "cuda":
            return f"cuda ({torch.cuda.get_device_name(self.device)})"
        threads = torch.get_num_threads()
        return f"{self.device.type} ({platform.machine()}, {threads} thread{'s' if threads != 1 else ''})"

    @torch.inference_mode()
    def read(self, crops: Sequence[RgbImage]) -> list[Reading]:
        """Reads crops, `batch_size` at a time.

        Args:
            crops: each (256, 256, 3) uint8 RGB.

        Returns:
            One reading a crop, in order.
        """
        readings: list[Reading] = []
        for start in range(0, len(crops), self.batch_size):
            pixels = torch.from_numpy(np.stack(crops[start : start + self.batch_size]))
            readings += self._read_batch(pixels.to(self.device, non_blocking=True))
        return readings

    def _read_batch(self, pixels: torch.Tensor) -> list[Reading]:
        x = normalise(pixels.permute(0, 3, 1, 2)).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            concepts = self._encoder.features(x)
        # The score is a small difference of two means: from the pooling on, everything is fp32.
        encoding = self._encoder.head(concepts.float())
        attention = attention_map(self._encoder, encoding, self.card.attention_form)
        real, fake = latent_activations(encoding.z)
        if not (torch.isfinite(real).all() and torch.isfinite(fake).all()):
            raise ArithmeticError("The model gave an activation that is no finite number.")
        return [
            Reading(LatentActivation(float(a_true), float(a_fake)), map_)
            for a_true, a_fake, map_ in zip(real.cpu(), fake.cpu(), attention.cpu().numpy(), strict=True)
        ]


def build_encoder(card: ModelCard, content: bytes) -> ConceptEncoder:
    """Makes an encoder from the bytes of a safetensors file.

    Raises:
        WeightsError: an unknown architecture, no safetensors, or tensors of another network.
    """
    if card.arch not in ARCHITECTURES:
        raise WeightsError(
            f"{card.name} is of the architecture {card.arch!r}, which this version does not know.",
            "Use the version of lae-forensics that the weights were made with.",
        )
    encoder = make_encoder(card.arch)
    try:
        tensors = {name: tensor.float() for name, tensor in load(content).items()}
        # Batch-norm counters are no weights: they are not exported, and evaluation ignores them.
        missing, unexpected = encoder.load_state_dict(tensors, strict=False)
    except (SafetensorError, RuntimeError, ValueError) as error:
        raise WeightsError(
            f"{card.file} does not hold the weights of this network: {error}.",
            "Restore the file from the release.",
        ) from error
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise WeightsError(
            f"{card.file} does not fit the network: missing {missing}, unexpected {unexpected}.",
            "Restore the file from the release.",
        )
    return encoder
