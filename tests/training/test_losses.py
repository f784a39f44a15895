"""The losses against hand-computed values."""

from __future__ import annotations

import pytest
import torch

from forensic_cli.model.lae import normalise
from train.losses import attention_loss, latent_loss, pixel_loss, to_unit_range


def test_latent_loss_is_zero_when_the_right_half_has_mean_one() -> None:
    z = torch.zeros(2, 8)
    z[0, :4] = torch.tensor([1.0, -1.0, 2.0, 0.0])
    z[1, 4:] = -1.0
    assert float(latent_loss(z, torch.tensor([1.0, 0.0]))) == 0.0


def test_latent_loss_adds_both_halves_and_averages_over_the_batch() -> None:
    z = torch.zeros(2, 4)
    z[0] = torch.tensor([0.5, 0.5, 0.25, 0.25])
    # Real image: |0.5 - 1| + |0.25 - 0|; forged image with z = 0: |0 - 0| + |0 - 1|.
    assert float(latent_loss(z, torch.tensor([1.0, 0.0]))) == pytest.approx((0.75 + 1.0) / 2)


def test_unit_range_undoes_the_normalisation() -> None:
    pixels = torch.tensor([0, 127, 255], dtype=torch.uint8).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    expected = pixels.float() / 255 * 2 - 1
    torch.testing.assert_close(to_unit_range(normalise(pixels)), expected, atol=1e-5, rtol=0)


def test_pixel_loss_is_the_mean_absolute_error_in_the_unit_range() -> None:
    white = torch.ones(2, 3, 4, 4)
    assert float(pixel_loss(white, torch.zeros(2, 3, 4, 4))) == 1.0
    assert float(pixel_loss(white, white)) == 0.0


def test_attention_loss_is_the_mean_square_distance_from_the_mask() -> None:
    masks = torch.zeros(2, 256, 256, dtype=torch.uint8)
    masks[1] = 1
    attention = torch.zeros(2, 16, 16)
    attention[1] = 0.5
    # First image: no distance. Second: 0.5 everywhere.
    assert float(attention_loss(attention, masks)) == pytest.approx(0.125)


def test_attention_is_upsampled_with_pixel_centres_not_corners() -> None:
    attention = torch.zeros(1, 2, 2)
    attention[0, 0, 0] = 1
    upsampled = torch.zeros(1, 4, 4)
    # align_corners=False: output pixel 0 lies outside the centre of input pixel 0 and takes its value.
    upsampled[0] = torch.outer(torch.tensor([1.0, 0.75, 0.25, 0.0]), torch.tensor([1.0, 0.75, 0.25, 0.0]))
    assert float(attention_loss(attention, upsampled)) == pytest.approx(0, abs=1e-9)
