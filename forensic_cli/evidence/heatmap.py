"""Pictures of the attention map: what the model attended to, which is no proof of location.

One fixed colour scale serves a whole report: 0 to the card's `attention_scale`. A map that is
stretched to its own maximum would show a glowing spot on every genuine face.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from forensic_cli.faces.crop import CROP_PX
from forensic_cli.types import BoxXYXY, RgbImage

FRAME_MAX_PX = 960
_GAP_PX = 8
_MAX_OPACITY = 0.75
_PAD_PX = 3
_MARK = (0, 229, 255)


def upsample(attention: NDArray[np.float32], size_px: int = CROP_PX) -> NDArray[np.float32]:
    """Enlarges a (16, 16) map to the crop, bilinearly, pixel centres aligned as the paper's training."""
    return np.asarray(
        cv2.resize(attention, (size_px, size_px), interpolation=cv2.INTER_LINEAR), dtype=np.float32
    )


def intensity(attention: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """Maps attention to [0, 1]: negative is 0, `scale` and above is 1.

    Raises:
        ValueError: the scale is not above 0.
    """
    if scale <= 0:
        raise ValueError(f"The attention scale {scale} must be above 0.")
    return np.asarray(np.clip(attention / scale, 0, 1), dtype=np.float32)


def colourise(values: NDArray[np.float32]) -> RgbImage:
    """Colours values in [0, 1] with the Inferno map, whose lightness rises evenly.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    levels = np.rint(values * 255).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB).astype(np.uint8)


def overlay(image: RgbImage, values: NDArray[np.float32]) -> RgbImage:
    """Lays coloured values over an image, the more opaque the higher they are.

    Args:
        image: (H, W, 3).
        values: (H, W) in [0, 1].
    """
    opacity = (values * _MAX_OPACITY)[..., None]
    mixed = image.astype(np.float32) * (1 - opacity) + colourise(values).astype(np.float32) * opacity
    return np.asarray(np.rint(mixed), dtype=np.uint8)


def triptych(crop_image: RgbImage, attention: NDArray[np.float32], scale: float) -> RgbImage:
    """Original, heatmap and overlay side by side on white: (256, 784, 3) uint8."""
    values = intensity(upsample(attention), scale)
    gap = np.full((CROP_PX, _GAP_PX, 3), 255, np.uint8)
    return np.hstack([crop_image, gap, colourise(values), gap, overlay(crop_image, values)])


def reduced(image: RgbImage) -> RgbImage:
    """A frame for display: at most `FRAME_MAX_PX` on its longer side, never enlarged."""
    height, width = image.shape[:2]
    shrink = FRAME_MAX_PX / max(height, width)
    if shrink >= 1:
        return image
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def annotated_frame(
    picture: RgbImage,
    shrink: float,
    crop_box_xyxy: BoxXYXY,
    attention: NDArray[np.float32],
    scale: float,
    faces: Sequence[tuple[int, BoxXYXY]],
    track_id: int,
) -> RgbImage:
    """The whole frame with the attention put back where the crop was cut, and every face marked.

    Args:
        picture: (h, w, 3), the frame as `reduced` made it.
        shrink: pixels of `picture` for one pixel of the frame.
        crop_box_xyxy: square in the frame.
        faces: (track id, face box in the frame) of all faces.
        track_id: the one that the exhibit is about; its box is drawn thicker.
    """
    marked = Image.fromarray(
        overlay(picture, _placed(attention, scale, crop_box_xyxy, shrink, picture.shape[:2]))
    )
    draw = ImageDraw.Draw(marked)
    font = ImageFont.load_default(size=max(11, round(max(marked.size) / 55)))
    for number, box in faces:
        x0, y0, x1, y1 = (edge * shrink for edge in box)
        draw.rectangle((x0, y0, x1, y1), outline=_MARK, width=3 if number == track_id else 1)
        _, top, right, bottom = draw.textbbox(
            (x0 + _PAD_PX, y0 - _PAD_PX), str(number), font=font, anchor="lb"
        )
        # A face at the top edge carries its number inside the box.
        drop = max(0.0, _PAD_PX - top)
        draw.rectangle((x0, top + drop - _PAD_PX, right + _PAD_PX, bottom + drop + _PAD_PX), fill=_MARK)
        draw.text((x0 + _PAD_PX, y0 - _PAD_PX + drop), str(number), fill=(0, 0, 0), font=font, anchor="lb")
    return np.asarray(marked, dtype=np.uint8)


def _placed(
    attention: NDArray[np.float32],
    scale: float,
    crop_box_xyxy: BoxXYXY,
    shrink: float,
    shape: tuple[int, ...],
) -> NDArray[np.float32]:
    """Intensity on the frame: (h, w) in [0, 1], zero outside the crop."""
    height, width = shape[:2]
    x0, y0 = (round(edge * shrink) for edge in crop_box_xyxy[:2])
    side_px = max(1, round((crop_box_xyxy[2] - crop_box_xyxy[0]) * shrink))
    values = np.zeros((height, width), np.float32)
    placed = intensity(upsample(attention, side_px), scale)
    top, left = max(y0, 0), max(x0, 0)
    bottom, right = min(y0 + side_px, height), min(x0 + side_px, width)
    if bottom > top and right > left:
        values[top:bottom, left:right] = placed[top - y0 : bottom - y0, left - x0 : right - x0]
    return values
