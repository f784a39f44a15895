"""DCGAN's discriminator (Radford, Metz and Chintala 2016), extended to 256 px."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from forensic_cli.model.lae import initialise

# The last five layers are DCGAN's for 64 px; two light stages before them bring 256 px to 64.
_WIDTHS = (16, 32, 64, 128, 256, 512)
_SLOPE = 0.2


class Discriminator(nn.Module):
    """Says, as a logit, whether an image is a photograph or a reconstruction.

    Args:
        seed: of the initialisation, N(0, 0.02).
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        stages: list[nn.Module] = [  # (B, 3, 256, 256)
            nn.Conv2d(3, _WIDTHS[0], 4, stride=2, padding=1),  # (B, 16, 128, 128)
            nn.LeakyReLU(_SLOPE, inplace=True),
        ]
        for n_in, n_out in pairwise(_WIDTHS):
            # (B, 32, 64, 64), (B, 64, 32, 32), (B, 128, 16, 16), (B, 256, 8, 8), (B, 512, 4, 4)
            stages += [
                nn.Conv2d(n_in, n_out, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(n_out),
                nn.LeakyReLU(_SLOPE, inplace=True),
            ]
        stages.append(nn.Conv2d(_WIDTHS[-1], 1, 4))  # (B, 1, 1, 1)
        self.stages = nn.Sequential(*stages)
        initialise(self, torch.Generator().manual_seed(seed))

    def forward(self, images: Tensor) -> Tensor:
        """Maps (B, 3, 256, 256) in [-1, 1] to logits (B,); above 0 = a photograph."""
        logits: Tensor = self.stages(images).flatten()
        return logits
