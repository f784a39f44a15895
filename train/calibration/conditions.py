"""Under which conditions the units of a calibration reach the scan."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from forensic_cli.faces.crop import CROP_MARGIN, CROP_PX
from forensic_cli.types import RgbImage
from train.forge.degrade import degrade
from train.validation import CONDITIONS, Condition

SMALL_FACE_PX = 80


@dataclass(frozen=True, slots=True)
class UnitCondition:
    """How a unit reached the scan.

    Attributes:
        face_px: side of the face when it was compressed; None for as large as it was prepared.
    """

    compression: Condition
    face_px: int | None = None

    @property
    def name(self) -> str:
        """In words."""
        size = "face as photographed" if self.face_px is None else f"face of {self.face_px} px"
        return f"{self.compression.name}, {size}"

    def apply(self, image: RgbImage) -> RgbImage:
        """Degrades a crop.

        A small face is compressed at its own size and then enlarged, as a scan enlarges it.

        Args:
            image: (256, 256, 3) uint8 RGB.

        Returns:
            (256, 256, 3) uint8 RGB.
        """
        if self.face_px is None:
            return degrade(image, self.compression.degradation)
        # H.264 codes colour at half the size: an even side.
        side_px = 2 * round(self.face_px * CROP_MARGIN / 2)
        small = cv2.resize(image, (side_px, side_px), interpolation=cv2.INTER_AREA).astype(np.uint8)
        seen = degrade(small, self.compression.degradation)
        return cv2.resize(seen, (CROP_PX, CROP_PX), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


UNIT_CONDITIONS = tuple(
    UnitCondition(compression, face_px) for face_px in (None, SMALL_FACE_PX) for compression in CONDITIONS
)
