"""Under which conditions the face tracks of a calibration reach the scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from forensic_cli.faces.crop import CROP_MARGIN, CROP_PX
from forensic_cli.model.calibration import LOSSLESS
from forensic_cli.types import RgbImage
from train.forge.codecs import h264_track
from train.forge.degrade import Codec, degrade
from train.validation import CONDITIONS, Condition

SMALL_FACE_PX = 80
# A scan looks at two frames a second: five are a face that is seen for two seconds. More would be smoother
# than the short appearances that an examiner meets.
_VIDEO_FRAMES = 5


@dataclass(frozen=True, slots=True)
class UnitCondition:
    """How a face reached the scan.

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

    @property
    def coding(self) -> str:
        """The last compression, as a scan calls it."""
        codec = self.compression.codec
        return LOSSLESS if codec is Codec.NONE else codec.value

    @property
    def n_crops(self) -> int:
        """Crops of a track: one of a picture, several of a video."""
        return _VIDEO_FRAMES if self.compression.codec is Codec.H264 else 1

    def track(self, image: RgbImage, seed: int) -> tuple[RgbImage, ...]:
        """The crops that a scan cuts of a face.

        A small face is compressed at its own size and then enlarged, as a scan enlarges it. A video is
        a real encode of a small camera motion.

        Args:
            image: (256, 256, 3) uint8 RGB.
            seed: of that motion.

        Returns:
            `n_crops` pictures, (256, 256, 3) uint8 RGB, in the order of time.
        """
        seen = image
        if self.face_px is not None:
            # H.264 codes colour at half the size: an even side.
            side_px = 2 * round(self.face_px * CROP_MARGIN / 2)
            seen = cv2.resize(image, (side_px, side_px), interpolation=cv2.INTER_AREA).astype(np.uint8)
        if self.compression.codec is Codec.H264:
            frames = h264_track(seen, self.compression.quality, _VIDEO_FRAMES, seed)
        else:
            frames = [degrade(seen, self.compression.degradation)]
        if self.face_px is None:
            return tuple(frames)
        return tuple(
            cv2.resize(frame, (CROP_PX, CROP_PX), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
            for frame in frames
        )


UNIT_CONDITIONS = tuple(
    UnitCondition(compression, face_px) for face_px in (None, SMALL_FACE_PX) for compression in CONDITIONS
)
# Every face is seen once in each coding, under one of its conditions.
CONDITIONS_OF_CODING: Mapping[str, tuple[UnitCondition, ...]] = {
    coding: tuple(condition for condition in UNIT_CONDITIONS if condition.coding == coding)
    for coding in dict.fromkeys(condition.coding for condition in UNIT_CONDITIONS)
}
