"""Blending masks from landmarks: which part of the face, how its border runs and softens."""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np

from train.forge.portrait import (
    INNER,
    JAW,
    LEFT_BROW,
    LEFT_EYE,
    MOUTH,
    N_LANDMARKS,
    NOSE,
    RIGHT_BROW,
    RIGHT_EYE,
    Alpha,
    Landmarks,
)


class Region(StrEnum):
    """Parts of a face that a forger replaces."""

    FACE = "face"
    FACE_AND_FOREHEAD = "face-and-forehead"
    INNER_FACE = "inner-face"
    EYES = "eyes"
    NOSE = "nose"
    MOUTH = "mouth"
    LOWER_FACE = "lower-face"


_POINTS: dict[Region, tuple[int, ...]] = {
    Region.FACE: tuple(range(N_LANDMARKS)),
    Region.FACE_AND_FOREHEAD: tuple(range(N_LANDMARKS)),
    Region.INNER_FACE: INNER,
    Region.EYES: RIGHT_BROW + LEFT_BROW + RIGHT_EYE + LEFT_EYE,
    Region.NOSE: NOSE,
    Region.MOUTH: MOUTH,
    Region.LOWER_FACE: (*JAW[3:14], 31, 33, 35, *MOUTH),
}
PARTS = (Region.EYES, Region.NOSE, Region.MOUTH, Region.LOWER_FACE)


def inter_ocular_px(landmarks: Landmarks) -> float:
    """Distance between the eyes' centres: the unit in which forging measures."""
    right, left = landmarks[list(RIGHT_EYE)].mean(axis=0), landmarks[list(LEFT_EYE)].mean(axis=0)
    return float(max(np.hypot(*(left - right)), 1.0))


def hull(landmarks: Landmarks, region: Region | None, size_px: int) -> Alpha:
    """Fills the convex hull of a region's landmarks, or of all of them if None.

    Returns:
        (size_px, size_px) float32, 0 or 1.
    """
    points = landmarks if region is None else landmarks[list(_POINTS[region])]
    if region is Region.FACE_AND_FOREHEAD:
        points = np.concatenate([points, forehead(landmarks, 0.5 * inter_ocular_px(landmarks))])
    mask = np.zeros((size_px, size_px), np.float32)
    outline = cv2.convexHull(np.rint(points).astype(np.int32))
    cv2.fillConvexPoly(mask, outline, 1.0)
    return mask


def lips(landmarks: Landmarks, size_px: int) -> Alpha:
    """The lips without what shows between them.

    Returns:
        (size_px, size_px) float32, 0 or 1.
    """
    outer, inner = landmarks[list(MOUTH[:12])], landmarks[list(MOUTH[12:])]
    mask = np.zeros((size_px, size_px), np.float32)
    cv2.fillPoly(mask, [np.rint(outer).astype(np.int32)], 1.0)
    cv2.fillPoly(mask, [np.rint(inner).astype(np.int32)], 0.0)
    return mask


def skin(landmarks: Landmarks, size_px: int) -> Alpha:
    """The face's skin: from the jaw to above the brows, without brows, eyes and lips.

    Returns:
        (size_px, size_px) float32, 0 or 1.
    """
    unit_px = inter_ocular_px(landmarks)
    mask = hull(np.concatenate([landmarks, forehead(landmarks, 0.45 * unit_px)]), None, size_px)
    for points in (RIGHT_BROW, LEFT_BROW, RIGHT_EYE, LEFT_EYE, MOUTH[:12]):
        part = np.zeros((size_px, size_px), np.uint8)
        outline = cv2.convexHull(np.rint(landmarks[list(points)]).astype(np.int32))
        cv2.fillConvexPoly(part, outline, 1)
        side = 2 * max(1, round(0.06 * unit_px)) + 1
        mask[cv2.dilate(part, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))) > 0] = 0
    return mask


def forehead(landmarks: Landmarks, height_px: float) -> Landmarks:
    """The brows' points, moved up along the face's own axis: (10, 2) float32."""
    brows = landmarks[list(RIGHT_BROW + LEFT_BROW)]
    down = landmarks[8] - landmarks[27]
    return np.asarray(brows - down / max(float(np.hypot(*down)), 1.0) * height_px, np.float32)


def deform(mask: Alpha, strength_px: float, rng: np.random.Generator) -> Alpha:
    """Moves a mask's border elastically (Simard et al. 2003): no two outlines are alike.

    Args:
        strength_px: largest displacement, in pixels.
    """
    size_px = mask.shape[0]
    # A coarse random field, enlarged, is a smooth one, and cheaper than a wide Gaussian.
    coarse = rng.uniform(-1, 1, (2, 6, 6)).astype(np.float32) * strength_px
    dx, dy = (cv2.resize(field, (size_px, size_px), interpolation=cv2.INTER_CUBIC) for field in coarse)
    grid_x, grid_y = np.meshgrid(np.arange(size_px, dtype=np.float32), np.arange(size_px, dtype=np.float32))
    return cv2.remap(mask, grid_x + dx, grid_y + dy, cv2.INTER_LINEAR, borderValue=0.0).astype(np.float32)


def soften(mask: Alpha, rng: np.random.Generator, unit_px: float) -> Alpha:
    """Erodes or dilates a mask a little, and blurs its border by a random amount.

    Args:
        unit_px: inter-ocular distance.

    Returns:
        (S, S) float32 in [0, 1]. Values under half a grey level are 0, so that the mask of
        altered pixels is exact.
    """
    grow = int(rng.integers(-round(0.15 * unit_px), round(0.15 * unit_px) + 1))
    if grow:
        side = 2 * abs(grow) + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        changed = cv2.dilate(mask, kernel) if grow > 0 else cv2.erode(mask, kernel)
        if changed.max() > 0:
            mask = changed.astype(np.float32)
    sigma_px = float(rng.uniform(0.01, 0.16)) * unit_px
    if rng.random() < 0.3:
        # Twice a box, whose sides differ: a trapezium of its own in each direction.
        width, height = (1 + 2 * max(1, round(sigma_px * factor)) for factor in rng.uniform(0.7, 1.6, 2))
        blurred = cv2.blur(cv2.blur(mask, (width, height)), (width, height))
    else:
        blurred = cv2.GaussianBlur(mask, (0, 0), sigma_px)
    softened = np.asarray(blurred, np.float32)
    softened[softened < 1 / 510] = 0
    return np.clip(softened, 0, 1).astype(np.float32)


def random_alpha(landmarks: Landmarks, region: Region, size_px: int, rng: np.random.Generator) -> Alpha:
    """A random blending mask for a region: hull, elastic border, softness.

    Returns:
        (size_px, size_px) float32 in [0, 1], with at least one pixel above 0.5 unless the region
        lies outside the picture.
    """
    unit_px = inter_ocular_px(landmarks)
    mask = hull(landmarks, region, size_px)
    return soften(deform(mask, 0.12 * unit_px, rng), rng, unit_px)


def feathered(mask: Alpha, landmarks: Landmarks, rng: np.random.Generator) -> Alpha:
    """Softens a mask's border a little, as a careful retoucher's brush does.

    Returns:
        (S, S) float32 in [0, 1]; values under half a grey level are 0.
    """
    sigma_px = float(rng.uniform(0.01, 0.06)) * inter_ocular_px(landmarks)
    softened = cv2.GaussianBlur(mask, (0, 0), max(sigma_px, 0.5))
    softened[softened < 1 / 510] = 0
    return np.clip(softened, 0, 1).astype(np.float32)
