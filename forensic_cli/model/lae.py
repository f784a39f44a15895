"""The Locality-Aware AutoEncoder of Du, Pentyala, Li and Hu (CIKM 2020), whole, in one file.

Symbols as in the paper: `B` batch, `x` (B, 3, 256, 256) ImageNet-normalised, `z` (B, 128),
`f_l` (B, 512, 16, 16) the activation of the last convolution (the *concept layer*), `T` and `F`
the first and second half of z. Kernel sizes are not in the paper; those here give its Table 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
LATENT_DIM = 128
INPUT_PX = 256
PAPER_WIDTHS = (64, 128, 256, 512)


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the encoder says of a batch.

    Attributes:
        z: (B, 128), the latent vector.
        concepts: (B, K, h, w), the concept layer f_l; K = 512 in the paper, h = w = 16 for 256 px.
    """

    z: Tensor
    concepts: Tensor


def normalise(images: Tensor) -> Tensor:
    """ImageNet-normalises a batch, the pre-processing of training and scanning alike.

    Args:
        images: (B, 3, H, W) uint8, RGB.

    Returns:
        (B, 3, H, W) float32.
    """
    return standardise(images, *normalising_constants(images.device))


def normalising_constants(device: torch.device) -> tuple[Tensor, Tensor]:
    """ImageNet's mean and standard deviation of colours in [0, 1], each (1, 3, 1, 1)."""
    mean = torch.tensor(IMAGENET_MEAN, device=device).view(1, 3, 1, 1)
    return mean, torch.tensor(IMAGENET_STD, device=device).view(1, 3, 1, 1)


def standardise(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """`normalise` with constants that lie on the device already."""
    return (images.float() / 255 - mean) / std


class ConceptEncoder(nn.Module):
    """What eq. 3 and 7 to 10 ask of an encoder: a concept layer, its global average, a linear map to z.

    Attributes:
        features: (B, 3, H, W), ImageNet-normalised, to the concept layer (B, K, H / 16, W / 16). Every
            step of it is local, so that a patch can be read as well as a crop.
        latent: from the K averages to z; the weights w of eq. 7.
    """

    def __init__(self, features: nn.Module, n_concepts: int) -> None:
        super().__init__()
        # First: weights are drawn in the order in which layers are named here.
        self.features = features
        self.pool = nn.AdaptiveAvgPool2d(1)  # (B, K, 1, 1)
        self.latent = nn.Linear(n_concepts, LATENT_DIM)  # (B, 128)

    @property
    def n_concepts(self) -> int:
        """Channels K of the concept layer."""
        return self.latent.in_features

    def initialise(self, generator: torch.Generator) -> None:
        """Draws the weights that training starts from."""
        initialise(self, generator)

    def forward(self, x: Tensor) -> Encoding:
        """Encodes (B, 3, H, W), ImageNet-normalised; H and W multiples of 16, 256 in the paper."""
        return self.head(self.features(x))

    def head(self, concepts: Tensor) -> Encoding:
        """From the concept layer (B, K, h, w) to the latent vector."""
        return Encoding(self.latent(self.pool(concepts).flatten(1)), concepts)


class Encoder(ConceptEncoder):
    """f_e of eq. 1: Table 2, left column.

    Args:
        widths: channels of the four strided layers. Shapes below are for the paper's; experiments where
            computing time is short use narrower ones, shipped weights never do.
    """

    features: nn.Sequential

    def __init__(self, widths: tuple[int, int, int, int] = PAPER_WIDTHS) -> None:
        first, second, third, fourth = widths
        features = nn.Sequential(  # (B, 3, 256, 256)
            nn.Conv2d(3, first, 4, stride=2, padding=1),  # (B, 64, 128, 128)
            nn.ReLU(inplace=True),
            nn.Conv2d(first, second, 4, stride=2, padding=1),  # (B, 128, 64, 64)
            nn.BatchNorm2d(second),
            nn.ReLU(inplace=True),
            nn.Conv2d(second, third, 4, stride=2, padding=1),  # (B, 256, 32, 32)
            nn.BatchNorm2d(third),
            nn.ReLU(inplace=True),
            nn.Conv2d(third, fourth, 4, stride=2, padding=1),  # (B, 512, 16, 16)
            nn.BatchNorm2d(fourth),
            nn.ReLU(inplace=True),
            nn.Conv2d(fourth, fourth, 3, padding=1),  # (B, 512, 16, 16)
            nn.ReLU(inplace=True),
        )
        super().__init__(features, fourth)


class Decoder(nn.Module):
    """f_d of eq. 1: Table 2, right column. Output in [-1, 1]."""

    def __init__(self) -> None:
        super().__init__()
        widths = (256, 128, 64, 32, 16, 8)
        stages: list[nn.Module] = [  # (B, 128, 1, 1)
            nn.ConvTranspose2d(LATENT_DIM, widths[0], 4),  # (B, 256, 4, 4)
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
        ]
        for n_in, n_out in pairwise(widths):
            # (B, 128, 8, 8), (B, 64, 16, 16), (B, 32, 32, 32), (B, 16, 64, 64), (B, 8, 128, 128)
            stages += [
                nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1),
                nn.BatchNorm2d(n_out),
                nn.ReLU(inplace=True),
            ]
        stages += [nn.ConvTranspose2d(widths[-1], 3, 4, stride=2, padding=1), nn.Tanh()]  # (B, 3, 256, 256)
        self.stages = nn.Sequential(*stages)

    def forward(self, z: Tensor) -> Tensor:
        """Maps (B, 128) to images (B, 3, 256, 256) in [-1, 1]."""
        reconstruction: Tensor = self.stages(z[:, :, None, None])
        return reconstruction


class LocalityAwareAutoEncoder(nn.Module):
    """Encoder and decoder, eq. 1.

    Args:
        encoder: the paper's by default.
    """

    def __init__(self, encoder: ConceptEncoder | None = None) -> None:
        super().__init__()
        self.encoder = Encoder() if encoder is None else encoder
        self.decoder = Decoder()

    def forward(self, x: Tensor) -> tuple[Encoding, Tensor]:
        """Returns the encoding of x, and its reconstruction (B, 3, 256, 256) in [-1, 1]."""
        encoding = self.encoder(x)
        return encoding, self.decoder(encoding.z)


def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Initialises as DCGAN does (Radford et al. 2016): N(0, 0.02), batch-norm gain N(1, 0.02)."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(layer.weight, 0.0, 0.02, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02, generator=generator)
            nn.init.zeros_(layer.bias)


def latent_activations(z: Tensor) -> tuple[Tensor, Tensor]:
    """Eq. 3: `a_T = (2/d_z) ||z_T||_1` and `a_F` likewise.

    Args:
        z: (B, d_z), d_z even.

    Returns:
        (a_T, a_F), each (B,), >= 0.
    """
    true_half, fake_half = z.chunk(2, dim=1)
    return true_half.abs().mean(dim=1), fake_half.abs().mean(dim=1)


def latent_maps(encoder: ConceptEncoder, concepts: Tensor) -> Tensor:
    """Eq. 7: `M_c = sum_k w[c, k] f_l[k]` for every unit c of z.

    Args:
        concepts: (B, K, h, w).

    Returns:
        (B, 128, h, w). The identity `GAP(M_c) = z_c - b_c` holds.
    """
    return torch.einsum("ck,bkhw->bchw", encoder.latent.weight, concepts)


def attention_map(encoder: ConceptEncoder, encoding: Encoding, form: str = "paper") -> Tensor:
    """Eq. 8: the F half's maps, weighed by their units, before any normalisation.

    Computed as one product, `(|z_F| @ W_F)` against f_l, never as 64 maps.

    Args:
        form: "paper" weighs by |z_c|. "signed" weighs by z_c, the attribution of a_F itself: a
            unit that votes "fake" with a negative value then counts forwards.

    Returns:
        (B, h, w), h = w = 16 for 256 px; not up-sampled.

    Raises:
        ValueError: an unknown form.
    """
    if form not in {"paper", "signed"}:
        raise ValueError(f"Attention form {form!r} is neither 'paper' nor 'signed'.")
    fake_half = encoding.z.chunk(2, dim=1)[1]
    unit_weights = fake_half.abs() if form == "paper" else fake_half
    channel_weights = unit_weights @ encoder.latent.weight.chunk(2, dim=0)[1]  # (B, K)
    return torch.einsum("bk,bkhw->bhw", channel_weights, encoding.concepts)
