"""The stronger encoder: the paper's interface, no leak through the batch, nothing special at the border."""

from __future__ import annotations

import pytest
import torch

from forensic_cli.model.lae import latent_activations, latent_maps, normalise
from forensic_cli.model.residual import HighPass, ResidualBlock, ResidualEncoder


@pytest.fixture(scope="module")
def encoder() -> ResidualEncoder:
    made = ResidualEncoder()
    made.initialise(torch.Generator().manual_seed(3))
    return made.eval()


def _pictures(n: int, size_px: int = 256) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return normalise(torch.randint(0, 256, (n, 3, size_px, size_px), dtype=torch.uint8, generator=generator))


def test_the_mean_of_a_latent_map_is_its_unit_without_the_bias(encoder: ResidualEncoder) -> None:
    encoding = encoder(_pictures(2))
    maps = latent_maps(encoder, encoding.concepts)
    torch.testing.assert_close(maps.mean(dim=(2, 3)), encoding.z - encoder.latent.bias, rtol=1e-4, atol=1e-5)


def test_concepts_are_not_negative_and_not_all_dead(encoder: ResidualEncoder) -> None:
    concepts = encoder(_pictures(4)).concepts
    assert concepts.min() >= 0
    assert (concepts.amax(dim=(0, 2, 3)) > 0).float().mean() > 0.9


def test_a_picture_is_read_alike_whatever_else_is_in_the_batch(encoder: ResidualEncoder) -> None:
    pictures = _pictures(4)
    encoder.train()
    together, alone = encoder(pictures).z, encoder(pictures[:1]).z
    encoder.eval()
    torch.testing.assert_close(together[:1], alone, rtol=1e-4, atol=1e-5)


def test_the_signal_neither_dies_nor_blows_up_on_the_way(encoder: ResidualEncoder) -> None:
    true, fake = latent_activations(encoder(_pictures(8)).z)
    for activation in (true, fake):
        assert 0.05 < activation.mean().item() < 5


def test_the_high_pass_branch_sees_no_flat_colour_and_no_slope() -> None:
    flat = normalise(torch.full((1, 3, 32, 32), 117, dtype=torch.uint8))
    assert HighPass()(flat).abs().max() < 1e-3
    slope = torch.arange(64, dtype=torch.uint8).repeat(1, 3, 64, 1)
    # The border reflects the slope, which is an edge: look inside.
    assert HighPass()(normalise(slope))[..., 4:-4, 4:-4].abs().max() < 1e-3


def test_the_high_pass_branch_counts_steps_of_two_grey_levels_and_cuts_at_three() -> None:
    dot = torch.full((1, 3, 16, 16), 100, dtype=torch.uint8)
    dot[..., 8, 8] = 104
    response = HighPass()(normalise(dot))[0, :, 8, 8]
    # Centre weights -4/4, -12/12 and -2/2, on four grey levels in steps of two.
    torch.testing.assert_close(response, torch.tensor([-2.0, -2.0, -2.0]), rtol=1e-3, atol=1e-3)
    dot[..., 8, 8] = 255
    assert HighPass()(normalise(dot)).abs().max() <= 3


def test_a_flat_picture_has_no_border(encoder: ResidualEncoder) -> None:
    flat = normalise(torch.full((1, 3, 256, 256), 90, dtype=torch.uint8))
    concepts = encoder(flat).concepts[0]
    spread = (concepts - concepts[:, 8:9, 8:9]).abs().max()
    assert spread < 1e-3 * max(1.0, concepts.max().item())


def test_a_block_starts_near_the_identity(encoder: ResidualEncoder) -> None:
    block = next(layer for layer in encoder.modules() if isinstance(layer, ResidualBlock))
    x = torch.rand(1, 32, 16, 16, generator=torch.Generator().manual_seed(1))
    branch = block.branch(x)
    assert 0.1 < branch.std().item() < 0.5
    torch.testing.assert_close(block(x), (x + branch).clamp_min(0))


def test_without_the_high_pass_branch_only_the_colours_are_seen() -> None:
    entry = ResidualEncoder(has_high_pass=False).features.get_submodule("layers.0")
    assert isinstance(entry, torch.nn.Conv2d)
    assert entry.in_channels == 3 * 4


def test_the_same_seed_draws_the_same_weights() -> None:
    first, again = ResidualEncoder(), ResidualEncoder()
    for made in (first, again):
        made.initialise(torch.Generator().manual_seed(9))
    for (name, one), (_, other) in zip(first.state_dict().items(), again.state_dict().items(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0, msg=name)
