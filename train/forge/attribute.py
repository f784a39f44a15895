"""The paper's second task, attribute modification: the person stays, a trait of theirs changes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from forensic_cli.types import RgbImage
from train.forge.colour import recolour
from train.forge.hair import hair
from train.forge.portrait import Alpha, Portrait, composite
from train.forge.regions import feathered, lips, skin

_FILTER_PX = 9
# Dyes and lipsticks come in every colour; another skin tone stays near the old one.
_ANY_HUE = (-np.pi, np.pi)
_SKIN_HUES = (0.35, 1.45)


def recoloured_hair(portrait: Portrait, rng: np.random.Generator) -> RgbImage:
    """Dyes the hair, found by colour (`train.forge.hair`)."""
    return _dyed(portrait, hair(portrait.image, portrait.landmarks), _ANY_HUE, rng)


def recoloured_lips(portrait: Portrait, rng: np.random.Generator) -> RgbImage:
    """Paints the lips."""
    return _dyed(portrait, lips(portrait.landmarks, portrait.image.shape[0]), _ANY_HUE, rng)


def recoloured_skin(portrait: Portrait, rng: np.random.Generator) -> RgbImage:
    """Gives the face's skin another tone."""
    return _dyed(portrait, skin(portrait.landmarks, portrait.image.shape[0]), _SKIN_HUES, rng)


def smoothed_skin(portrait: Portrait, rng: np.random.Generator) -> RgbImage:
    """Takes the texture out of the skin and keeps its edges, as beauty filters do.

    An edge-preserving blur (Tomasi and Manduchi 1998), some of the texture mixed back in.
    """
    alpha = feathered(skin(portrait.landmarks, portrait.image.shape[0]), portrait.landmarks, rng)
    contrast = float(rng.uniform(20, 60))
    smooth: Any = portrait.image
    # Two or three narrow passes cost a third of one wide one, and look alike.
    for _ in range(int(rng.integers(2, 4))):
        smooth = cv2.bilateralFilter(smooth, _FILTER_PX, contrast, _FILTER_PX / 2)
    return composite(portrait.image, np.asarray(smooth, np.uint8), alpha * np.float32(rng.uniform(0.6, 1)))


def _dyed(portrait: Portrait, region: Alpha, hues: tuple[float, float], rng: np.random.Generator) -> RgbImage:
    alpha = feathered(region, portrait.landmarks, rng)
    return composite(portrait.image, recolour(portrait.image, region, hues, rng), alpha)
