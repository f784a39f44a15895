"""A frame reduced to what tells where it has changed: some 300,000 bytes of a full HD picture's six million."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from forensic_cli.types import BoxXYXY, RgbImage

# The picture is compared by the mean colours of cells; the smallest face covers 4 x 4 of them.
CELLS_A_FACE = 4
# A cell is the mean of 4 x 4 dots. Dots are fine enough to say by how much something has moved.
DOTS_A_CELL = 4

Cells = NDArray[np.float32]
CellMask = NDArray[np.bool_]
Dots = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """The colours of a frame, twice.

    Attributes:
        dots: (4 rows, 4 columns, 3) uint8.
        cells: (rows, columns, 3) float32 in [0, 255], at least one; means of the dots.
    """

    dots: Dots
    cells: Cells

    def copy(self) -> Sketch:
        """One that can be drawn over."""
        return Sketch(self.dots.copy(), self.cells.copy())

    def take_over(self, now: Sketch, cells: CellMask) -> None:
        """Shows, in these cells, what another sketch of the same size shows."""
        self.cells[cells] = now.cells[cells]
        dots = np.repeat(np.repeat(cells, DOTS_A_CELL, axis=0), DOTS_A_CELL, axis=1)
        self.dots[dots] = now.dots[dots]


def sketch_of(image: RgbImage, smallest_face_px: float) -> Sketch:
    """Reduces a frame.

    Args:
        image: (H, W, 3) uint8 RGB.
        smallest_face_px: side of the smallest face that is looked for.
    """
    height, width = image.shape[:2]
    cell_px = smallest_face_px / CELLS_A_FACE
    columns, rows = max(1, round(width / cell_px)), max(1, round(height / cell_px))
    size = (columns * DOTS_A_CELL, rows * DOTS_A_CELL)
    dots = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return Sketch(dots, means_of(dots))


def means_of(dots: Dots) -> Cells:
    """The cells of dots, (rows, columns, 3)."""
    rows, columns = dots.shape[0] // DOTS_A_CELL, dots.shape[1] // DOTS_A_CELL
    return cv2.resize(dots.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA).astype(
        np.float32
    )


def largest_difference(before: Cells, after: Cells) -> NDArray[np.float32]:
    """Of the three colours, in levels, (rows, columns)."""
    red, green, blue = np.moveaxis(np.abs(after - before), 2, 0)
    # NumPy's maximum over an axis of three takes ten times as long.
    largest: NDArray[np.float32] = np.maximum(np.maximum(red, green), blue)
    return largest


def cells_under(box_xyxy: BoxXYXY, grid: NDArray[np.generic], image: RgbImage) -> tuple[slice, slice]:
    """Where a box, in pixels of the picture, touches a grid that covers the whole picture."""
    rows, columns = grid.shape[:2]
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box_xyxy
    return (
        slice(max(0, int(y0 * rows / height)), max(0, int(np.ceil(y1 * rows / height)))),
        slice(max(0, int(x0 * columns / width)), max(0, int(np.ceil(x1 * columns / width)))),
    )
