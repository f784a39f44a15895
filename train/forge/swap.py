"""Swaps: another person's face, or a part of it, put into a portrait."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from forensic_cli.types import RgbImage
from train.forge.colour import equalise, resharpen, transfer, transfer_rgb
from train.forge.geometry import thin_plate_onto, warp_onto
from train.forge.portrait import Alpha, Forgery, Portrait, composite, forgery_of
from train.forge.regions import PARTS, Region, hull, random_alpha

_WHOLE_FACE = (Region.FACE, Region.INNER_FACE, Region.FACE_AND_FOREHEAD)
ColourMatch = Callable[[RgbImage, RgbImage, Alpha, float], RgbImage]
_COLOUR_MATCHES: tuple[ColourMatch, ...] = (transfer, transfer, transfer_rgb, equalise)


def landmark_swap(portrait: Portrait, donor: Portrait, rng: np.random.Generator) -> Forgery:
    """Puts the donor's face, warped by landmarks and matched in colour, into the portrait."""
    region = _WHOLE_FACE[int(rng.integers(len(_WHOLE_FACE)))]
    return forgery_of(portrait, _swap_into(portrait, donor, region, rng), "landmark-swap")


def part_swap(portrait: Portrait, donor: Portrait, rng: np.random.Generator) -> Forgery:
    """Puts the donor's eyes, nose, mouth or lower face into the portrait, as a retoucher would."""
    part = PARTS[int(rng.integers(len(PARTS)))]
    return forgery_of(portrait, _swap_into(portrait, donor, part, rng), "part-swap")


def poisson_swap(portrait: Portrait, donor: Portrait, rng: np.random.Generator) -> Forgery:
    """Swaps faces with gradient-domain blending (Perez, Gangnet and Blake, SIGGRAPH 2003)."""
    size_px = portrait.image.shape[0]
    warped = warp_onto(donor.image, donor.landmarks, portrait.landmarks, size_px)
    region = _WHOLE_FACE[int(rng.integers(len(_WHOLE_FACE)))]
    mask = hull(portrait.landmarks, region, size_px).astype(np.uint8)
    # The solver needs a rim of background, and centres the mask's bounding box on a point.
    mask[:2], mask[-2:], mask[:, :2], mask[:, -2:] = 0, 0, 0, 0
    x, y, width, height = cv2.boundingRect(mask)
    centre = (x + width // 2, y + height // 2)
    cloned = cv2.seamlessClone(warped, portrait.image, mask * 255, centre, cv2.NORMAL_CLONE)
    # The solver works on the mask's bounding box: what it changes beyond the mask belongs to the
    # forgery too. Cut off there, it would leave an edge that gradient-domain blending never has.
    return forgery_of(portrait, np.asarray(cloned, dtype=np.uint8), "poisson-swap")


def matched(image: RgbImage, portrait: Portrait, alpha: Alpha, rng: np.random.Generator) -> RgbImage:
    """Brings an image's colours near the portrait's under a mask, by one of three methods."""
    match = _COLOUR_MATCHES[int(rng.integers(len(_COLOUR_MATCHES)))]
    return match(image, portrait.image, alpha, float(rng.uniform(0.5, 1.0)))


def _swap_into(portrait: Portrait, donor: Portrait, region: Region, rng: np.random.Generator) -> RgbImage:
    size_px = portrait.image.shape[0]
    warp = thin_plate_onto if rng.random() < 0.3 else warp_onto
    warped = warp(donor.image, donor.landmarks, portrait.landmarks, size_px)
    alpha = random_alpha(portrait.landmarks, region, size_px, rng)
    warped = matched(warped, portrait, alpha, rng)
    if rng.random() < 0.4:
        warped = resharpen(warped, rng)
    return composite(portrait.image, warped, alpha)
