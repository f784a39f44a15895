"""The one definition of a crop."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensic_cli.faces.crop import CROP_MARGIN, CROP_PX, crop_box, cut_crop, cut_square, sharpness
from forensic_cli.types import Face, Frame

edges = st.floats(-500, 1500, allow_nan=False)
sides = st.floats(4, 900)


@given(edges, edges, sides, sides)
def test_crop_is_a_square_of_one_point_three_faces_about_the_same_centre(
    x: float, y: float, width: float, height: float
) -> None:
    x0, y0, x1, y1 = crop_box((x, y, x + width, y + height))
    assert x1 - x0 == y1 - y0 == round(CROP_MARGIN * max(width, height))
    assert abs((x0 + x1) / 2 - (x + width / 2)) <= 1
    assert abs((y0 + y1) / 2 - (y + height / 2)) <= 1
    assert all(float(edge).is_integer() for edge in (x0, y0, x1, y1))


@pytest.mark.parametrize(
    "box", [(10.0, 10.0, 10.0, 20.0), (0.0, 0.0, float("nan"), 5.0), (5.0, 5.0, 1.0, 9.0)]
)
def test_empty_boxes_are_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="empty or not finite"):
        crop_box(box)


def test_square_of_the_right_size_is_copied_pixel_for_pixel() -> None:
    image = np.random.default_rng(0).integers(0, 256, (400, 500, 3), dtype=np.uint8)
    cut = cut_square(image, (30.0, 20.0, 286.0, 276.0))
    np.testing.assert_array_equal(cut, image[20:276, 30:286])


def test_what_lies_outside_is_mirrored_not_black() -> None:
    image = np.full((100, 100, 3), 200, np.uint8)
    assert cut_square(image, (-90.0, -90.0, 60.0, 60.0)).min() == 200


@given(st.integers(-300, 300), st.integers(-300, 300), st.integers(2, 700))
def test_any_square_that_touches_the_picture_can_be_cut(left: int, top: int, side: int) -> None:
    image = np.zeros((60, 80, 3), np.uint8)
    box = (float(left), float(top), float(left + side), float(top + side))
    if left >= 80 or top >= 60 or left + side <= 0 or top + side <= 0:
        with pytest.raises(ValueError, match="outside"):
            cut_square(image, box)
    else:
        assert cut_square(image, box).shape == (CROP_PX, CROP_PX, 3)


def test_crop_knows_where_it_came_from(astronaut: np.ndarray) -> None:
    frame = Frame(7, 3500, Fraction(1, 1000), astronaut)
    face = Face((170.0, 60.0, 280.0, 170.0), 1.5)
    crop = cut_crop(frame, face, track_id=4)
    assert (crop.frame_index, crop.pts, crop.time_s, crop.track_id) == (7, 3500, 3.5, 4)
    assert crop.image.shape == (256, 256, 3)
    np.testing.assert_array_equal(crop.image, cut_square(astronaut, crop.crop_box_xyxy))


def test_blur_lowers_sharpness(astronaut: np.ndarray) -> None:
    import cv2

    crop = cut_square(astronaut, (150.0, 40.0, 300.0, 190.0))
    assert sharpness(np.asarray(cv2.GaussianBlur(crop, (0, 0), 3), np.uint8)) < sharpness(crop) / 4
