import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.faces.dlib_detectors import DlibHogDetector
from forensic_cli.faces.windows import (
    search_window,
    window_around,
    window_on,
    without_partner,
    without_repeats,
)
from forensic_cli.types import Face
from tests.faces.material import anna, middle, paste, scene

IMAGE = np.zeros((540, 960, 3), np.uint8)


def face(left: float, top: float, side: float, confidence: float = 1.0) -> Face:
    return Face((left, top, left + side, top + side), confidence)


@settings(deadline=None)
@given(st.floats(-200, 1100), st.floats(-200, 700), st.floats(50, 500), st.floats(20, 200))
def test_a_window_lies_in_the_frame_and_is_never_searched_finer_than_the_whole(
    left: float, top: float, side: float, smallest_px: float
) -> None:
    window = window_around(face(left, top, side), smallest_px, IMAGE)
    x0, y0, x1, y1 = window.box_xyxy
    assert 0 <= x0 < x1 <= 960
    assert 0 <= y0 < y1 <= 540
    assert window.min_face_px >= smallest_px
    assert window.min_face_px <= max(smallest_px, side / 1.4)


def test_a_window_around_a_large_face_costs_what_one_around_a_small_one_does() -> None:
    small = window_around(face(400, 200, 120), 80, IMAGE)
    large = window_around(face(4000, 2000, 960), 80, np.zeros((5400, 9600, 3), np.uint8))
    assert large.cost == pytest.approx(small.cost, rel=0.45)
    assert large.cost < 0.01 * window_on((0, 0, 9600, 5400), 80, np.zeros((5400, 9600, 3), np.uint8)).cost


def test_dlib_finds_in_a_window_what_it_finds_in_the_frame() -> None:
    image = scene(960, 540)
    paste(image, anna(), (500, 260), 150)
    detector = DlibHogDetector(80)
    (whole,) = detector.detect(image)
    (near,) = search_window(detector, image, window_around(whole, 80, image))
    assert middle(near) == pytest.approx(middle(whole), abs=15)
    assert near.size_px == pytest.approx(whole.size_px, rel=0.2)


def test_a_face_that_the_window_cuts_is_left_to_another_window() -> None:
    image = scene(960, 540)
    paste(image, anna(), (500, 260), 150)
    detector = DlibHogDetector(80)
    (whole,) = detector.detect(image)
    x0, y0, x1, y1 = whole.box_xyxy
    cutting = window_on((x0 + 4, y0 - 80, x1 + 80, y1 + 80), 80, image)
    assert search_window(detector, image, cutting) == []


def test_a_face_at_the_edge_of_the_frame_is_not_cut_by_its_window() -> None:
    image = scene(960, 540)
    paste(image, anna(), (500, 70), 150)
    detector = DlibHogDetector(80)
    (whole,) = detector.detect(image)
    assert whole.box_xyxy[1] < 5
    assert len(search_window(detector, image, window_around(whole, 80, image))) == 1


def test_of_two_boxes_of_one_face_the_more_confident_stays() -> None:
    weak, strong, other = face(100, 100, 90, 0.4), face(104, 96, 108, 0.9), face(300, 100, 90, 0.1)
    assert without_repeats([weak, other, strong]) == [strong, other]


def test_a_face_continues_one_face_only() -> None:
    left, right = face(100, 100, 80), face(160, 100, 80)
    assert without_partner([left, right], [face(130, 100, 80)]) in ([left], [right])
    assert without_partner([left, right], [face(110, 100, 80), face(150, 100, 80)]) == []


def test_neither_a_distant_face_nor_one_of_another_size_continues_a_face() -> None:
    known = face(100, 100, 80)
    assert without_partner([known], [face(185, 100, 80)]) == [known]
    assert without_partner([known], [face(80, 80, 140)]) == [known]
    assert without_partner([known], []) == [known]
