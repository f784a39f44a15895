"""How a picture looks, in a few numbers: its colours, and where it is bright and dark.

Two measures, because each forgives what the other cannot: colours stay when things move, and
structure stays when the light changes. Scene cuts and face tracks are judged by both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from forensic_cli.types import RgbImage

_COLOUR_PX = 64
_STRUCTURE_PX = 32
_HUE_SATURATION_VALUE_BINS = (12, 4, 16)
# Below this saturation (of 255) the hue is noise, so the pixel counts as grey.
_GREY_SATURATION = 32
# A picture with this share of grey pixels is monochrome (infrared, old CCTV). It can use 16 of the
# 768 bins only, which makes all distances smaller: by 1.4, measured on the same pictures with and
# without their colours.
_MONOCHROME_SHARE = 0.95
_MONOCHROME_GAIN = 1.4
# How far one picture may be shifted against the other, in pixels of `_STRUCTURE_PX`.
_MAX_SHIFT_PX = 6
# Standard deviation, in grey levels, below which a picture has no structure to compare.
_FLAT_GREY_LEVELS = 1.0


@dataclass(frozen=True, eq=False)
class Appearance:
    """A picture reduced to its looks, whatever its size.

    Attributes:
        colour: (768,) float32 histogram over 12 hues x 4 saturations x 16 values, sums to 1.
        structure: (32, 32) float32 grey levels, slightly blurred.
        is_monochrome: 95% of the pixels have next to no saturation.
    """

    colour: NDArray[np.float32]
    structure: NDArray[np.float32]
    is_monochrome: bool

    # Each is compared with several others.
    @cached_property
    def is_flat(self) -> bool:
        """There is no structure to compare."""
        return float(self.structure.std()) < _FLAT_GREY_LEVELS

    @cached_property
    def middle(self) -> NDArray[np.float32] | None:
        """What of the structure stays in the picture when it is shifted; None where that is flat."""
        end = _STRUCTURE_PX - _MAX_SHIFT_PX
        middle = np.ascontiguousarray(self.structure[_MAX_SHIFT_PX:end, _MAX_SHIFT_PX:end])
        return None if float(middle.std()) < _FLAT_GREY_LEVELS else middle


def describe(image: RgbImage) -> Appearance:
    """Reduces a picture to its looks.

    Args:
        image: (H, W, 3) uint8 RGB; the aspect ratio is not kept.
    """
    small = cv2.resize(_halved(image), (_COLOUR_PX, _COLOUR_PX), interpolation=cv2.INTER_AREA)
    hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
    is_grey = hsv[..., 1] < _GREY_SATURATION
    hsv[is_grey, :2] = 0
    counts = cv2.calcHist([hsv], [0, 1, 2], None, list(_HUE_SATURATION_VALUE_BINS), [0, 180, 0, 256, 0, 256])
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    tiny = cv2.resize(grey, (_STRUCTURE_PX, _STRUCTURE_PX), interpolation=cv2.INTER_AREA)
    return Appearance(
        colour=np.asarray(counts.ravel() / counts.sum(), dtype=np.float32),
        structure=cv2.GaussianBlur(tiny.astype(np.float32), (0, 0), 1.0).astype(np.float32),
        is_monochrome=float(is_grey.mean()) >= _MONOCHROME_SHARE,
    )


def _halved(image: RgbImage) -> RgbImage:
    """The picture, halved as long as it stays much larger than what is made of it.

    OpenCV halves a full HD frame in 1 ms; it takes 9 ms to bring it to its last size in one step.
    """
    while min(image.shape[:2]) >= 4 * _COLOUR_PX and not (image.shape[0] % 2 or image.shape[1] % 2):
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = cv2.resize(image, half, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return image


def colour_distance(a: Appearance, b: Appearance) -> float:
    """Hellinger distance of the colour histograms, in [0, 1].

    0 for the same colours, 1 for none in common. Between two monochrome pictures it is raised, so
    that thresholds mean the same with and without colour.
    """
    overlap = float(np.sqrt(a.colour.astype(np.float64) * b.colour).sum())
    distance = float(np.sqrt(max(0.0, 1.0 - overlap)))
    gain = _MONOCHROME_GAIN if a.is_monochrome and b.is_monochrome else 1.0
    return min(1.0, gain * distance)


def structure_distance(a: Appearance, b: Appearance) -> float:
    """1 minus the best normalised correlation of the grey levels over small shifts, in [0, 1].

    Returns:
        0 for the same structure under any brightness and contrast, shifted by up to 19% of the
        side; 1 for unrelated ones. Two pictures without structure (black, white) are alike: 0;
        one without and one with are not: 1.
    """
    if a.is_flat or b.is_flat:
        return 0.0 if a.is_flat and b.is_flat else 1.0
    best = max(_best_correlation(a, b), _best_correlation(b, a))
    return min(1.0, 1.0 - best)


def _best_correlation(whole: Appearance, other: Appearance) -> float:
    """Best correlation of the middle of `other` with any place in `whole`, in [-1, 1]."""
    if other.middle is None:
        return 0.0
    scores = cv2.matchTemplate(whole.structure, other.middle, cv2.TM_CCOEFF_NORMED)
    # OpenCV divides by the contrast of each place: where that is nil, nothing can be said.
    known = np.where(np.isfinite(scores), scores, 0.0)
    return float(np.clip(known, -1.0, 1.0).max())
