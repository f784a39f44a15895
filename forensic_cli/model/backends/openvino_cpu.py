"""OpenVINO in fp32 on the CPU, converted in memory from the weights that were checked. An extra."""

from __future__ import annotations

import copy
import sys
import warnings
from importlib import metadata
from typing import ClassVar

import torch
from torch import Tensor
from torch.jit._trace import TracerWarning

from forensic_cli.model.backends.base import SynchronousBackend
from forensic_cli.model.lae import INPUT_PX, ConceptEncoder, normalise

# Converting a model reports to the maker of OpenVINO, unasked, if this package can be imported. A scan
# opens no connection: without it OpenVINO falls back to a stub of its own. Before openvino is imported.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402 - see above

_BATCH = 1


class OpenVinoBackend(SynchronousBackend):
    """The convolutions by OpenVINO, the rest by torch.

    Nothing is written: neither the converted model nor compiled kernels are kept.
    """

    precision: ClassVar[str] = "fp32"

    def __init__(self, encoder: ConceptEncoder, attention_form: str) -> None:
        super().__init__(encoder.eval(), attention_form, torch.device("cpu"))
        example = torch.zeros(1, 3, INPUT_PX, INPUT_PX)
        with warnings.catch_warnings():
            # OpenVINO traces the network by a function that torch wants to replace some day.
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", TracerWarning)
            # A copy: tracing leaves its marks on a module.
            model = openvino.convert_model(copy.deepcopy(encoder.features), example_input=example)
        # The batch size is left open: with a fixed one, OpenVINO 2026.4.1 crashes on `lae-residual`.
        model.reshape([-1, 3, INPUT_PX, INPUT_PX])
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            # Processors with bf16 units would be given bf16 otherwise.
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        }
        self._compiled = openvino.Core().compile_model(model, "CPU", settings)

    @property
    def name(self) -> str:
        """For the record."""
        return f"OpenVINO {metadata.version('openvino')}"

    def choose_batch_size(self) -> int:
        """One crop."""
        return _BATCH

    def concepts(self, pixels: Tensor) -> Tensor:
        """As `SynchronousBackend.concepts`."""
        x = normalise(pixels.permute(0, 3, 1, 2)).contiguous()
        return torch.from_numpy(self._compiled(x.numpy())[0])
