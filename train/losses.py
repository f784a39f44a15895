"""The losses of the paper, each a mean over the batch. Labels: 1 = real, 0 = fake (eq. 4)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
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


def pixel_loss(images: Tensor, reconstruction: Tensor) -> Tensor:
    """Eq. 5, first term, as mean absolute error.

    The paper's text says mean absolute error and its formula squared L2; the text is followed.

    Args:
        images, reconstruction: (B, 3, H, W), in [-1, 1].
    """
    return (images - reconstruction).abs().mean()


def perceptual_loss(features: Tensor, features_of_reconstruction: Tensor) -> Tensor:
    """Eq. 5, second term, on the comparator's features (B, 512, 28, 28): mean absolute error."""
    return (features - features_of_reconstruction).abs().mean()


def adversarial_loss(logits_of_reconstruction: Tensor) -> Tensor:
    """Eq. 5, third term, `-log D(x_hat)`, from logits: the form that does not saturate."""
    return F.softplus(-logits_of_reconstruction).mean()


def discriminator_loss(logits: Tensor, logits_of_reconstruction: Tensor) -> Tensor:
    """Eq. 6, `-log D(x) - log(1 - D(x_hat))`, from logits."""
    return F.softplus(-logits).mean() + F.softplus(logits_of_reconstruction).mean()


def attention_loss(attention: Tensor, masks: Tensor) -> Tensor:
    """Eq. 9 as a mean over annotated fakes and pixels: `(M_hat - G)^2`.

    Args:
        attention: (B, h, w), normalised; up-sampled here to the masks' size, bilinearly.
        masks: (B, H, W) uint8 or float, 1 inside the forgery.
    """
    upsampled = F.interpolate(
        attention[:, None], masks.shape[-2:], mode="bilinear", align_corners=False
    ).squeeze(1)
    return (upsampled - masks.to(upsampled.dtype)).square().mean()
