"""Where the hair is, told from the skin by colour: no landmark marks it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from forensic_cli.types import RgbImage
from train.forge.colour import to_lab
from train.forge.portrait import Alpha, Landmarks
from train.forge.regions import forehead, inter_ocular_px, skin

_WORK_PX = 160
_SKIN_DEVIATIONS = 3.0


def hair(image: RgbImage, landmarks: Landmarks) -> Alpha:
    """The part of the skull's outline, above the mouth, whose colour is not the skin's.

    Told by the Mahalanobis distance in CIELAB from the face's own skin. Beside short hair it takes in
    some background, as a hasty mask does; on a bald head it may find nothing.

    Returns:
        (S, S) float32, 0 or 1, one connected piece; all 0 where nothing was found.
    """
    size_px = image.shape[0]
    scale = _WORK_PX / size_px
    small = cv2.resize(image, (_WORK_PX, _WORK_PX), interpolation=cv2.INTER_AREA)
    points = ((landmarks + 0.5) * scale - 0.5).astype(np.float32)
    lab = to_lab(np.asarray(small, np.uint8))
    skin_lab = lab[skin(points, _WORK_PX) > 0]
    if len(skin_lab) < 16:
        return np.zeros((size_px, size_px), np.float32)
    spread = np.cov(skin_lab.T) + 4 * np.eye(3)
    away = lab - skin_lab.mean(axis=0)
    distance = np.sqrt(np.einsum("hwi,ij,hwj->hw", away, np.linalg.inv(spread), away))
    # Smoothed, so that strands and gaps between them count as one.
    distance = cv2.GaussianBlur(distance.astype(np.float32), (0, 0), 1.5)
    found = ((distance > _SKIN_DEVIATIONS) & _skull(points)).astype(np.uint8)
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    n, pieces, stats, _ = cv2.connectedComponentsWithStats(found)
    if n < 2:
        return np.zeros((size_px, size_px), np.float32)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    mask = (pieces == largest).astype(np.float32)
    enlarged = cv2.resize(mask, (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    return np.asarray(enlarged > 0.5, np.float32)


def _skull(points: Landmarks) -> NDArray[np.bool_]:
    """An ellipse round the head, without the face and what lies below the upper lip."""
    unit_px = inter_ocular_px(points)
    eyes, upper_lip = points[27], points[51]
    up = (eyes - points[8]) / max(float(np.hypot(*(eyes - points[8]))), 1.0)
    centre = eyes + up * 0.3 * unit_px
    angle_degrees = float(np.degrees(np.arctan2(up[0], -up[1])))
    mask = np.zeros((_WORK_PX, _WORK_PX), np.uint8)
    # In inter-ocular distances: ears and hair lie in here, most of the background does not.
    box = (float(2.7 * unit_px), float(3.5 * unit_px))
    cv2.ellipse(mask, ((float(centre[0]), float(centre[1])), box, angle_degrees), 1, -1)
    face = np.concatenate([points, forehead(points, 0.5 * unit_px)])
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(face).astype(np.int32)), 0)
    rows, columns = np.indices((_WORK_PX, _WORK_PX), dtype=np.float32)
    is_below = (columns - upper_lip[0]) * up[0] + (rows - upper_lip[1]) * up[1] < 0
    return np.asarray((mask > 0) & ~is_below, np.bool_)
