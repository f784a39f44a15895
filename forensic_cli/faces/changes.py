"""Where a picture has changed since it was last searched, so that a face may have come there."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from forensic_cli.types import BoxXYXY, Face, RgbImage

# The picture is compared by the mean colours of cells; the smallest face covers 4 x 4 of them.
_CELLS_A_FACE = 4
# A cell has changed when one of its colours has, by this share of the picture's contrast (standard
# deviation of the cells), within these bounds, in levels of 255, beyond what the whole picture has.
# Coding moves the cells at rest (a tenth of each picture) by 1.6 at most, in nine pairs of frames of
# ten, in each of 12 clips.
_CHANGED_CONTRASTS = 0.14
_CHANGED_LEVELS = (3.0, 8.0)
# A face that comes changes nearly all cells that it covers; an edge that moves, a line of them. Of
# 25,000 pairs of a face and a background that it could hide, 0.01% change fewer, at 8 levels.
_CHANGED_SHARE = 0.75
# Around a face that is known, hair and neck move with it.
_HEAD_FACES = 1.5

Cells = NDArray[np.float32]
CellMask = NDArray[np.bool_]


def cells_of(image: RgbImage, smallest_face_px: float) -> Cells:
    """Mean colours of the cells, (rows, columns, 3) float32 in [0, 255]; at least one cell."""
    height, width = image.shape[:2]
    cell_px = smallest_face_px / _CELLS_A_FACE
    size = (max(1, round(width / cell_px)), max(1, round(height / cell_px)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def changed_cells(before: Cells, after: Cells) -> CellMask:
    """The cells whose colour has changed otherwise than that of the whole picture, (rows, columns).

    All have where the pictures differ in size.
    """
    if before.shape != after.shape:
        return np.ones(after.shape[:2], np.bool_)
    difference = after - before
    # A lamp, or the camera's exposure, moves all cells alike.
    difference -= np.median(difference, axis=(0, 1))
    threshold = np.clip(_CHANGED_CONTRASTS * float(before.std()), *_CHANGED_LEVELS)
    return np.asarray(np.abs(difference).max(axis=2) > threshold)


def without_heads(changed: CellMask, faces: Iterable[Face], image: RgbImage) -> CellMask:
    """The changed cells that do not belong to the heads of known faces."""
    rest = changed.copy()
    for face in faces:
        x0, y0, x1, y1 = face.box_xyxy
        grow_x, grow_y = ((_HEAD_FACES - 1) / 2 * side_px for side_px in (x1 - x0, y1 - y0))
        rest[_cells_under((x0 - grow_x, y0 - grow_y, x1 + grow_x, y1 + grow_y), changed, image)] = False
    return rest


def changed_places(changed: CellMask, image: RgbImage) -> list[BoxXYXY]:
    """Rectangles of the picture, in pixels, that hold every place where a face may have come.

    A place counts where three quarters of the cells have changed that the smallest face would
    cover. Its rectangle has room for a face that the change shows only in part. None overlap.
    """
    # The border is repeated: a face at the edge of the picture covers fewer cells.
    share = cv2.boxFilter(
        changed.astype(np.float32), -1, (_CELLS_A_FACE, _CELLS_A_FACE), borderType=cv2.BORDER_REPLICATE
    )
    dense = np.asarray(share >= _CHANGED_SHARE, np.uint8)
    n_places, _, rectangles, _ = cv2.connectedComponentsWithStats(dense, connectivity=8)
    x_px, y_px = image.shape[1] / changed.shape[1], image.shape[0] / changed.shape[0]
    places: list[BoxXYXY] = []
    for left, top, width, height, _ in rectangles[1:n_places].tolist():
        grow = _CELLS_A_FACE + max(width, height) / 8
        places.append(
            (
                (left - grow) * x_px,
                (top - grow) * y_px,
                (left + width + grow) * x_px,
                (top + height + grow) * y_px,
            )
        )
    return _joined(places)


def _joined(boxes: list[BoxXYXY]) -> list[BoxXYXY]:
    """The same area and more, in boxes that do not overlap."""
    apart: list[BoxXYXY] = []
    for box in boxes:
        joined = box
        while touching := [other for other in apart if _overlap(joined, other)]:
            apart = [other for other in apart if other not in touching]
            x0, y0, x1, y1 = zip(joined, *touching, strict=True)
            joined = (min(x0), min(y0), max(x1), max(y1))
        apart.append(joined)
    return apart


def _overlap(a: BoxXYXY, b: BoxXYXY) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def take_over(reference: Cells, now: Cells, box_xyxy: BoxXYXY, image: RgbImage) -> None:
    """Makes `reference`, in place, show what lies in a box now."""
    under = _cells_under(box_xyxy, now[..., 0], image)
    reference[under] = now[under]


def _cells_under(box_xyxy: BoxXYXY, grid: NDArray[np.generic], image: RgbImage) -> tuple[slice, slice]:
    """The cells that a box touches."""
    rows, columns = grid.shape[:2]
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box_xyxy
    return (
        slice(max(0, int(y0 * rows / height)), max(0, int(np.ceil(y1 * rows / height)))),
        slice(max(0, int(x0 * columns / width)), max(0, int(np.ceil(x1 * columns / width)))),
    )
