"""Where a picture has changed since it was last searched, so that a face may have come there."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from forensic_cli.faces.sketch import CELLS_A_FACE, CellMask, Cells, Sketch, cells_under, largest_difference
from forensic_cli.types import BoxXYXY, Face, RgbImage

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


def difference_limit(before: Cells) -> float:
    """By how many levels of 255 a cell may differ and still be the same."""
    return float(np.clip(_CHANGED_CONTRASTS * float(before.std()), *_CHANGED_LEVELS))


def changed_cells(before: Sketch, after: Sketch) -> CellMask:
    """The cells whose colour has changed otherwise than that of the whole picture, (rows, columns).

    All have where the pictures differ in size.
    """
    if before.cells.shape != after.cells.shape:
        return np.ones(after.cells.shape[:2], np.bool_)
    # A lamp, or the camera's exposure, moves all cells alike.
    light = np.median(after.cells - before.cells, axis=(0, 1))
    return np.asarray(largest_difference(before.cells + light, after.cells) > difference_limit(before.cells))


def without_heads(changed: CellMask, faces: Iterable[Face], image: RgbImage) -> CellMask:
    """The changed cells that do not belong to the heads of known faces."""
    rest = changed.copy()
    for face in faces:
        x0, y0, x1, y1 = face.box_xyxy
        grow_x, grow_y = ((_HEAD_FACES - 1) / 2 * side_px for side_px in (x1 - x0, y1 - y0))
        rest[cells_under((x0 - grow_x, y0 - grow_y, x1 + grow_x, y1 + grow_y), changed, image)] = False
    return rest


def changed_places(changed: CellMask, image: RgbImage) -> list[BoxXYXY]:
    """Rectangles of the picture, in pixels, that hold every place where a face may have come.

    A place counts where three quarters of the cells have changed that the smallest face would
    cover. Its rectangle has room for a face that the change shows only in part. None overlap.
    """
    # The border is repeated: a face at the edge of the picture covers fewer cells.
    share = cv2.boxFilter(
        changed.astype(np.float32), -1, (CELLS_A_FACE, CELLS_A_FACE), borderType=cv2.BORDER_REPLICATE
    )
    dense = np.asarray(share >= _CHANGED_SHARE, np.uint8)
    n_places, _, rectangles, _ = cv2.connectedComponentsWithStats(dense, connectivity=8)
    x_px, y_px = image.shape[1] / changed.shape[1], image.shape[0] / changed.shape[0]
    places: list[BoxXYXY] = []
    for left, top, width, height, _ in rectangles[1:n_places].tolist():
        grow = CELLS_A_FACE + max(width, height) / 8
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


def cells_within(boxes: Iterable[BoxXYXY], sketch: Sketch, image: RgbImage) -> CellMask:
    """The cells that the boxes touch, (rows, columns)."""
    within = np.zeros(sketch.cells.shape[:2], np.bool_)
    for box_xyxy in boxes:
        within[cells_under(box_xyxy, within, image)] = True
    return within
