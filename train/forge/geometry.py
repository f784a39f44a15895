"""Warping one face onto another."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from forensic_cli.types import RgbImage
from train.forge.portrait import Landmarks

# A forger's program interpolates one way or another: no single trace must give forging away.
INTERPOLATIONS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
# With a map of pairs, OpenCV wants an empty second map; its type stubs do not know None.
_NO_SECOND_MAP = np.empty(0, np.float32)


def jitter(image: RgbImage, max_shift: float, max_scale: float, rng: np.random.Generator) -> RgbImage:
    """Shifts and scales an image slightly about its centre, by one of three interpolations.

    Args:
        max_shift: as a fraction of the side, in both directions.
        max_scale: as a fraction, in both directions.
    """
    size_px = image.shape[0]
    scale = 1 + rng.uniform(-max_scale, max_scale)
    shift_x, shift_y = rng.uniform(-max_shift, max_shift, 2) * size_px
    centre = size_px / 2
    matrix = np.array(
        [[scale, 0, centre * (1 - scale) + shift_x], [0, scale, centre * (1 - scale) + shift_y]], np.float32
    )
    flags = INTERPOLATIONS[int(rng.integers(len(INTERPOLATIONS)))]
    warped = cv2.warpAffine(image, matrix, (size_px, size_px), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(warped, dtype=np.uint8)


def _with_frame(landmarks: Landmarks, size_px: int) -> NDArray[np.float32]:
    """Adds eight points on the picture's border, so that the triangles cover it."""
    far, mid = size_px - 1.0, (size_px - 1.0) / 2
    border = [(0, 0), (mid, 0), (far, 0), (0, mid), (far, mid), (0, far), (mid, far), (far, far)]
    return np.concatenate([landmarks, np.array(border, np.float32)])


def _triangles(points: NDArray[np.float32], size_px: int) -> NDArray[np.int64]:
    """Delaunay triangulation; (n, 3) indices into `points`."""
    subdivision = cv2.Subdiv2D((0, 0, size_px, size_px))
    inside = np.clip(points, 0, size_px - 1)
    for x, y in inside:
        subdivision.insert((float(x), float(y)))
    corners = np.asarray(subdivision.getTriangleList(), np.float32).reshape(-1, 3, 2)
    # OpenCV gives coordinates, not indices: the nearest inserted point is the one meant.
    distance = ((corners[:, :, None, :] - inside[None, None]) ** 2).sum(axis=-1)
    indices = distance.argmin(axis=-1)
    exact = distance.min(axis=-1).max(axis=-1) < 1e-3
    distinct = (
        (indices[:, 0] != indices[:, 1]) & (indices[:, 1] != indices[:, 2]) & (indices[:, 0] != indices[:, 2])
    )
    return np.asarray(indices[exact & distinct], dtype=np.int64)


def warp_onto(image: RgbImage, landmarks: Landmarks, target: Landmarks, size_px: int) -> RgbImage:
    """Piecewise-affine warp that carries `landmarks` of `image` onto `target`.

    Args:
        image: (S, S, 3) uint8.
        landmarks, target: (68, 2) float32, pixels.
        size_px: side of the result, which is that of the target's picture.

    Returns:
        (size_px, size_px, 3) uint8.
    """
    source_points = _with_frame(landmarks, image.shape[0])
    target_points = _with_frame(target, size_px)
    map_xy = np.zeros((size_px, size_px, 2), np.float32)
    grid = np.stack(
        np.meshgrid(np.arange(size_px, dtype=np.float32), np.arange(size_px, dtype=np.float32)), axis=-1
    )
    map_xy[:] = grid
    owner = np.full((size_px, size_px), -1, np.int32)
    triangles = _triangles(target_points, size_px)
    matrices = np.empty((len(triangles), 2, 3), np.float32)
    for number, corner_indices in enumerate(triangles):
        there = target_points[corner_indices]
        cv2.fillConvexPoly(owner, np.rint(there).astype(np.int32), number)
        matrices[number] = cv2.getAffineTransform(there, source_points[corner_indices])
    covered = owner >= 0
    chosen = matrices[owner[covered]]
    position = grid[covered]
    map_xy[covered] = np.einsum("nij,nj->ni", chosen[:, :, :2], position) + chosen[:, :, 2]
    warped = cv2.remap(image, map_xy, _NO_SECOND_MAP, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(warped, dtype=np.uint8)


def moved(image: RgbImage, displacement: NDArray[np.float32]) -> RgbImage:
    """Resamples an image along a displacement field.

    Args:
        displacement: (S, S, 2) float32, where each result pixel looks, relative to itself.
    """
    size_px = image.shape[0]
    axis = np.arange(size_px, dtype=np.float32)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    warped = cv2.remap(
        image, grid + displacement, _NO_SECOND_MAP, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(warped, dtype=np.uint8)


def elastic(image: RgbImage, strength_px: float, rng: np.random.Generator) -> RgbImage:
    """Moves an image's content elastically by up to `strength_px` (Simard et al. 2003)."""
    size_px = image.shape[0]
    coarse = rng.uniform(-1, 1, (2, 5, 5)).astype(np.float32) * np.float32(strength_px)
    fields = [cv2.resize(field, (size_px, size_px), interpolation=cv2.INTER_CUBIC) for field in coarse]
    return moved(image, np.stack(fields, axis=-1).astype(np.float32))


# Thin plates are evaluated on a grid this coarse and enlarged: they bend too slowly to need more.
_PLATE_STEP_PX = 8


def thin_plate_onto(image: RgbImage, landmarks: Landmarks, target: Landmarks, size_px: int) -> RgbImage:
    """As `warp_onto`, by a thin-plate spline (Bookstein 1989): smooth where triangles have creases."""
    source_points = _with_frame(landmarks, image.shape[0]).astype(np.float64)
    target_points = _with_frame(target, size_px).astype(np.float64)
    n = len(target_points)
    affine = np.concatenate([np.ones((n, 1)), target_points], axis=1)
    system = np.zeros((n + 3, n + 3))
    # Landmarks are a pixel or two off: a plate that met each exactly would buckle between neighbours.
    system[:n, :n] = _plate(target_points, target_points) + 10.0 * np.eye(n)
    system[:n, n:], system[n:, :n] = affine, affine.T
    weights = np.linalg.solve(system, np.concatenate([source_points, np.zeros((3, 2))]))
    n_steps = size_px // _PLATE_STEP_PX + 1
    axis = np.linspace(0, size_px - 1, n_steps)
    knots = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    basis = np.concatenate([_plate(knots, target_points), np.ones((len(knots), 1)), knots], axis=1)
    coarse = (basis @ weights).reshape(n_steps, n_steps, 2).astype(np.float32)
    # Knots lie on the first and the last pixel; OpenCV's resize puts samples at half pixels instead.
    position = np.linspace(0, n_steps - 1, size_px, dtype=np.float32)
    grid_x, grid_y = np.meshgrid(position, position)
    map_xy = cv2.remap(coarse, grid_x, grid_y, cv2.INTER_LINEAR)
    warped = cv2.remap(image, map_xy, _NO_SECOND_MAP, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(warped, dtype=np.uint8)


def _plate(points: NDArray[np.float64], knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """r^2 log r between every point and every knot: (n, k)."""
    squared = ((points[:, None] - knots[None]) ** 2).sum(axis=-1)
    return np.asarray(0.5 * squared * np.log(np.maximum(squared, 1e-9)))
