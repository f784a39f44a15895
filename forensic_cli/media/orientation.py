"""The eight ways in which a stored picture can lie, and how each is put upright."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forensic_cli.types import RgbImage


@dataclass(frozen=True, slots=True)
class Orientation:
    """How the stored picture becomes the displayed one: first mirrored, then turned.

    Attributes:
        rotation_deg: clockwise turn, 0, 90, 180 or 270.
        is_mirrored: left and right are exchanged before the turn.
    """

    rotation_deg: int = 0
    is_mirrored: bool = False

    def displayed_size(self, width_px: int, height_px: int) -> tuple[int, int]:
        """(width, height) after the turn."""
        return (height_px, width_px) if self.rotation_deg in {90, 270} else (width_px, height_px)

    def apply(self, image: RgbImage) -> RgbImage:
        """Puts (H, W, 3) upright; contiguous, and the same object where nothing is to be done."""
        if self.is_mirrored:
            image = image[:, ::-1]
        # np.rot90 turns counter-clockwise for a positive count.
        return np.ascontiguousarray(np.rot90(image, k=-(self.rotation_deg // 90)))


UPRIGHT = Orientation()

# Exif 2.32, tag 0x0112, rewritten as "mirror, then turn clockwise".
_EXIF = {
    1: UPRIGHT,
    2: Orientation(0, True),
    3: Orientation(180),
    4: Orientation(180, True),
    5: Orientation(270, True),
    6: Orientation(90),
    7: Orientation(90, True),
    8: Orientation(270),
}


def from_exif(value: object) -> Orientation:
    """The orientation of an Exif value; anything but 2 to 8 is upright, as in every viewer."""
    return _EXIF.get(value, UPRIGHT) if isinstance(value, int) else UPRIGHT


def from_display_matrix(matrix: Sequence[int]) -> tuple[Orientation, bool]:
    """Reads a display matrix (ISO/IEC 14496-12, 8.3.2: p' = a p + c q + x, q' = b p + d q + y).

    Args:
        matrix: nine integers a, b, u, c, d, v, x, y, w.

    Returns:
        The nearest of the eight orientations, and whether the matrix is exactly that one, scale
        apart.
    """
    a, b, _, c, d = matrix[:5]
    if a * d == b * c:
        # Singular, and the all-zero matrix of careless writers: no way of displaying anything.
        return UPRIGHT, not any(matrix[:5])
    is_mirrored = a * d - b * c < 0
    right_x, right_y = (-a, -b) if is_mirrored else (a, b)
    # y points down, so a positive angle is a clockwise turn.
    turn = round(math.degrees(math.atan2(right_y, right_x)) / 90) % 4
    is_exact = (a == d == 0) or (b == c == 0)
    return Orientation(90 * turn, is_mirrored), is_exact
