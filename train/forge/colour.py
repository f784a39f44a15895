"""Colour: random alterations, transfer of one face's colours to another, and recolouring.

All of it in float32 and rounded once: 8-bit conversions on the way would shift the grey levels of
whatever went through them, and a detector would learn that instead of the forgery.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from forensic_cli.types import RgbImage
from train.forge.portrait import Alpha

Lab = NDArray[np.float32]


def to_lab(image: RgbImage) -> Lab:
    """CIELAB of an sRGB image: (S, S, 3) float32, L in [0, 100], a and b in about [-127, 127]."""
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def from_lab(lab: Lab) -> RgbImage:
    """SRGB of CIELAB values: (S, S, 3) uint8; what lies outside sRGB is clipped."""
    rgb = np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.float32)
    return np.asarray(np.clip(np.rint(rgb * 255), 0, 255), np.uint8)


def transfer(image: RgbImage, reference: RgbImage, region: Alpha, strength: float) -> RgbImage:
    """Gives `image` the colour statistics that `reference` has in a region (Reinhard et al. 2001).

    Args:
        region: (S, S); pixels above 0.5 are compared, at least 16 of them or nothing changes.
        strength: 0 leaves the image, 1 matches mean and deviation of L, a and b.
    """
    inside = region > 0.5
    if int(inside.sum()) < 16:
        return image
    lab, lab_reference = to_lab(image), to_lab(reference)
    mean, std = lab[inside].mean(axis=0), lab[inside].std(axis=0) + 0.4
    mean_reference = lab_reference[inside].mean(axis=0)
    std_reference = lab_reference[inside].std(axis=0) + 0.4
    matched = (lab - mean) * (std_reference / std) + mean_reference
    return from_lab(lab + np.float32(strength) * (matched - lab).astype(np.float32))


def transfer_rgb(image: RgbImage, reference: RgbImage, region: Alpha, strength: float) -> RgbImage:
    """As `transfer`, on red, green and blue: what simple swapping programs do."""
    inside = region > 0.5
    if int(inside.sum()) < 16:
        return image
    own, wanted = image[inside].astype(np.float32), reference[inside].astype(np.float32)
    pixels = image.astype(np.float32)
    # At least one grey level of deviation: a flat region must not be blown up.
    gain = (wanted.std(axis=0) + 1) / (own.std(axis=0) + 1)
    matched = (pixels - own.mean(axis=0)) * gain + wanted.mean(axis=0)
    return np.asarray(np.clip(np.rint(pixels + strength * (matched - pixels)), 0, 255), np.uint8)


def equalise(image: RgbImage, reference: RgbImage, region: Alpha, strength: float) -> RgbImage:
    """Gives each of red, green and blue the histogram that `reference` has in a region.

    Args:
        region, strength: as in `transfer`.
    """
    inside = region > 0.5
    if int(inside.sum()) < 16:
        return image
    result = image.astype(np.float32)
    levels = np.arange(256)
    shares = np.linspace(0, 1, 65)
    for channel in range(3):
        own = np.quantile(image[..., channel][inside], shares)
        wanted = np.quantile(reference[..., channel][inside], shares)
        # Quantiles that fall together are parted a little: interpolation needs rising ones.
        table = np.interp(levels, own + np.arange(65) * 1e-3, wanted)
        plane = image[..., channel]
        result[..., channel] += np.float32(strength) * (table[plane] - plane).astype(np.float32)
    return np.asarray(np.clip(np.rint(result), 0, 255), np.uint8)


def shift(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Alters RGB offsets, hue, saturation, brightness and contrast, each by a random little."""
    offset = rng.uniform(-18, 18, 3).astype(np.float32)
    gain = float(rng.uniform(0.88, 1.12))
    altered = (image.astype(np.float32) + offset - 128) * gain + 128 + float(rng.uniform(-14, 14))
    # Hue in degrees, saturation and value in [0, 1].
    hsv = np.asarray(cv2.cvtColor(np.clip(altered, 0, 255) / np.float32(255), cv2.COLOR_RGB2HSV))
    hsv[..., 0] = (hsv[..., 0] + rng.uniform(-14, 14)) % 360
    hsv[..., 1:] *= rng.uniform(0.85, 1.15, 2).astype(np.float32)
    rgb = np.asarray(cv2.cvtColor(np.clip(hsv, 0, [360, 1, 1]).astype(np.float32), cv2.COLOR_HSV2RGB))
    return np.asarray(np.clip(np.rint(rgb * 255), 0, 255), np.uint8)


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


def recolour(image: RgbImage, region: Alpha, hues: tuple[float, float], rng: np.random.Generator) -> RgbImage:
    """Gives a region another colour and keeps its texture, as make-up and dye filters do.

    Args:
        region: (S, S) in [0, 1]; all pixels are recoloured, the caller blends by it.
        hues: range of the new hue, an angle in the a-b plane of CIELAB, in radians.
    """
    inside = region > 0.5
    lab = to_lab(image)
    own = lab[inside].mean(axis=0) if inside.any() else lab.reshape(-1, 3).mean(axis=0)
    # As much colour as there was, a third less or half more: dyeing must not always mean paling.
    angle, chroma = rng.uniform(*hues), max(8.0, float(np.hypot(*own[1:]))) * rng.uniform(0.67, 1.5)
    wanted = np.array([own[0] + rng.uniform(-12, 18), chroma * np.cos(angle), chroma * np.sin(angle)])
    contrast = np.array([rng.uniform(0.8, 1.15), rng.uniform(0.4, 1.0), rng.uniform(0.4, 1.0)])
    strength = np.float32(rng.uniform(0.45, 1.0))
    dyed = ((lab - own) * contrast + wanted).astype(np.float32)
    return from_lab(lab + strength * (dyed - lab))
