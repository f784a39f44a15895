"""The autoencoders that re-render faces: their decoders leave the traces that deepfakes have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import torch
from torch import Tensor, nn

_ENCODER_WIDTHS = (24, 48, 96, 128)
# Of the code that a shared encoder squeezes a face into: so few numbers that a face's own detail is
# lost and the decoder puts its own in place, as the first deepfake programs did.
_DENSE_CODE = 256
# Channels of a code that keeps its place in the picture: near enough to copy a face, and re-render it.
_SPATIAL_CODE = 12


class Upscaler(StrEnum):
    """How a decoder doubles the size: each leaves a grid of its own in the picture."""

    TRANSPOSED = "transposed"
    NEAREST = "nearest"
    SHUFFLE = "shuffle"


@dataclass(frozen=True, slots=True)
class RendererSpec:
    """One autoencoder.

    Attributes:
        name: of its file.
        size_px: side of the aligned face that goes in and comes out; a multiple of 16.
        n_decoders: 1, or 2 behind one shared encoder: each learns one half of the people, and a face of
            one half that goes through the other's decoder is swapped.
    """

    name: str
    size_px: int
    upscaler: Upscaler
    n_decoders: int = 1


# What `train renderers` makes. The shared one is kept for a method that is held out of training: its
# upscaler and its size are met nowhere else.
RENDERERS = (
    RendererSpec("transposed-112", 112, Upscaler.TRANSPOSED),
    RendererSpec("nearest-80", 80, Upscaler.NEAREST),
    RendererSpec("shuffle-64-shared", 64, Upscaler.SHUFFLE, n_decoders=2),
)


def _doubling(n_in: int, n_out: int, upscaler: Upscaler) -> list[nn.Module]:
    if upscaler is Upscaler.TRANSPOSED:
        return [nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1)]
    if upscaler is Upscaler.NEAREST:
        return [nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(n_in, n_out, 3, padding=1)]
    return [nn.Conv2d(n_in, 4 * n_out, 3, padding=1), nn.PixelShuffle(2)]


class Renderer(nn.Module):
    """An encoder and one or two decoders; pictures in and out are in [0, 1]."""

    def __init__(self, spec: RendererSpec) -> None:
        super().__init__()
        self.spec = spec
        grid_px = spec.size_px // 16
        is_shared = spec.n_decoders > 1
        layers: list[nn.Module] = []
        for n_in, n_out in zip((3, *_ENCODER_WIDTHS), _ENCODER_WIDTHS, strict=False):
            layers += [nn.Conv2d(n_in, n_out, 4, stride=2, padding=1), nn.LeakyReLU(0.1, inplace=True)]
        last = _ENCODER_WIDTHS[-1]
        n_flat = last * grid_px * grid_px
        if is_shared:
            layers += [nn.Flatten(), nn.Linear(n_flat, _DENSE_CODE)]
        else:
            layers += [nn.Conv2d(last, _SPATIAL_CODE, 1)]
        self.encoder = nn.Sequential(*layers)
        self.decoders = nn.ModuleList(
            nn.Sequential(*self._decoder(spec.upscaler, grid_px, is_shared)) for _ in range(spec.n_decoders)
        )

    @staticmethod
    def _decoder(upscaler: Upscaler, grid_px: int, is_shared: bool) -> list[nn.Module]:
        last = _ENCODER_WIDTHS[-1]
        layers: list[nn.Module] = (
            [nn.Linear(_DENSE_CODE, last * grid_px * grid_px), nn.Unflatten(1, (last, grid_px, grid_px))]
            if is_shared
            else [nn.Conv2d(_SPATIAL_CODE, last, 3, padding=1)]
        )
        widths = (last, 96, 64, 32)
        for n_in, n_out in pairwise(widths):
            layers += [nn.LeakyReLU(0.1, inplace=True), *_doubling(n_in, n_out, upscaler)]
        return [*layers, nn.LeakyReLU(0.1, inplace=True), *_doubling(widths[-1], 3, upscaler)]

    def forward(self, faces: Tensor, decoder: int = 0) -> Tensor:
        """Renders faces (B, 3, size_px, size_px) by one of the decoders: the same shape, not clipped."""
        rendered: Tensor = torch.sigmoid(self.decoders[decoder](self.encoder(faces)))
        return rendered
