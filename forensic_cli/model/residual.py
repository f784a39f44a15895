"""A stronger encoder than the paper's, under the same losses and with the same attention.

What it has that Table 2 lacks, and why:
- a fixed high-pass branch beside the colours (the three filters of Zhou et al., CVPR 2018, out of
  Fridrich and Kodovsky's spatial rich model): blending shows in the noise first;
- full resolution at the entry: the high-pass branch works on every pixel, and its output and the
  colours are folded two by two into channels, so that the first learned layer has them all, each phase
  with weights of its own. Table 2 halves the picture in its first step. A plain layer at full
  resolution was tried: on a CPU it took as long as the rest of the network;
- residual blocks, so that the concept layer sees 183 px of the crop instead of 78;
- scaled weight standardisation instead of batch normalisation (Brock et al., ICLR 2021): a batch holds
  the genuine and the forged version of the same photograph, and batch statistics would leak one into
  the other; what is learned does not hang on the mixture of a batch;
- reflection padding: a border of zeros is an edge that no photograph has, and draws attention.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from forensic_cli.model.lae import IMAGENET_STD, ConceptEncoder

# Channels at half, quarter, eighth and sixteenth resolution.
RESIDUAL_WIDTHS = (32, 64, 128, 192)
_N_CONCEPTS = 256
# Gain that keeps the variance of a rectified standard normal at 1.
_RELU_GAIN = math.sqrt(2 / (1 - 1 / math.pi))
# Of a residual block's branch, at the start.
_FIRST_SHARE = 0.2
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


class ScaledConv2d(nn.Conv2d):
    """Convolution with scaled weight standardisation, and reflection padding that keeps the size.

    Args:
        stride: 1 or 2.
        is_rectified: the input comes out of a ReLU; its variance is brought back to 1 in the weights,
            which is cheaper than in the picture.
    """

    def __init__(self, n_in: int, n_out: int, stride: int = 1, is_rectified: bool = True) -> None:
        super().__init__(n_in, n_out, 3, stride=stride)
        self.gain = nn.Parameter(torch.ones(n_out, 1, 1, 1))
        self._scale = _RELU_GAIN if is_rectified else 1.0
        self.fan_in = n_in * 9

    def forward(self, x: Tensor) -> Tensor:
        """(B, n_in, H, W) to (B, n_out, H / stride, W / stride)."""
        mean = self.weight.mean(dim=(1, 2, 3), keepdim=True)
        variance = self.weight.var(dim=(1, 2, 3), keepdim=True, unbiased=False)
        gain = self.gain * self._scale
        weight = (self.weight - mean) * (torch.rsqrt(variance * self.fan_in + 1e-4) * gain)
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), weight, self.bias, self.stride)


class ResidualBlock(nn.Module):
    """Two convolutions beside the identity; starts as a fifth of its branch."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = ScaledConv2d(width, width), ScaledConv2d(width, width)
        self.share = nn.Parameter(torch.tensor(_FIRST_SHARE))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        branch: Tensor = self.second(F.relu(self.first(F.relu(x))))
        return x + self.share * branch


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
    """(B, 3, H, W) to the concept layer (B, K, H / 16, W / 16)."""

    def __init__(self, widths: tuple[int, int, int, int], n_concepts: int, has_high_pass: bool) -> None:
        super().__init__()
        self.high_pass = HighPass() if has_high_pass else None
        self.fold = nn.PixelUnshuffle(2)  # (B, 24, 128, 128)
        self.entry = ScaledConv2d(24 if has_high_pass else 12, widths[0], is_rectified=False)
        layers: list[nn.Module] = []
        # (B, 32, 128, 128), (B, 64, 64, 64), (B, 128, 32, 32), (B, 192, 16, 16)
        for n_in, n_out in pairwise(widths):
            layers += [nn.ReLU(), ScaledConv2d(n_in, n_out, stride=2), ResidualBlock(n_out)]
        self.layers = nn.Sequential(*layers)
        self.concepts = ScaledConv2d(widths[-1], n_concepts)  # (B, 256, 16, 16)

    def forward(self, x: Tensor) -> Tensor:
        seen = x if self.high_pass is None else torch.cat([x, self.high_pass(x)], dim=1)
        concepts: Tensor = self.concepts(F.relu(self.layers(self.entry(self.fold(seen)))))
        # As the paper's concept layer: not negative, and not scaled.
        return F.relu(concepts)


class ResidualEncoder(ConceptEncoder):
    """The stronger encoder; shapes are for a crop of 256 px.

    Args:
        widths: channels at half, quarter, eighth and sixteenth resolution.
        has_high_pass: False leaves the fixed branch out, for measuring what it is worth.
    """

    def __init__(
        self,
        widths: tuple[int, int, int, int] = RESIDUAL_WIDTHS,
        n_concepts: int = _N_CONCEPTS,
        has_high_pass: bool = True,
    ) -> None:
        super().__init__(_Features(widths, n_concepts, has_high_pass), n_concepts)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Normal weights of variance 1 / fan-in; blocks start as a fifth of their branch.

        Standardised weights have no scale of their own, but Adam's steps do: weights as small as
        DCGAN's would turn too far with every one.
        """
        for layer in self.modules():
            if isinstance(layer, ScaledConv2d):
                layer.weight.normal_(0.0, layer.fan_in**-0.5, generator=generator)
                layer.gain.fill_(1.0)
                assert layer.bias is not None
                layer.bias.zero_()
            elif isinstance(layer, ResidualBlock):
                layer.share.fill_(_FIRST_SHARE)
        self.latent.weight.normal_(0.0, self.n_concepts**-0.5, generator=generator)
        self.latent.bias.zero_()
