"""Shapes of painting tools to pixels, and back.

Coordinates are those of the tools: x to the right, y down, and pixel (i, j) is the square from (j, i)
to (j + 1, i + 1). A pixel belongs to a shape where its centre does.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from forensic_cli.model.lae import INPUT_PX
from train.forge.portrait import BinaryMask

Points = NDArray[np.float64]

_TRACED_AT = 4
_TOLERANCE_PX = 0.75
_CENTRES = np.arange(INPUT_PX) + 0.5


class ShapeError(ValueError):
    """A shape that describes no area; the message says why, in words that fit behind a file's name."""


def points_of(values: Sequence[Sequence[float]]) -> Points:
    """Checks a list of points: (n, 2) float64.

    Raises:
        ShapeError: it is none.
    """
    try:
        points = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError("has a shape whose points are no numbers.") from error
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise ShapeError("has a shape whose points are no pairs of finite numbers.")
    return points


def fill_polygon(points: Points) -> BinaryMask:
    """Fills a polygon by the even-odd rule.

    Args:
        points: (n, 2), x and y; closed by itself.

    Returns:
        (256, 256) uint8, 1 inside.

    Raises:
        ShapeError: fewer than three points.
    """
    if len(points) < 3:
        raise ShapeError(f"has a polygon of {len(points)} points; an area needs three.")
    inside = np.zeros((INPUT_PX, INPUT_PX), bool)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        crosses = (y0 <= _CENTRES) != (y1 <= _CENTRES)
        if crosses.any():
            x_at = x0 + (_CENTRES[crosses] - y0) * (x1 - x0) / (y1 - y0)
            inside[crosses] ^= _CENTRES[None, :] >= x_at[:, None]
    return inside.astype(np.uint8)


def box_corners(x0: float, y0: float, x1: float, y1: float, rotation_deg: float = 0.0) -> Points:
    """Corners (4, 2) of a box, turned clockwise about its centre."""
    return _turned(points_of([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), rotation_deg)


def fill_ellipse(
    x: float, y: float, radius_x: float, radius_y: float, rotation_deg: float = 0.0
) -> BinaryMask:
    """Fills an ellipse about (x, y), turned clockwise.

    Raises:
        ShapeError: a radius is not above 0.
    """
    if not (radius_x > 0 and radius_y > 0):
        raise ShapeError("has an ellipse or circle without a radius.")
    dx, dy = np.meshgrid(_CENTRES - x, _CENTRES - y)
    angle = np.deg2rad(rotation_deg)
    along = dx * np.cos(angle) + dy * np.sin(angle)
    across = dy * np.cos(angle) - dx * np.sin(angle)
    return np.asarray((along / radius_x) ** 2 + (across / radius_y) ** 2 <= 1, np.uint8)


def outlines(mask: BinaryMask, tolerance_px: float = _TOLERANCE_PX) -> list[Points]:
    """Traces the outer edges of a mask as polygons with few points; holes are lost.

    Args:
        mask: (256, 256), not 0 inside.
        tolerance_px: a polygon strays at most so far from the edge; 0 follows it exactly.
    """
    # Traced on an enlargement, whose outermost pixels lie an eighth of a pixel inside the true edge:
    # traced on the mask itself, the outline would run through the centres of its border pixels.
    size = (INPUT_PX * _TRACED_AT, INPUT_PX * _TRACED_AT)
    enlarged = cv2.resize(np.asarray(mask > 0, np.uint8), size, interpolation=cv2.INTER_NEAREST)
    found, _ = cv2.findContours(enlarged, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    polygons = []
    for contour in found:
        simple = cv2.approxPolyDP(contour, tolerance_px * _TRACED_AT, True)
        chosen = simple if len(simple) >= 3 else contour
        polygons.append((chosen[:, 0].astype(np.float64) + 0.5) / _TRACED_AT)
    return sorted(polygons, key=lambda points: (-cv2.contourArea(points.astype(np.float32)), *points[0]))


def _turned(points: Points, rotation_deg: float) -> Points:
    angle = np.deg2rad(rotation_deg)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centre = points.mean(axis=0)
    return np.asarray((points - centre) @ matrix + centre)
