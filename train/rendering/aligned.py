"""Cutting a face out upright and at one size, and putting it back."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from forensic_cli.types import RgbImage
from train.forge.portrait import LEFT_EYE, MOUTH, RIGHT_EYE, Landmarks

Matrix = NDArray[np.float64]
# Where the eyes and the mouth come to lie, as fractions of the side.
_EYES_Y, _MOUTH_Y, _HALF_EYES = 0.40, 0.72, 0.17


def alignment(landmarks: Landmarks, size_px: int) -> Matrix:
    """The similarity transform that carries a face's eyes and mouth to their places.

    Returns:
        (2, 3), from the picture's pixels to those of the (size_px, size_px) face.
    """
    right, left, mouth = (
        landmarks[list(part)].mean(axis=0).astype(np.float64) for part in (RIGHT_EYE, LEFT_EYE, MOUTH)
    )
    wanted = np.array([[0.5 - _HALF_EYES, _EYES_Y], [0.5 + _HALF_EYES, _EYES_Y], [0.5, _MOUTH_Y]]) * size_px
    # Least squares for (a, b, tx, ty) of x' = a x - b y + tx, y' = b x + a y + ty.
    rows, values = [], []
    for (x, y), (to_x, to_y) in zip((right, left, mouth), wanted, strict=True):
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
        values += [to_x, to_y]
    a, b, shift_x, shift_y = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[0]
    return np.array([[a, -b, shift_x], [b, a, shift_y]])


def cut_face(image: RgbImage, matrix: Matrix, size_px: int) -> RgbImage:
    """The aligned face: (size_px, size_px, 3) uint8."""
    face = cv2.warpAffine(
        image, matrix, (size_px, size_px), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(face, np.uint8)


def put_back(face: RgbImage, matrix: Matrix, image: RgbImage, interpolation: int) -> RgbImage:
    """A picture with the aligned face in its place, hard-edged; outside it the picture as it was.

    Args:
        interpolation: OpenCV's, by which the face is enlarged.
    """
    size_px, side_px = face.shape[0], image.shape[0]
    inverse = cv2.invertAffineTransform(matrix)
    back = cv2.warpAffine(
        face, inverse, (side_px, side_px), flags=interpolation, borderMode=cv2.BORDER_REPLICATE
    )
    covered = cv2.warpAffine(
        np.ones((size_px, size_px), np.uint8), inverse, (side_px, side_px), flags=cv2.INTER_NEAREST
    )
    return np.where(covered[..., None] > 0, back, image).astype(np.uint8)
