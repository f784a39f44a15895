"""Every encoder that weights can be of: one interface, and within what the product may weigh."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from forensic_cli.model.architectures import ARCHITECTURES, make_encoder
from forensic_cli.model.lae import Encoder, attention_map, initialise, normalise

_MAP_PX = {"lae": 16, "lae-128": 8, "lae-residual": 16}


def _pictures(n: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return normalise(torch.randint(0, 256, (n, 3, 256, 256), dtype=torch.uint8, generator=generator))


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_architecture_gives_128_numbers_and_a_map(arch: str) -> None:
    made = make_encoder(arch).eval()
    encoding = made(_pictures(2))
    side = _MAP_PX[arch]
    assert encoding.z.shape == (2, 128)
    assert encoding.concepts.shape == (2, made.n_concepts, side, side)
    assert attention_map(made, encoding).shape == (2, side, side)
    # 25 million parameters, and 25 MB in half precision, are the product's limit.
    assert sum(p.numel() for p in made.parameters()) * 2 <= 25e6


def test_the_reduced_encoder_is_the_papers_on_a_smaller_picture() -> None:
    paper, reduced = Encoder().eval(), make_encoder("lae-128").eval()
    initialise(paper, torch.Generator().manual_seed(2))
    reduced.load_state_dict(paper.state_dict())
    x = _pictures(2)
    expected = paper(F.interpolate(x, scale_factor=0.5, mode="area"))
    torch.testing.assert_close(reduced(x).z, expected.z, rtol=1e-4, atol=1e-5)
