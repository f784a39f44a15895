"""Frames with faces in known places, made from the public-domain portrait in scikit-image."""

from fractions import Fraction
from functools import cache

import cv2
import numpy as np
import skimage.data

from forensic_cli.types import BoxXYXY, Face, Frame, RgbImage

# Head and shoulders of the portrait: dlib takes the badge further down for a weak second face.
PORTRAIT_HEIGHT_PX = 300
PORTRAIT_WIDTH_PX = 512
# Where dlib sees the face in it, and a patch of head and shoulders around it.
FACE_XYXY = (179, 83, 267, 171)
_PATCH_XYXY = (120, 10, 330, 250)
_FACE_IN_PATCH = tuple(edge - _PATCH_XYXY[i % 2] for i, edge in enumerate(FACE_XYXY))
TICKS_PER_S = 1000


@cache
def photograph(name: str) -> RgbImage:
    """One of scikit-image's colour pictures: "astronaut", "chelsea", "coffee", "rocket"."""
    return np.ascontiguousarray(getattr(skimage.data, name)(), dtype=np.uint8)


@cache
def portrait() -> RgbImage:
    return np.ascontiguousarray(photograph("astronaut")[:PORTRAIT_HEIGHT_PX])


@cache
def anna() -> RgbImage:
    x0, y0, x1, y1 = _PATCH_XYXY
    return np.ascontiguousarray(portrait()[y0:y1, x0:x1])


@cache
def berta() -> RgbImage:
    """A second person: mirrored, and of other colours."""
    hsv = cv2.cvtColor(anna(), cv2.COLOR_RGB2HSV).astype(np.int16)
    hsv[..., 0] = (hsv[..., 0] + 90) % 180
    hsv[..., 2] = hsv[..., 2] * 2 // 3
    recoloured = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)
    return np.ascontiguousarray(recoloured[:, ::-1])


@cache
def beata() -> RgbImage:
    """A third person, who looks much like Anna: mirrored, and in barely other light."""
    barely_other: RgbImage = np.clip(anna()[:, ::-1] * np.array([1.0, 0.985, 0.97]), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(barely_other)


def resized(image: RgbImage, width_px: int, height_px: int) -> RgbImage:
    return np.asarray(cv2.resize(image, (width_px, height_px), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def scene(width_px: int = 960, height_px: int = 540) -> RgbImage:
    """A background with colours and structure, in which dlib finds no face."""
    return resized(photograph("coffee"), width_px, height_px)


def other_scene() -> RgbImage:
    """A background of other colours and structure, as large as `scene()`."""
    return resized(photograph("chelsea"), 960, 540)


def paste(image: RgbImage, person: RgbImage, at_xy: tuple[int, int], face_px: float = 88) -> Face:
    """Puts a person into the picture, in place, so that the face's middle lies at `at_xy`.

    What reaches past the picture is cut off.
    """
    scale = face_px / (FACE_XYXY[2] - FACE_XYXY[0])
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    patch = cv2.resize(person, None, fx=scale, fy=scale, interpolation=interpolation)
    x0, y0, x1, y1 = _FACE_IN_PATCH
    if person is berta() or person is beata():
        x0, x1 = person.shape[1] - x1, person.shape[1] - x0
    left = round(at_xy[0] - scale * (x0 + x1) / 2)
    top = round(at_xy[1] - scale * (y0 + y1) / 2)
    height, width = image.shape[:2]
    cut = patch[
        max(0, -top) : max(0, min(patch.shape[0], height - top)),
        max(0, -left) : max(0, min(patch.shape[1], width - left)),
    ]
    image[max(0, top) : max(0, top) + cut.shape[0], max(0, left) : max(0, left) + cut.shape[1]] = cut
    box: BoxXYXY = (left + scale * x0, top + scale * y0, left + scale * x1, top + scale * y1)
    return Face(box_xyxy=box, confidence=1.0)


def frame(image: RgbImage, time_s: float = 0.0, index: int = 0) -> Frame:
    return Frame(
        index=index, pts=round(time_s * TICKS_PER_S), time_base=Fraction(1, TICKS_PER_S), image=image
    )


def middle(face: Face) -> tuple[float, float]:
    x0, y0, x1, y1 = face.box_xyxy
    return ((x0 + x1) / 2, (y0 + y1) / 2)
