"""What the world does to pictures after they are made: applied to real and forged alike.

A `Degradation` is drawn once and applied to both versions of a photograph with the same noise, so
that nothing but the forgery tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from forensic_cli.errors import UsageError
from forensic_cli.types import RgbImage
from train.forge.codecs import h264_clip, h264_intra, jpeg


class Codec(StrEnum):
    """The last compression that a picture went through."""

    NONE = "none"
    JPEG = "jpeg"
    H264 = "h264"


# What `Degradation.quality` may be, both ends included.
_QUALITY_RANGES = {Codec.NONE: (0, 0), Codec.JPEG: (1, 100), Codec.H264: (0, 51)}
# Drawn at random: from the best that is met in practice to the worst at which a face is still examined.
# The paper's videos were compressed at 23 (FaceForensics++ "c23"); its poor copies at 40 ("c40").
_JPEG_QUALITIES = (30, 100)
_H264_RATE_FACTORS = (16, 40)


@dataclass(frozen=True, slots=True)
class Degradation:
    """One chain of alterations, in the order in which it is applied.

    Attributes:
        shrink: the picture is reduced to this fraction of its side and enlarged again; 1 = not.
        blur_sigma_px: Gaussian; 0 = none.
        gamma: 1 = unchanged.
        is_grey: colour is thrown away.
        noise_sigma: Gaussian, in grey levels; 0 = none.
        noise_seed: of that noise.
        sharpening: share of the unsharp mask that is added; 0 = none.
        overlay_seed: of a caption or a bar drawn over the picture; 0 = none.
        first_jpeg_quality: an earlier JPEG generation, 0 = none.
        quality: JPEG quality 1 to 100, or H.264 constant rate factor 0 to 51.
        n_frames: of an H.264 clip whose last frame is kept, and `motion_seed` that of its motion;
            1 = one intra frame.
    """

    shrink: float = 1.0
    blur_sigma_px: float = 0.0
    gamma: float = 1.0
    is_grey: bool = False
    noise_sigma: float = 0.0
    noise_seed: int = 0
    sharpening: float = 0.0
    overlay_seed: int = 0
    first_jpeg_quality: int = 0
    codec: Codec = Codec.NONE
    quality: int = 0
    n_frames: int = 1
    motion_seed: int = 0


def compression_named(text: str) -> Degradation:
    """Reads "none", "jpeg:QUALITY" (1 to 100) or "h264:CRF" (0 to 51).

    Returns:
        The chain that compresses so and does nothing else.

    Raises:
        UsageError: it is none of these.
    """
    name, _, number = text.partition(":")
    remedy = "Give none, jpeg:75 (1 to 100) or h264:23 (0 to 51)."
    if name not in set(Codec) or (name == Codec.NONE) != (not number):
        raise UsageError(f"There is no compression {text!r}.", remedy)
    codec = Codec(name)
    low, high = _QUALITY_RANGES[codec]
    if number and not (number.isascii() and number.isdigit() and low <= int(number) <= high):
        raise UsageError(f"The compression {text!r} has no such quality.", remedy)
    return Degradation(codec=codec, quality=int(number or 0))


def draw_degradation(rng: np.random.Generator, codec_shares: dict[Codec, float]) -> Degradation:
    """Draws a chain at random.

    Args:
        codec_shares: probability of each codec; they sum to 1.
    """
    codecs = list(codec_shares)
    codec = codecs[int(rng.choice(len(codecs), p=[codec_shares[name] for name in codecs]))]
    quality = 0
    if codec is Codec.JPEG:
        quality = int(rng.integers(*_JPEG_QUALITIES, endpoint=True))
    elif codec is Codec.H264:
        quality = int(rng.integers(*_H264_RATE_FACTORS, endpoint=True))
    return Degradation(
        shrink=float(rng.uniform(0.4, 0.95)) if rng.random() < 0.25 else 1.0,
        blur_sigma_px=float(rng.uniform(0.3, 1.2)) if rng.random() < 0.15 else 0.0,
        gamma=float(rng.uniform(0.75, 1.35)) if rng.random() < 0.3 else 1.0,
        is_grey=bool(rng.random() < 0.05),
        noise_sigma=float(rng.uniform(1.0, 6.0)) if rng.random() < 0.2 else 0.0,
        noise_seed=int(rng.integers(2**31)),
        sharpening=float(rng.uniform(0.2, 1.0)) if rng.random() < 0.15 else 0.0,
        overlay_seed=int(rng.integers(1, 2**31)) if rng.random() < 0.08 else 0,
        first_jpeg_quality=int(rng.integers(*_JPEG_QUALITIES, endpoint=True)) if rng.random() < 0.3 else 0,
        codec=codec,
        quality=quality,
        n_frames=int(rng.integers(2, 5)) if codec is Codec.H264 and rng.random() < 0.5 else 1,
        motion_seed=int(rng.integers(2**31)),
    )


def degrade(image: RgbImage, degradation: Degradation) -> RgbImage:
    """Applies a chain.

    Args:
        image: (S, S, 3) uint8 RGB, S even where the codec is H.264.

    Returns:
        (S, S, 3) uint8 RGB.
    """
    result = image
    size_px = image.shape[0]
    if degradation.first_jpeg_quality:
        result = jpeg(result, degradation.first_jpeg_quality)
    if degradation.shrink < 1:
        result = _resized_twice(result, max(8, round(size_px * degradation.shrink)))
    if degradation.blur_sigma_px:
        result = cv2.GaussianBlur(result, (0, 0), degradation.blur_sigma_px).astype(np.uint8)
    if degradation.gamma != 1:
        table = np.rint(255 * (np.arange(256) / 255) ** degradation.gamma).astype(np.uint8)
        result = table[result]
    if degradation.is_grey:
        grey = cv2.cvtColor(result, cv2.COLOR_RGB2GRAY)
        result = np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)
    if degradation.noise_sigma:
        noise = np.random.default_rng(degradation.noise_seed).normal(0, degradation.noise_sigma, result.shape)
        result = np.clip(np.rint(result + noise), 0, 255).astype(np.uint8)
    if degradation.sharpening:
        result = _sharpened(result, degradation.sharpening)
    if degradation.overlay_seed:
        result = overlaid(result, np.random.default_rng(degradation.overlay_seed))
    if degradation.codec is Codec.JPEG:
        return jpeg(result, degradation.quality)
    if degradation.codec is Codec.H264 and degradation.n_frames > 1:
        return h264_clip(result, degradation.quality, degradation.n_frames, degradation.motion_seed)
    if degradation.codec is Codec.H264:
        return h264_intra(result, degradation.quality)
    return result


def _resized_twice(image: RgbImage, small_px: int) -> RgbImage:
    size_px = image.shape[0]
    small = cv2.resize(image, (small_px, small_px), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (size_px, size_px), interpolation=cv2.INTER_CUBIC), np.uint8)


def _sharpened(image: RgbImage, amount: float) -> RgbImage:
    blurred = cv2.GaussianBlur(image, (0, 0), 1.2)
    return np.asarray(cv2.addWeighted(image, 1 + amount, blurred, -amount, 0), np.uint8)


def overlaid(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Draws what screens and broadcasters put over pictures: a half-transparent bar with letters."""
    size_px = image.shape[0]
    layer = image.copy()
    height = int(rng.integers(size_px // 14, size_px // 6))
    top = int(rng.integers(0, size_px - height))
    left, right = sorted(int(x) for x in rng.integers(0, size_px, 2))
    ink = tuple(int(level) for level in rng.integers(0, 256, 3))
    if rng.random() < 0.6:
        ground = tuple(int(level) for level in rng.integers(0, 256, 3))
        cv2.rectangle(layer, (left, top), (right, top + height), ground, -1)
    letters = "".join(chr(int(code)) for code in rng.integers(ord("A"), ord("Z") + 1, 14))
    scale = height / 32
    cv2.putText(layer, letters, (left, top + height - height // 4), cv2.FONT_HERSHEY_SIMPLEX, scale, ink, 2)
    return np.asarray(cv2.addWeighted(layer, 0.75, image, 0.25, 0), np.uint8)
