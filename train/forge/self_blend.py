"""Self-blended images: a face blended with an altered copy of itself (Shiohara and Yamasaki, CVPR 2022)."""

from __future__ import annotations

import numpy as np

from train.forge.colour import resharpen, shift
from train.forge.geometry import elastic, jitter
from train.forge.portrait import Forgery, Portrait, composite, forgery_of
from train.forge.regions import PARTS, Region, random_alpha

_REGIONS = (Region.FACE, Region.FACE, Region.FACE_AND_FOREHEAD, Region.INNER_FACE, *PARTS)
_RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)


def self_blend(portrait: Portrait, donor: Portrait, rng: np.random.Generator) -> Forgery:
    """Blends a face with a copy of itself: one of the two altered in colour and frequency, the copy moved.

    Which of the two is altered is drawn, as in the original. Where it is the photograph, that was
    altered as a whole before (`train.forge.vary`), and the copy is what it was before that: the genuine
    version of the pair is the altered photograph then, so that the pixels outside the mask are those
    of the pair's genuine version. The donor is not used.
    """
    size_px = portrait.image.shape[0]
    if portrait.before is not None and rng.random() < 0.5:
        other = portrait.before
    else:
        other = shift(portrait.image, rng) if rng.random() < 0.8 else portrait.image
        if rng.random() < 0.7:
            other = resharpen(other, rng)
    other = jitter(other, 0.03, 0.05, rng)
    if rng.random() < 0.4:
        other = elastic(other, 0.012 * size_px, rng)
    region = _REGIONS[int(rng.integers(len(_REGIONS)))]
    ratio = _RATIOS[int(rng.integers(len(_RATIOS)))]
    alpha = random_alpha(portrait.landmarks, region, size_px, rng) * np.float32(ratio)
    image = composite(portrait.image, other, alpha)
    return forgery_of(portrait, image, "self-blend")
