"""The losses of the paper, each a mean over the batch. Labels: 1 = real, 0 = fake (eq. 4)."""

from __future__ import annotations

import torch
from torch import Tensor

from forensic_cli.model.lae import IMAGENET_MEAN, IMAGENET_STD, latent_activations


def latent_loss(z: Tensor, labels: Tensor) -> Tensor:
    """Eq. 4: `mean_i |a_T - l_i| + |a_F - (1 - l_i)|`.

    Args:
        z: (B, d_z).
        labels: (B,) float, 1 = real.
    """
    activation_true, activation_fake = latent_activations(z)
    return ((activation_true - labels).abs() + (activation_fake - (1 - labels)).abs()).mean()


def to_unit_range(x: Tensor) -> Tensor:
    """Takes ImageNet-normalised images (B, 3, H, W) to [-1, 1], the range of the decoder's Tanh."""
    mean = torch.tensor(IMAGENET_MEAN, device=x.device, dtype=x.dtype).view(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD, device=x.device, dtype=x.dtype).view(1, 3, 1, 1)
    return (x * std + mean) * 2 - 1


def pixel_loss(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Eq. 5, first term, as mean absolute error in [-1, 1].

    The paper's text says mean absolute error and its formula squared L2; the text is followed.

    Args:
        x: (B, 3, 256, 256), ImageNet-normalised.
        reconstruction: the same shape, in [-1, 1].
    """
    return (to_unit_range(x) - reconstruction).abs().mean()
