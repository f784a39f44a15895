"""What only moved is told from what is new."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.faces.changes import changed_cells, changed_places
from forensic_cli.faces.motion import moved_with_camera, moved_with_heads
from forensic_cli.faces.sketch import CellMask, Sketch, means_of, sketch_of
from forensic_cli.types import Face, RgbImage
from tests.faces.material import anna, berta, paste, resized, scene

SMALLEST_PX = 80.0
WIDTH_PX, HEIGHT_PX = 1280, 720
# Where a person sways by less than the smallest face, and a wall behind.
AT_XY = (500, 330)


def panned(by_px: tuple[int, int], zoom: float = 1.0) -> RgbImage:
    """What a camera sees of a wider scene."""
    wide = resized(scene(), round(1600 * zoom), round(900 * zoom))
    left, top = 160 + by_px[0], 90 + by_px[1]
    return wide[top : top + HEIGHT_PX, left : left + WIDTH_PX].copy()


def sketches(before: RgbImage, after: RgbImage) -> tuple[Sketch, Sketch]:
    return sketch_of(before, SMALLEST_PX), sketch_of(after, SMALLEST_PX)


def new_cells(before: RgbImage, after: RgbImage) -> CellMask:
    one, other = sketches(before, after)
    changed = changed_cells(one, other)
    return changed & ~moved_with_camera(one, other, changed)


def test_cells_are_the_means_of_their_dots() -> None:
    sketch = sketch_of(scene(), SMALLEST_PX)
    rows, columns = sketch.cells.shape[:2]
    means = sketch.dots.reshape(rows, 4, columns, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(sketch.cells, means, atol=1e-3)
    np.testing.assert_array_equal(means_of(sketch.dots), sketch.cells)


@settings(deadline=None, max_examples=30)
@given(st.integers(-60, 60), st.integers(-40, 40))
def test_a_pan_brings_nothing_new_but_at_the_edge(right: int, down: int) -> None:
    before, after = panned((0, 0)), panned((right, down))
    assert new_cells(before, after)[3:-3, 4:-4].mean() < 0.15


def test_without_asking_for_motion_a_pan_changes_most_of_the_picture() -> None:
    before, after = panned((0, 0)), panned((50, 20))
    changed = changed_cells(*sketches(before, after))
    assert changed.mean() > 0.5
    assert new_cells(before, after).mean() < 0.25 * changed.mean()


def test_a_slow_zoom_is_motion_of_its_parts() -> None:
    before, after = panned((0, 0)), panned((8, 5), zoom=1.01)
    changed = changed_cells(*sketches(before, after))
    assert new_cells(before, after).mean() < 0.5 * changed.mean()


@settings(deadline=None, max_examples=30)
@given(st.integers(-60, 60), st.integers(80, 240), st.integers(150, 1100), st.integers(150, 560))
def test_a_face_that_comes_while_the_camera_pans_is_new(right: int, side: int, x: int, y: int) -> None:
    before, after = panned((0, 0)), panned((right, 0))
    face = paste(after, anna(), (x, y), side)
    places = changed_places(new_cells(before, after), after)
    x0, y0, x1, y1 = face.box_xyxy
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, WIDTH_PX), min(y1, HEIGHT_PX)
    assert any(a <= x0 and b <= y0 and x1 <= c and y1 <= d for a, b, c, d in places)


@pytest.mark.parametrize("by_px", [(15, 0), (-12, 8), (12, -15)])
def test_a_body_that_sways_with_its_head_is_not_new(by_px: tuple[int, int]) -> None:
    before, after = scene(WIDTH_PX, HEIGHT_PX), scene(WIDTH_PX, HEIGHT_PX)
    paste(before, anna(), AT_XY, 140)
    face = paste(after, anna(), (AT_XY[0] + by_px[0], AT_XY[1] + by_px[1]), 140)
    one, other = sketches(before, after)
    changed = changed_cells(one, other)
    moved = moved_with_heads(one, other, [face], after)
    assert changed_places(changed, after) != []
    assert changed_places(changed & ~moved, after) == []


def test_of_a_body_that_moves_further_the_wall_behind_it_is_new() -> None:
    before, after = scene(WIDTH_PX, HEIGHT_PX), scene(WIDTH_PX, HEIGHT_PX)
    paste(before, anna(), AT_XY, 140)
    face = paste(after, anna(), (AT_XY[0] + 90, AT_XY[1]), 140)
    one, other = sketches(before, after)
    changed = changed_cells(one, other)
    new = changed & ~moved_with_heads(one, other, [face], after)
    assert changed_places(new, after) != []
    assert 0.1 * changed.sum() < new.sum() < 0.6 * changed.sum()


def test_somebody_who_appears_beside_a_swaying_head_is_new() -> None:
    before, after = scene(WIDTH_PX, HEIGHT_PX), scene(WIDTH_PX, HEIGHT_PX)
    paste(before, anna(), AT_XY, 140)
    face = paste(after, anna(), (AT_XY[0] + 30, AT_XY[1]), 140)
    other_face = paste(after, berta(), (AT_XY[0] + 300, AT_XY[1]), 100)
    one, other = sketches(before, after)
    new = changed_cells(one, other) & ~moved_with_heads(one, other, [face], after)
    x0, y0, x1, y1 = other_face.box_xyxy
    assert any(a <= x0 and b <= y0 and x1 <= c and y1 <= d for a, b, c, d in changed_places(new, after))


def test_a_head_that_turned_vouches_for_nothing() -> None:
    before, after = scene(WIDTH_PX, HEIGHT_PX), scene(WIDTH_PX, HEIGHT_PX)
    paste(before, anna(), AT_XY, 140)
    face = paste(after, anna()[::-1], AT_XY, 140)
    one, other = sketches(before, after)
    assert not moved_with_heads(one, other, [face], after).any()


@pytest.mark.parametrize(
    "after",
    [np.full((HEIGHT_PX, WIDTH_PX, 3), 90, np.uint8), scene(WIDTH_PX, HEIGHT_PX), scene(320, 200)],
    ids=["of one colour", "other content", "another size"],
)
def test_a_picture_of_one_colour_moves_nowhere(after: RgbImage) -> None:
    flat = np.full((HEIGHT_PX, WIDTH_PX, 3), 200, np.uint8)
    one, other = sketches(flat, after)
    assert not moved_with_camera(one, other, changed_cells(one, other)).any()
    assert not moved_with_heads(one, other, [Face((100.0, 100.0, 200.0, 200.0), 1.0)], after).any()


@pytest.mark.parametrize("size", [(1, 1), (30, 500), (500, 30), (90, 90)])
def test_small_pictures_are_compared_too(size: tuple[int, int]) -> None:
    image = scene(*size)
    one, other = sketches(image, image)
    everywhere = np.ones(one.cells.shape[:2], np.bool_)
    assert moved_with_camera(one, other, everywhere).shape == one.cells.shape[:2]
    moved_with_heads(one, other, [Face((0.0, 0.0, float(size[0]), float(size[1])), 1.0)], image)


def test_what_is_taken_over_is_shown_and_the_rest_is_not() -> None:
    one, other = sketches(scene(WIDTH_PX, HEIGHT_PX), panned((40, 0)))
    drawn, cells = one.copy(), np.zeros(one.cells.shape[:2], np.bool_)
    cells[3:9, 5:11] = True
    drawn.take_over(other, cells)
    np.testing.assert_array_equal(drawn.cells[cells], other.cells[cells])
    np.testing.assert_array_equal(drawn.cells[~cells], one.cells[~cells])
    np.testing.assert_array_equal(means_of(drawn.dots), drawn.cells)
