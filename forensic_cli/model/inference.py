"""Running the encoder on crops: weights that were checked, on a device that is there."""

from __future__ import annotations

import logging
import math
import platform
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load

from forensic_cli.config import DeviceName, ModelSettings
from forensic_cli.errors import UsageError, WeightsError
from forensic_cli.model.architectures import ARCHITECTURES, make_encoder
from forensic_cli.model.backends import Answers, Backend, make_backend
from forensic_cli.model.lae import ConceptEncoder
from forensic_cli.model.reading import Reading
from forensic_cli.model.weights import ModelCard, read_verified, resolve
from forensic_cli.types import LatentActivation, RgbImage

logger = logging.getLogger(__name__)


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


class BatchReader:
    """Reads crops in batches of one size, whatever the number of crops.

    A crop's reading does not depend, bit for bit, on the crops that are read with it, nor on how many
    there are: see `backends.Backend`.

    Args:
        backend: the encoder on a device.
        batch_size: crops in a forward pass; None leaves it to the backend.
    """

    def __init__(self, backend: Backend, batch_size: int | None) -> None:
        self._backend = backend
        self._is_given = batch_size is not None
        self.batch_size = backend.choose_batch_size() if batch_size is None else batch_size
        self._first_size = self.batch_size

    @property
    def batch_description(self) -> str:
        """Crops in a forward pass, and how that number came about, for the report."""
        if self.batch_size != self._first_size:
            return f"{self.batch_size}; begun with {self._first_size}, halved where memory ran out"
        return str(self.batch_size) if self._is_given else f"{self.batch_size}, chosen by the program"

    def read(self, crops: Sequence[RgbImage]) -> list[Reading]:
        """Reads crops, `batch_size` at a time. Not for two threads at once.

        Args:
            crops: each (256, 256, 3) uint8 RGB.

        Returns:
            One reading a crop, in order.

        Raises:
            ArithmeticError: of one of them the model gave no finite number; it says which, from 0.
            UsageError: the device has no room for a single crop.
        """
        readings = []
        for number, answer in enumerate(self.read_each(crops)):
            if isinstance(answer, ArithmeticError):
                raise ArithmeticError(f"Crop {number} of {len(crops)}: {answer}") from answer
            readings.append(answer)
        return readings

    @torch.inference_mode()
    def read_each(self, crops: Sequence[RgbImage]) -> list[Reading | ArithmeticError]:
        """As `read`, but what is wrong with one crop is that crop's answer.

        Where the device runs out of memory, batches are halved from then on and the reading goes on.

        Raises:
            UsageError: the device has no room for a single crop.
        """
        readings: list[Reading | ArithmeticError] = []
        while len(readings) < len(crops):
            try:
                for answers in self._backend.run(crops[len(readings) :], self.batch_size):
                    readings += _readings(answers)
            except torch.OutOfMemoryError as error:
                self._halve(error)
        return readings

    def _halve(self, error: torch.OutOfMemoryError) -> None:
        if self.batch_size == 1:
            raise UsageError(
                "The device has too little free memory for the model and a single crop.",
                "End other programs that use it, or add --device cpu.",
            ) from error
        self.batch_size //= 2
        logger.warning("Memory ran out: batches of %d crops from now on.", self.batch_size)


class Examiner(BatchReader):
    """The trained encoder, ready to read crops.

    Args:
        settings: weights, device, backend and batch size.

    Raises:
        WeightsError: the weights are missing, altered, foreign without leave, or of another shape.
        UsageError: the device or the backend is not there.
    """

    def __init__(self, settings: ModelSettings) -> None:
        catalogue, self.card = resolve(settings.weights, settings.allow_foreign_weights)
        self.device = choose_device(settings.device_for_backend)
        encoder = build_encoder(self.card, read_verified(catalogue, self.card))
        backend = make_backend(settings.backend, encoder, self.card.attention_form, self.device)
        super().__init__(backend, settings.batch_size)

    @property
    def precision(self) -> str:
        """Arithmetic of the convolutions: "bf16" on CUDA, "fp32" elsewhere."""
        return self._backend.precision

    @property
    def device_description(self) -> str:
        """The device and the backend in words, for the report."""
        if self.device.type == "cuda":
            return f"cuda ({torch.cuda.get_device_name(self.device)}; {self._backend.name})"
        threads = torch.get_num_threads()
        count = f"{threads} thread{'s' if threads != 1 else ''}"
        return f"{self.device.type} ({platform.machine()}, {count}; {self._backend.name})"


def _readings(answers: Answers) -> list[Reading | ArithmeticError]:
    rows = zip(answers.real.tolist(), answers.fake.tolist(), answers.attention, strict=True)
    return [_reading(a_true, a_fake, attention) for a_true, a_fake, attention in rows]


def _reading(a_true: float, a_fake: float, attention: NDArray[np.float32]) -> Reading | ArithmeticError:
    if not (math.isfinite(a_true + a_fake) and np.isfinite(attention).all()):
        return ArithmeticError("The model gave an activation that is no finite number.")
    return Reading(LatentActivation(a_true, a_fake), attention)


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
