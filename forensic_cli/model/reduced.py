"""The paper's encoder on a crop that is reduced to 128 px first.

A quarter of the computing time, so that a short training sees four times as many pictures, and a scan
reads four times as many crops. What is lost is detail that most faces of videos do not have, or that
compression has taken; what is won is that the concept layer sees 156 px of the crop instead of 78.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from forensic_cli.model.lae import PAPER_WIDTHS, Encoder


class _ReducedFeatures(nn.Sequential):
    """Table 2's layers under their own names: weights of the paper's encoder fit."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, 512, H / 32, W / 32); H and W multiples of 32."""
        features = F.avg_pool2d(x, 2)
        for layer in self:
            features = layer(features)
        return features


class ReducedEncoder(Encoder):
    """Table 2, left column, on the mean of every two by two pixels; its map is 8 x 8 for a crop of 256 px."""

    def __init__(self, widths: tuple[int, int, int, int] = PAPER_WIDTHS) -> None:
        super().__init__(widths)
        self.features = _ReducedFeatures(*self.features)
