"""The values that forging works on: a portrait with landmarks, and what was made of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from forensic_cli.types import RgbImage

Landmarks = NDArray[np.float32]
Alpha = NDArray[np.float32]
BinaryMask = NDArray[np.uint8]

# Indices of the 68-point scheme (Sagonas et al. 2013, 300-W), as dlib's predictor numbers them.
JAW = tuple(range(17))
RIGHT_BROW = tuple(range(17, 22))
LEFT_BROW = tuple(range(22, 27))
NOSE = tuple(range(27, 36))
RIGHT_EYE = tuple(range(36, 42))
LEFT_EYE = tuple(range(42, 48))
MOUTH = tuple(range(48, 68))
INNER = tuple(range(17, 68))
N_LANDMARKS = 68


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A real photograph of one face.

    Attributes:
        image: (S, S, 3) uint8 RGB.
        landmarks: (68, 2) float32, x and y in pixels of `image`.
        source_id: whose face it is.
        before: the same face at the same place as it was before the photograph was altered as a whole
            (`train.forge.vary`); None where it was not.
        renderers: folder of the dataset's face renderers; None where it has none.
    """

    image: RgbImage
    landmarks: Landmarks
    source_id: str
    before: RgbImage | None = None
    renderers: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Forgery:
    """A forged version of a portrait.

    Attributes:
        image: (S, S, 3) uint8 RGB, equal to the portrait wherever `mask` is 0.
        mask: (S, S) uint8, 1 where pixels were altered; see `altered`.
        method: its name.
    """

    image: RgbImage
    mask: BinaryMask
    method: str


def composite(background: RgbImage, foreground: RgbImage, alpha: Alpha) -> RgbImage:
    """Blends two images.

    Args:
        background, foreground: (S, S, 3) uint8.
        alpha: (S, S) float32 in [0, 1]; 0 keeps the background exactly.

    Returns:
        (S, S, 3) uint8.
    """
    weight = alpha[..., None]
    blended = background.astype(np.float32) * (1 - weight) + foreground.astype(np.float32) * weight
    return np.where(weight > 0, np.rint(blended), background).astype(np.uint8)


def altered(before: RgbImage, after: RgbImage) -> BinaryMask:
    """The exact mask of a forgery: 1 where a pixel changed, with single-pixel gaps closed.

    A blend leaves some pixels as they were by chance of rounding; a mask with such holes would say
    that they were kept on purpose.

    Args:
        before, after: (S, S, 3) uint8.
    """
    changed = (before != after).any(axis=-1).astype(np.uint8)
    # Padded, because the closing's erosion would otherwise eat a mask that touches the border.
    padded = np.pad(changed, 2, mode="edge")
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))[2:-2, 2:-2]
    return np.asarray(closed | changed, dtype=np.uint8)


def forgery_of(portrait: Portrait, image: RgbImage, method: str) -> Forgery:
    """What a method made of a portrait, with the exact mask of what it altered."""
    return Forgery(image, altered(portrait.image, image), method)
