"""What runs the encoder's convolutions: torch by default, CUDA graphs on a GPU, OpenVINO as an extra."""

from __future__ import annotations

import torch

from forensic_cli.config import BackendName
from forensic_cli.errors import UsageError, extra_remedy
from forensic_cli.model.backends.base import Answers, Backend
from forensic_cli.model.backends.eager import EagerBackend
from forensic_cli.model.lae import ConceptEncoder

__all__ = ["Answers", "Backend", "EagerBackend", "make_backend"]


def make_backend(
    name: BackendName, encoder: ConceptEncoder, attention_form: str, device: torch.device
) -> Backend:
    """Makes the backend that a scan asks for, on the device that it runs on.

    Args:
        encoder: with its weights, in evaluation mode; is moved to `device`.

    Raises:
        UsageError: the backend's package is not installed, or it does not run on this device.
    """
    if name is BackendName.OPENVINO:
        if device.type != "cpu":
            raise UsageError(
                f"--backend openvino runs on the CPU, and --device {device.type} was asked for.",
                "Leave one of the two out.",
            )
        try:
            from forensic_cli.model.backends.openvino_cpu import OpenVinoBackend
        except ModuleNotFoundError as error:
            if error.name != "openvino":
                raise
            raise UsageError(
                "--backend openvino needs the package `openvino`, which is not installed.",
                extra_remedy("openvino"),
            ) from error
        return OpenVinoBackend(encoder, attention_form)
    if device.type == "cuda":
        from forensic_cli.model.backends.cuda import CudaBackend

        return CudaBackend(encoder, attention_form, device)
    return EagerBackend(encoder, attention_form, device)
