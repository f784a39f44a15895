"""From a frame to the files of one prepared crop: picture, mask and landmarks, cut by one square."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from forensic_cli.config import MediaLimits, Sampling
from forensic_cli.faces.crop import CROP_MARGIN, crop_box, cut_square
from forensic_cli.media import open_media
from forensic_cli.types import BoxXYXY, Face, RgbImage
from train.data.crops import CONTEXT, PREPARED_PX
from train.forge.portrait import BinaryMask, Landmarks

MASK_THRESHOLD = 128


def read_masks(path: Path, sampling: Sampling, limits: MediaLimits) -> dict[int, BinaryMask]:
    """Reads the sampled frames of a mask picture or video.

    Returns:
        Frame index -> (H, W) uint8, 255 where the brightest channel is `MASK_THRESHOLD` or more,
        else 0: published masks are white or coloured on black, and lossy compression greys them.

    Raises:
        MediaError: it cannot be read.
    """
    with open_media(path, sampling, limits) as source:
        return {
            frame.index: (frame.image.max(axis=2) >= MASK_THRESHOLD).astype(np.uint8) * np.uint8(255)
            for frame in source.frames()
        }


def fitted(mask: BinaryMask, frame: RgbImage) -> BinaryMask:
    """The mask at the frame's size; no value that was not there is made."""
    height, width = frame.shape[:2]
    if mask.shape == (height, width):
        return mask
    resized = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(resized, dtype=np.uint8)


def choose_face(faces: Sequence[Face], mask: BinaryMask | None) -> Face:
    """The face with most of the mask in its box; without a mask, or with none in any, the largest.

    Args:
        faces: at least one.
        mask: (H, W) uint8 of the frame's size.
    """

    def rank(face: Face) -> tuple[int, float]:
        return (0 if mask is None else _n_inside(mask, face.box_xyxy), face.size_px)

    return max(faces, key=rank)


def _n_inside(mask: BinaryMask, box_xyxy: BoxXYXY) -> int:
    x0, y0, x1, y1 = (max(0, round(edge)) for edge in box_xyxy)
    return int(np.count_nonzero(mask[y0:y1, x0:x1]))


@dataclass(frozen=True, slots=True)
class CropSquare:
    """The square that is cut for a face, with its surroundings.

    Attributes:
        box_xyxy: in pixels of the frame; may reach past its edges.
    """

    box_xyxy: BoxXYXY

    @classmethod
    def of(cls, face: Face) -> CropSquare:
        """`CONTEXT` times as wide as the square that a scan cuts."""
        return cls(crop_box(face.box_xyxy, CROP_MARGIN * CONTEXT))

    def picture(self, image: RgbImage) -> RgbImage:
        """(320, 320, 3) uint8 RGB."""
        return cut_square(image, self.box_xyxy, PREPARED_PX)

    def mask(self, mask: BinaryMask) -> BinaryMask:
        """(320, 320) uint8, 0 or 255, of a mask of the frame's size.

        Resampled exactly as the picture is, mirrored where the picture is, then thresholded.
        """
        channels = np.repeat(mask[..., None], 3, axis=2)
        cut = cut_square(channels, self.box_xyxy, PREPARED_PX)[..., 0]
        return (cut >= MASK_THRESHOLD).astype(np.uint8) * np.uint8(255)

    def points(self, points: Landmarks) -> Landmarks:
        """Landmarks of the frame in pixels of the crop, (68, 2) float32."""
        left, top, right, _ = self.box_xyxy
        # Pixel centres: the middle of pixel 0 lies at 0.5 of its scale.
        scale = PREPARED_PX / (right - left)
        return ((points + 0.5 - (left, top)) * scale - 0.5).astype("float32")

    def relative_to(self, image: RgbImage) -> BoxXYXY:
        """The square in fractions of the frame's width and height."""
        height, width = image.shape[:2]
        x0, y0, x1, y1 = self.box_xyxy
        return (x0 / width, y0 / height, x1 / width, y1 / height)


def overlap(one: BoxXYXY, other: BoxXYXY) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / (areas - shared)
