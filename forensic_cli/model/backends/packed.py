"""Convolutions whose weights are laid out for the processor once, and not again for every crop.

oneDNN computes on weights in blocks of its own. Plain torch lays them out anew in every forward pass, since
they might have changed: with one crop a pass that took 4 of the 15 ms that `lae-face-v2` takes on an AVX-512
core (`benchmarks/inference_backends.py`). The operators are those by which torch's own compiler freezes
weights; the convolution is the same, bit for bit.
"""

from __future__ import annotations

import copy
import platform

import torch
from torch import Tensor, nn


def can_pack(device: torch.device) -> bool:
    """True where oneDNN computes the convolutions: on the CPU, in torch's builds for x86-64."""
    return (
        device.type == "cpu"
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and platform.machine().lower() in ("x86_64", "amd64")
    )


def with_packed_weights(features: nn.Module) -> nn.Module:
    """A copy of the layers in which the convolutions keep their weights packed.

    Args:
        features: in evaluation mode, on the CPU. Their weights are shared with the copy and must not change.
    """
    shared = {id(parameter): parameter for parameter in features.parameters()}
    packed = copy.deepcopy(features, shared)
    for module in list(packed.modules()):
        for name, layer in module.named_children():
            # Other paddings are made by a step of their own, which is no part of the convolution.
            if isinstance(layer, nn.Conv2d) and layer.padding_mode == "zeros":
                setattr(module, name, _PackedConvolution(layer))
    return packed


class _PackedConvolution(nn.Module):
    """A convolution for inputs of one shape at a time: how weights are best laid out depends on it."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self._convolution = convolution
        self._shape: torch.Size | None = None
        self._packed: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """As the convolution does; for one thread at a time."""
        layer = self._convolution
        if x.shape != self._shape:
            self._packed = torch.ops.mkldnn._reorder_convolution_weight(
                layer.weight, layer.padding, layer.stride, layer.dilation, layer.groups, x.shape
            )
            self._shape = x.shape
        result: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x,
            self._packed,
            layer.bias,
            layer.padding,
            layer.stride,
            layer.dilation,
            layer.groups,
            "none",
            [],
            "",
        )
        return result
