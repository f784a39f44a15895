import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.faces.changes import cells_within, changed_cells, changed_places, without_heads
from forensic_cli.faces.sketch import sketch_of
from forensic_cli.types import Face, RgbImage
from tests.faces.material import anna, paste, scene

SMALLEST_PX = 80.0


def changed(before: RgbImage, after: RgbImage) -> np.ndarray:
    return changed_cells(sketch_of(before, SMALLEST_PX), sketch_of(after, SMALLEST_PX))


@settings(deadline=None)
@given(st.integers(0, 600), st.integers(0, 340), st.integers(80, 200))
def test_a_face_that_comes_lies_in_a_changed_place(left: int, top: int, side: int) -> None:
    before, after = scene(800, 540), scene(800, 540)
    middle = (left + side // 2, top + side // 2)
    face = paste(after, anna(), middle, side)
    places = changed_places(changed(before, after), after)
    x0, y0, x1, y1 = face.box_xyxy
    assert any(a <= x0 and b <= y0 and x1 <= c and y1 <= d for a, b, c, d in places)


def test_places_do_not_overlap() -> None:
    before, after = scene(1280, 720), scene(1280, 720)
    for at_xy in ((100, 100), (250, 300), (700, 200), (1200, 650)):
        paste(after, anna(), at_xy, 90)
    places = changed_places(changed(before, after), after)
    assert len(places) >= 2
    for i, a in enumerate(places):
        for b in places[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_coding_noise_changes_nothing() -> None:
    before = scene(1280, 720)
    noise = np.random.default_rng(1).normal(0, 6, before.shape)
    assert not changed(before, np.clip(before + noise, 0, 255).astype(np.uint8)).any()


def test_a_lamp_that_brightens_everything_is_no_change_of_a_place() -> None:
    before = np.clip(scene(1280, 720), 20, 200).astype(np.uint8)
    assert not changed(before, (before + 30).astype(np.uint8)).any()


def test_a_thin_line_that_moves_makes_no_place() -> None:
    before, after = scene(1280, 720), scene(1280, 720)
    after[:, 600:612] = 255
    assert changed(before, after).any()
    assert changed_places(changed(before, after), after) == []


def test_in_the_dark_less_is_a_change() -> None:
    before = (scene(1280, 720) * 0.2).astype(np.uint8)
    after = before.copy()
    after[300:420, 500:620] += 7
    assert len(changed_places(changed(before, after), after)) == 1


def test_all_has_changed_where_the_size_has() -> None:
    assert changed(scene(640, 360), scene(800, 360)).all()


def test_the_head_of_a_known_face_is_left_out_and_the_rest_is_not() -> None:
    before, after = scene(1280, 720), scene(1280, 720)
    after[260:440, 560:740] = 255
    after[100:220, 100:220] = 255
    known = Face((580.0, 280.0, 720.0, 420.0), 1.0)
    rest = without_heads(changed(before, after), [known], after)
    ((x0, y0, x1, y1),) = changed_places(rest, after)
    assert x0 <= 100 < 220 <= x1 < 560
    assert y0 <= 100 < 220 <= y1


def test_what_was_searched_is_the_reference_from_then_on() -> None:
    before, after = scene(1280, 720), scene(1280, 720)
    after[100:220, 100:220] = 255
    reference, now = sketch_of(before, SMALLEST_PX), sketch_of(after, SMALLEST_PX)
    reference.take_over(now, cells_within([(80.0, 80.0, 240.0, 240.0)], now, after))
    assert not changed_cells(reference, now).any()


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (79, 81)])
def test_a_picture_smaller_than_a_face_has_cells_too(size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 50, np.uint8)
    assert not changed(image, image).any()
    assert changed_places(changed(image, image), image) == []
