"""A stronger encoder than the paper's, under the same losses and with the same attention.

What it has that Table 2 lacks, and why:
- the crop is reduced to 128 px first: a quarter of the computing time, in which a short training sees
  four times as many pictures; most faces of videos are no larger, and compression has taken the rest;
- a fixed high-pass branch beside the colours (the three filters of Zhou et al., CVPR 2018, out of
  Fridrich and Kodovsky's spatial rich model): blending shows in the noise first;
- full resolution at the entry: the high-pass branch works on every pixel, and its output and the
  colours are folded two by two into channels, so that the first learned layer has them all, each phase
  with weights of its own. Table 2 halves the picture in its first step. A plain layer at full
  resolution was tried: on a CPU it took as long as the rest of the network;
- residual blocks, so that the concept layer sees 180 px of the crop instead of 78;
- group normalisation (Wu and He, ECCV 2018) instead of batch normalisation: a batch holds the genuine
  and the forged version of the same photograph, and batch statistics would leak one into the other.
  Scaled weight standardisation, which normalises nothing that it sees, was tried too: after 6,000
  images it still told nothing from chance where either normalisation had begun after 1,200;
- reflection padding: a border of zeros is an edge that no photograph has, and draws attention.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from forensic_cli.model.lae import IMAGENET_STD, ConceptEncoder

# Channels where the reduced crop is halved, quartered and divided by eight.
RESIDUAL_WIDTHS = (32, 64, 128)
_N_CONCEPTS = 256
_N_GROUPS = 8
# Of a residual block's branch, at the start.
_FIRST_SHARE = 0.3
# A residual of so many grey levels is 1; beyond three times that it is cut, as the rich model does.
_RESIDUAL_STEP = 2.0
_RESIDUAL_CUT = 3.0

_HIGH_PASS = (
    ((0, 0, 0, 0, 0), (0, -1, 2, -1, 0), (0, 2, -4, 2, 0), (0, -1, 2, -1, 0), (0, 0, 0, 0, 0)),
    ((-1, 2, -2, 2, -1), (2, -6, 8, -6, 2), (-2, 8, -12, 8, -2), (2, -6, 8, -6, 2), (-1, 2, -2, 2, -1)),
    ((0, 0, 0, 0, 0), (0, 0, 0, 0, 0), (0, 1, -2, 1, 0), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
)
_HIGH_PASS_SCALES = (4.0, 12.0, 2.0)
# ITU-R BT.601.
_BRIGHTNESS = (0.299, 0.587, 0.114)


def _convolution(n_in: int, n_out: int, stride: int = 1) -> list[nn.Module]:
    """3 x 3 with reflection padding, and the normalisation, whose offset stands in for a bias."""
    return [
        nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, padding_mode="reflect", bias=False),
        nn.GroupNorm(_N_GROUPS, n_out),
    ]


class ResidualBlock(nn.Module):
    """Two convolutions beside the identity; the branch starts small."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            *_convolution(width, width), nn.ReLU(inplace=True), *_convolution(width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W), not negative, to the same."""
        return F.relu(x + self.branch(x))


class HighPass(nn.Module):
    """The rich model's residuals of the brightness, in steps of two grey levels, cut at three steps.

    Of the brightness alone: what compresses pictures halves their colours' resolution first.
    """

    def __init__(self) -> None:
        super().__init__()
        filters = torch.tensor(_HIGH_PASS) / torch.tensor(_HIGH_PASS_SCALES)[:, None, None]
        # ImageNet-normalised colours to steps of brightness, and the three filters, as one convolution:
        # (3, 3, 5, 5). Not learned, and not in a weights file: code says what they are.
        brightness = torch.tensor(_BRIGHTNESS) * torch.tensor(IMAGENET_STD) * 255 / _RESIDUAL_STEP
        kernels = filters[:, None] * brightness[None, :, None, None]
        self.register_buffer("kernels", kernels, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W), ImageNet-normalised, to (B, 3, H, W) in [-3, 3]."""
        kernels = self.get_buffer("kernels").to(x.dtype)
        residual = F.conv2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), kernels)
        return residual.clamp(-_RESIDUAL_CUT, _RESIDUAL_CUT)


class _Features(nn.Module):
    """(B, 3, H, W) to the concept layer (B, K, H / 16, W / 16), which is not negative."""

    def __init__(self, widths: tuple[int, int, int], n_concepts: int, has_high_pass: bool) -> None:
        super().__init__()
        self.reduce = nn.AvgPool2d(2)  # (B, 3, 128, 128)
        self.high_pass = HighPass() if has_high_pass else None
        self.fold = nn.PixelUnshuffle(2)  # (B, 24, 64, 64)
        n_folded = 24 if has_high_pass else 12
        # (B, 32, 64, 64), (B, 64, 32, 32), (B, 128, 16, 16)
        layers = [*_convolution(n_folded, widths[0]), nn.ReLU(inplace=True), ResidualBlock(widths[0])]
        for n_in, n_out in pairwise(widths):
            layers += [*_convolution(n_in, n_out, stride=2), nn.ReLU(inplace=True), ResidualBlock(n_out)]
        layers += [*_convolution(widths[-1], n_concepts), nn.ReLU(inplace=True)]  # (B, 256, 16, 16)
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.reduce(x)
        if self.high_pass is not None:
            seen = torch.cat([seen, self.high_pass(seen)], dim=1)
        concepts: Tensor = self.layers(self.fold(seen))
        return concepts


class ResidualEncoder(ConceptEncoder):
    """The stronger encoder; shapes are for a crop of 256 px.

    Args:
        widths: channels where the reduced crop is halved, quartered and divided by eight.
        has_high_pass: False leaves the fixed branch out, for measuring what it is worth.
    """

    def __init__(
        self,
        widths: tuple[int, int, int] = RESIDUAL_WIDTHS,
        n_concepts: int = _N_CONCEPTS,
        has_high_pass: bool = True,
    ) -> None:
        super().__init__(_Features(widths, n_concepts, has_high_pass), n_concepts)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Kaiming's normal weights (He et al., ICCV 2015); a block's branch starts at 0.3 of its size."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, generator=generator)
            elif isinstance(layer, nn.GroupNorm):
                layer.weight.fill_(1.0)
                layer.bias.zero_()
        for layer in self.modules():
            if isinstance(layer, ResidualBlock):
                normalisation = layer.branch[-1]
                assert isinstance(normalisation, nn.GroupNorm)
                normalisation.weight.fill_(_FIRST_SHARE)
        self.latent.weight.normal_(0.0, self.n_concepts**-0.5, generator=generator)
        self.latent.bias.zero_()
