"""The one definition of a crop, used by training and by scanning alike.

A crop is the square around the centre of the detected face whose side is `CROP_MARGIN` times
the longer side of the face box, resampled to `CROP_PX` x `CROP_PX`. Where the square reaches
past the picture, the picture is mirrored: a black border would be an edge that no camera made.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from forensic_cli.types import BoxXYXY, Crop, Face, Frame, RgbImage

CROP_PX = 256
CROP_MARGIN = 1.3


def crop_box(face_box_xyxy: BoxXYXY, margin: float = CROP_MARGIN) -> BoxXYXY:
    """Returns the square that is cut for a face, on whole pixels.

    Args:
        face_box_xyxy: in pixels of the frame.
        margin: side of the square over the longer side of the face box. Training cuts wider squares,
            to move the scanning crop within them; scanning never does.

    Returns:
        A square in pixels of the frame; it may reach past the edges.

    Raises:
        ValueError: the face box is empty or not finite.
    """
    x0, y0, x1, y1 = face_box_xyxy
    longer_px = max(x1 - x0, y1 - y0)
    if not math.isfinite(x0 + y0 + x1 + y1) or min(x1 - x0, y1 - y0) <= 0:
        raise ValueError(f"The face box {face_box_xyxy} is empty or not finite.")
    side_px = max(2, round(longer_px * margin))
    left = round((x0 + x1) / 2 - side_px / 2)
    top = round((y0 + y1) / 2 - side_px / 2)
    return (float(left), float(top), float(left + side_px), float(top + side_px))


def cut_square(image: RgbImage, box_xyxy: BoxXYXY, size_px: int = CROP_PX) -> RgbImage:
    """Cuts a square on whole pixels and resamples it.

    Args:
        image: (H, W, 3) uint8.
        box_xyxy: square in pixels; parts outside the image are mirrored from inside.
        size_px: side of the result.

    Returns:
        (size_px, size_px, 3) uint8, contiguous.

    Raises:
        ValueError: the square does not touch the image.
    """
    height, width = image.shape[:2]
    x0, y0, x1, y1 = (int(edge) for edge in box_xyxy)
    if x0 >= width or y0 >= height or x1 <= 0 or y1 <= 0:
        raise ValueError(f"The square {box_xyxy} lies outside the image of {width} x {height} px.")
    inside = image[max(y0, 0) : min(y1, height), max(x0, 0) : min(x1, width)]
    missing = (max(-y0, 0), max(y1 - height, 0), max(-x0, 0), max(x1 - width, 0))
    if any(missing):
        # np.pad mirrors again and again where more is missing than there is; OpenCV refuses.
        inside = np.pad(
            inside, ((missing[0], missing[1]), (missing[2], missing[3]), (0, 0)), mode="symmetric"
        )
    shrinks = inside.shape[0] > size_px
    resized = cv2.resize(
        inside, (size_px, size_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    )
    return np.ascontiguousarray(resized, dtype=np.uint8)


def sharpness(crop_image: RgbImage) -> float:
    """Variance of the Laplacian of the grey crop, in squared grey levels: low means blurred."""
    grey = cv2.cvtColor(crop_image, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def cut_crop(frame: Frame, face: Face, track_id: int) -> Crop:
    """Cuts the pixels that the model sees out of a frame.

    Returns:
        A crop of `CROP_PX` x `CROP_PX` that knows its frame, track and place.
    """
    box_xyxy = crop_box(face.box_xyxy)
    image = cut_square(frame.image, box_xyxy)
    return Crop(
        image=image,
        face=face,
        crop_box_xyxy=box_xyxy,
        frame_index=frame.index,
        pts=frame.pts,
        time_s=frame.time_s,
        track_id=track_id,
        sharpness=sharpness(image),
    )
