"""The network against the paper's Table 2 and its equations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from forensic_cli.model.lae import (
    Decoder,
    Encoder,
    Encoding,
    LocalityAwareAutoEncoder,
    attention_map,
    initialise,
    latent_activations,
    latent_maps,
    normalise,
)

# Table 2, each row: the layer, and the shape of its output for one image.
ENCODER_TABLE = [
    ("Conv2d", (64, 128, 128)),
    ("ReLU", (64, 128, 128)),
    ("Conv2d", (128, 64, 64)),
    ("BatchNorm2d", (128, 64, 64)),
    ("ReLU", (128, 64, 64)),
    ("Conv2d", (256, 32, 32)),
    ("BatchNorm2d", (256, 32, 32)),
    ("ReLU", (256, 32, 32)),
    ("Conv2d", (512, 16, 16)),
    ("BatchNorm2d", (512, 16, 16)),
    ("ReLU", (512, 16, 16)),
    ("Conv2d", (512, 16, 16)),
    ("ReLU", (512, 16, 16)),
    ("AdaptiveAvgPool2d", (512, 1, 1)),
    ("Linear", (128,)),
]
DECODER_TABLE = [
    row
    for channels, side in ((256, 4), (128, 8), (64, 16), (32, 32), (16, 64), (8, 128))
    for row in (
        ("ConvTranspose2d", (channels, side, side)),
        ("BatchNorm2d", (channels, side, side)),
        ("ReLU", (channels, side, side)),
    )
] + [("ConvTranspose2d", (3, 256, 256)), ("Tanh", (3, 256, 256))]


def _trace(module: nn.Module, x: torch.Tensor) -> list[tuple[str, tuple[int, ...]]]:
    rows: list[tuple[str, tuple[int, ...]]] = []
    for layer in module.modules():
        if not list(layer.children()):
            layer.register_forward_hook(
                lambda own, _, output: rows.append((type(own).__name__, tuple(output.shape[1:])))
            )
    with torch.no_grad():
        module(x)
    return rows


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    made = Encoder()
    initialise(made, torch.Generator().manual_seed(7))
    # Biases other than zero, so that the tests can tell z from z - b.
    nn.init.normal_(made.latent.bias, generator=torch.Generator().manual_seed(8))
    return made.eval()


@pytest.fixture(scope="module")
def encoding(encoder: Encoder) -> Encoding:
    pixels = torch.randint(0, 256, (3, 3, 256, 256), generator=torch.Generator().manual_seed(9))
    with torch.no_grad():
        made: Encoding = encoder(normalise(pixels.to(torch.uint8)))
    return made


def test_encoder_has_every_row_of_table_2() -> None:
    assert _trace(Encoder().eval(), torch.zeros(1, 3, 256, 256)) == ENCODER_TABLE


def test_decoder_has_every_row_of_table_2() -> None:
    assert _trace(Decoder().eval(), torch.zeros(1, 128)) == DECODER_TABLE


def test_encoder_has_five_million_parameters() -> None:
    assert sum(p.numel() for p in Encoder().parameters()) == 5_183_808


def test_reconstruction_lies_between_minus_one_and_one() -> None:
    _, reconstruction = LocalityAwareAutoEncoder().eval()(torch.randn(2, 3, 256, 256) * 3)
    assert reconstruction.shape == (2, 3, 256, 256)
    assert reconstruction.abs().max() <= 1


def test_average_of_each_unit_map_is_the_unit_less_its_bias(encoder: Encoder, encoding: Encoding) -> None:
    with torch.no_grad():
        maps = latent_maps(encoder, encoding.concepts)
    assert maps.shape == (3, 128, 16, 16)
    torch.testing.assert_close(maps.mean(dim=(2, 3)), encoding.z - encoder.latent.bias)


@pytest.mark.parametrize("form", ["paper", "signed"])
def test_attention_equals_equation_8_written_as_64_maps(
    encoder: Encoder, encoding: Encoding, form: str
) -> None:
    with torch.no_grad():
        maps = latent_maps(encoder, encoding.concepts)[:, 64:]
        z_fake = encoding.z[:, 64:]
        weights = z_fake.abs() if form == "paper" else z_fake
        expected = (weights[:, :, None, None] * maps).sum(dim=1)
        found = attention_map(encoder, encoding, form)
    assert found.shape == (3, 16, 16)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_signed_attention_averages_to_the_squared_norm_of_the_fake_half(
    encoder: Encoder, encoding: Encoding
) -> None:
    z_fake, bias = encoding.z[:, 64:], encoder.latent.bias[64:]
    with torch.no_grad():
        found = attention_map(encoder, encoding, "signed").mean(dim=(1, 2))
    torch.testing.assert_close(found, (z_fake * (z_fake - bias)).sum(dim=1), rtol=1e-4, atol=1e-6)


def test_unknown_attention_form_is_refused(encoder: Encoder, encoding: Encoding) -> None:
    with pytest.raises(ValueError, match="neither 'paper' nor 'signed'"):
        attention_map(encoder, encoding, "rectified")


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(1, 40), st.integers(0, 2**31))
def test_activations_are_half_the_l1_norms_over_d_z(n: int, half: int, seed: int) -> None:
    z = np.random.default_rng(seed).normal(size=(n, 2 * half)).astype(np.float32)
    real, fake = latent_activations(torch.from_numpy(z))
    np.testing.assert_allclose(real, 2 / (2 * half) * np.abs(z[:, :half]).sum(axis=1), rtol=1e-4)
    np.testing.assert_allclose(fake, 2 / (2 * half) * np.abs(z[:, half:]).sum(axis=1), rtol=1e-4)


def test_normalise_maps_imagenet_mean_to_zero() -> None:
    grey = torch.tensor([124, 116, 104], dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    assert normalise(grey).abs().max() < 0.02


def test_initialisation_is_dcgans_and_seeded() -> None:
    first, second = Encoder(), Encoder()
    initialise(first, torch.Generator().manual_seed(3))
    initialise(second, torch.Generator().manual_seed(3))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert abs(float(first.features[2].weight.detach().std()) - 0.02) < 1e-3
    assert float(first.latent.bias.detach().abs().max()) == 0
