"""Colour: random alterations, and transfer of one face's colours to another."""

from __future__ import annotations

import cv2
import numpy as np

from forensic_cli.types import RgbImage
from train.forge.portrait import Alpha


def transfer(image: RgbImage, reference: RgbImage, region: Alpha, strength: float) -> RgbImage:
    """Gives `image` the colour statistics that `reference` has in a region (Reinhard et al. 2001).

    Args:
        region: (S, S); pixels above 0.5 are compared, at least 16 of them or nothing changes.
        strength: 0 leaves the image, 1 matches mean and deviation of L, a and b.
    """
    inside = region > 0.5
    if int(inside.sum()) < 16:
        return image
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
    lab_reference = cv2.cvtColor(reference, cv2.COLOR_RGB2LAB).astype(np.float32)
    mean, std = lab[inside].mean(axis=0), lab[inside].std(axis=0) + 1.0
    mean_reference, std_reference = (
        lab_reference[inside].mean(axis=0),
        lab_reference[inside].std(axis=0) + 1.0,
    )
    matched = (lab - mean) * (std_reference / std) + mean_reference
    mixed = np.clip(lab + strength * (matched - lab), 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(mixed, cv2.COLOR_LAB2RGB), dtype=np.uint8)


def shift(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Alters RGB offsets, hue, saturation, brightness and contrast, each by a random little."""
    offset = rng.uniform(-18, 18, 3).astype(np.float32)
    altered = image.astype(np.float32) + offset
    gain = float(rng.uniform(0.88, 1.12))
    altered = (altered - 128) * gain + 128 + float(rng.uniform(-14, 14))
    hsv = cv2.cvtColor(np.clip(altered, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + rng.uniform(-7, 7)) % 180
    hsv[..., 1:] *= rng.uniform(0.85, 1.15, 2)
    return np.asarray(cv2.cvtColor(np.clip(hsv, 0, 255).astype(np.uint8), cv2.COLOR_HSV2RGB), dtype=np.uint8)


def resharpen(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Changes the spatial frequencies: shrinks and enlarges, blurs, or sharpens."""
    size_px = image.shape[0]
    choice = rng.integers(3)
    if choice == 0:
        small_px = int(size_px * rng.uniform(0.35, 0.9))
        way_back = cv2.INTER_LINEAR if rng.random() < 0.5 else cv2.INTER_CUBIC
        small = cv2.resize(image, (small_px, small_px), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (size_px, size_px), interpolation=way_back), dtype=np.uint8)
    blurred = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.6)))
    if choice == 1:
        return blurred.astype(np.uint8)
    amount = float(rng.uniform(0.3, 1.2))
    return np.asarray(cv2.addWeighted(image, 1 + amount, blurred, -amount, 0), dtype=np.uint8)
