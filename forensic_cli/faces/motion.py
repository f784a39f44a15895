"""What only moved: a changed place that shows what was beside it before holds no new face.

Where the camera moves, or a person sways, much of a picture changes and little in it is new. A shift is
estimated, and believed cell by cell only where it makes the colours agree. What turns or grows quickly, or
is uncovered, does not agree, and is searched; even areas agree with any shift, which hides nothing but what
looks like them. As in a picture at rest, a face that was there and not seen is not looked for again before
the next search of the whole frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from forensic_cli.faces.changes import difference_limit
from forensic_cli.faces.sketch import (
    DOTS_A_CELL,
    CellMask,
    Dots,
    Sketch,
    cells_under,
    largest_difference,
    means_of,
)
from forensic_cli.types import Face, RgbImage

# Shoulders and hands move with a head: so many face widths to each side of it are asked whether they did.
_BODY_WIDTHS = 2.0
# From one sample to the next a head is looked for within one face width.
_REACH_WIDTHS = 1.0
# A head that correlates with nothing near it has turned: nobody can say by how much it moved.
_MIN_CORRELATION = 0.8
# Rows and columns of parts in which the camera's motion is estimated: a third of the height takes in a
# motion of a tenth of it, and a part that one moving thing fills leaves the others to the background.
_N_PARTS = (3, 4)
# In a part with fewer changed cells there is nothing to explain: the smallest face changes twelve, and so
# three in one of the parts among which it lies.
_MIN_CHANGED = 3
# Below this number of dots on a side there is nothing to correlate.
_MIN_DOTS = 4


@dataclass(frozen=True, slots=True)
class Shift:
    """By how many dots a picture, or a part of it, has moved to the right and down."""

    dx: float
    dy: float


def moved_with_camera(before: Sketch, after: Sketch, changed: CellMask) -> CellMask:
    """The changed cells that show what the camera's motion brought there, (rows, columns).

    The picture may move by another amount in each of its parts: that is what turning, approaching and
    walking past things look like. A part that shows too little to tell is asked for the others' motion;
    one in which little has changed is not asked.
    """
    moved = np.zeros(after.cells.shape[:2], np.bool_)
    if before.dots.shape != after.dots.shape:
        return moved
    grey_before, grey_after = (_grey(sketch.dots).astype(np.float32) for sketch in (before, after))
    limit = difference_limit(before.cells)
    everywhere = list(_parts(moved.shape))
    parts = [part for part in everywhere if changed[part].sum() >= _MIN_CHANGED]
    if 2 * len(parts) >= len(everywhere):
        # It is the camera that moved: parts that look the same, shifted, tell by how much as well.
        parts = everywhere
    shifts: list[tuple[float, float]] = []
    for part in parts:
        dots = _dots_of(part)
        piece = grey_before[dots]
        if min(piece.shape) >= _MIN_DOTS:
            window = cv2.createHanningWindow(piece.shape[::-1], cv2.CV_32F)
            (dx, dy), _ = cv2.phaseCorrelate(piece, grey_after[dots], window)
            # Between pictures of one colour there is no shift to be found.
            if np.isfinite((dx, dy)).all():
                moved[part] = _agreeing(before, after, Shift(dx, dy), part, limit)
                shifts.append((dx, dy))
    if shifts:
        # The middle one of all: at most half of the parts are filled by things that go their own way.
        shift = Shift(*np.median(shifts, axis=0).tolist())
        asked = np.zeros_like(moved)
        for part in parts:
            asked[part] = True
        moved |= asked & _agreeing(before, after, shift, _all_cells(moved), limit)
    return moved & changed


def _parts(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """The picture in parts, as slices of its cells."""
    rows, columns = (
        np.linspace(0, size, min(size, n) + 1).astype(int)
        for size, n in zip(shape[:2], _N_PARTS, strict=True)
    )
    for top, bottom in pairwise(rows.tolist()):
        for left, right in pairwise(columns.tolist()):
            yield slice(top, bottom), slice(left, right)


def _all_cells(grid: CellMask) -> tuple[slice, slice]:
    rows, columns = grid.shape
    return slice(0, rows), slice(0, columns)


def moved_with_heads(before: Sketch, after: Sketch, faces: Iterable[Face], image: RgbImage) -> CellMask:
    """The cells around known faces that show what moved there with the head, (rows, columns).

    Args:
        faces: where they are now.
        image: the frame now.
    """
    moved = np.zeros(after.cells.shape[:2], np.bool_)
    if before.dots.shape != after.dots.shape:
        return moved
    limit = difference_limit(before.cells)
    for face in faces:
        shift = _head_shift(before, after, face, image)
        if shift is None:
            continue
        body = _within(cells_under(face.surroundings(_BODY_WIDTHS), moved, image), moved.shape)
        moved[body] |= _agreeing(before, after, shift, body, limit)
    return moved


def _head_shift(before: Sketch, after: Sketch, face: Face, image: RgbImage) -> Shift | None:
    head = _within(cells_under(face.box_xyxy, after.dots, image), after.dots.shape)
    around = _within(cells_under(face.surroundings(_REACH_WIDTHS), before.dots, image), before.dots.shape)
    if any(each.start >= each.stop for each in (*head, *around)):
        return None
    pattern, field = _grey(after.dots[head]), _grey(before.dots[around])
    if min(pattern.shape) < _MIN_DOTS or any(a < b for a, b in zip(field.shape, pattern.shape, strict=True)):
        return None
    scores = cv2.matchTemplate(field, pattern, cv2.TM_CCOEFF_NORMED)
    # OpenCV divides by the contrast of each place: where that is nil, nothing can be said.
    scores = np.where(np.isfinite(scores), scores, 0.0)
    row, column = (int(place) for place in np.unravel_index(int(scores.argmax()), scores.shape))
    if scores[row, column] < _MIN_CORRELATION:
        return None
    return Shift(
        head[1].start - (around[1].start + column + _vertex(scores[row], column)),
        head[0].start - (around[0].start + row + _vertex(scores[:, column], row)),
    )


def _vertex(scores: np.ndarray, peak: int) -> float:
    """Where between its neighbours the peak of a parabola through three scores lies, in [-0.5, 0.5]."""
    if not 0 < peak < len(scores) - 1:
        return 0.0
    low, top, high = (float(score) for score in scores[peak - 1 : peak + 2])
    bend = low - 2 * top + high
    return 0.0 if bend >= 0 else float(np.clip((low - high) / (2 * bend), -0.5, 0.5))


def _agreeing(
    before: Sketch, after: Sketch, shift: Shift, part: tuple[slice, slice], limit: float
) -> CellMask:
    """The cells of a part that look as the shifted picture does, within a limit, and to which it reaches."""
    rows, columns = _dots_of(part)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    matrix = np.array([[1.0, 0.0, shift.dx - columns.start], [0.0, 1.0, shift.dy - rows.start]])
    moved = cv2.warpAffine(before.dots, matrix, size, flags=cv2.INTER_LINEAR)
    difference = largest_difference(means_of(moved.astype(np.uint8)), after.cells[part])
    return np.asarray((difference <= limit) & _reached(before.cells.shape[:2], shift)[part])


def _reached(shape: tuple[int, ...], shift: Shift) -> CellMask:
    """The cells that lie wholly within the shifted picture."""
    spans = []
    for n_cells, by in zip(shape[:2], (shift.dy, shift.dx), strict=True):
        first = np.arange(n_cells) * DOTS_A_CELL - by
        spans.append((first >= 0) & (first + DOTS_A_CELL - 1 <= n_cells * DOTS_A_CELL - 1))
    return np.outer(*spans)


def _dots_of(part: tuple[slice, slice]) -> tuple[slice, slice]:
    rows, columns = (slice(each.start * DOTS_A_CELL, each.stop * DOTS_A_CELL) for each in part)
    return rows, columns


def _within(part: tuple[slice, slice], shape: tuple[int, ...]) -> tuple[slice, slice]:
    rows, columns = (
        slice(min(each.start, size), min(each.stop, size)) for each, size in zip(part, shape[:2], strict=True)
    )
    return rows, columns


def _grey(dots: Dots) -> Dots:
    return cv2.cvtColor(dots, cv2.COLOR_RGB2GRAY).astype(np.uint8)
