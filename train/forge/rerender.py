"""Neural re-rendering: a face that went through a decoder, pasted back through a mask."""

from __future__ import annotations

import numpy as np

from forensic_cli.types import RgbImage
from train.forge.colour import resharpen
from train.forge.portrait import Forgery, Portrait, composite, forgery_of
from train.forge.regions import PARTS, Region, random_alpha
from train.forge.swap import matched
from train.rendering.networks import RENDERERS
from train.rendering.renderers import render

# A re-rendered mouth or eyes is what re-enactment pastes; a whole face what swapping does.
_REGIONS = (Region.FACE, Region.FACE, Region.INNER_FACE, Region.FACE_AND_FOREHEAD, *PARTS)
_SINGLE = tuple(spec for spec in RENDERERS if spec.n_decoders == 1)
_SHARED = tuple(spec for spec in RENDERERS if spec.n_decoders > 1)


def face_rerender(portrait: Portrait, donor: Portrait, rng: np.random.Generator) -> Forgery:
    """The face, or a part of it, as an autoencoder renders it. The donor is not used.

    Raises:
        UsageError: the dataset has no trained renderers.
    """
    rendered = render(portrait.renderers, _SINGLE, portrait.image, portrait.landmarks, rng)
    return _pasted(portrait, rendered, _REGIONS, "face-rerender", rng)


def decoder_swap(portrait: Portrait, donor: Portrait, rng: np.random.Generator) -> Forgery:
    """The face through a shared encoder and one of two decoders, as the first deepfake programs did.

    Trained on one photograph a person, the decoders know two halves of all the people instead of two
    persons: the traces are a deepfake's, the likeness is not. The donor is not used.

    Raises:
        UsageError: the dataset has no trained renderers.
    """
    rendered = render(portrait.renderers, _SHARED, portrait.image, portrait.landmarks, rng)
    return _pasted(portrait, rendered, (Region.FACE, Region.INNER_FACE), "decoder-swap", rng)


def _pasted(
    portrait: Portrait,
    rendered: RgbImage,
    regions: tuple[Region, ...],
    method: str,
    rng: np.random.Generator,
) -> Forgery:
    region = regions[int(rng.integers(len(regions)))]
    alpha = random_alpha(portrait.landmarks, region, portrait.image.shape[0], rng)
    if rng.random() < 0.5:
        rendered = matched(rendered, portrait, alpha, rng)
    if rng.random() < 0.4:
        rendered = resharpen(rendered, rng)
    image = composite(portrait.image, rendered, alpha)
    return forgery_of(portrait, image, method)
