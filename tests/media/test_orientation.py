import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from forensic_cli.media.orientation import UPRIGHT, Orientation, from_display_matrix, from_exif

STORED = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
ONE = 1 << 16


def _matrix(a: int, b: int, c: int, d: int) -> list[int]:
    return [a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30]


@pytest.mark.parametrize("value", range(1, 9))
def test_each_exif_orientation_gives_the_picture_that_pillow_gives(value: int) -> None:
    image = Image.fromarray(STORED)
    image.getexif()[0x0112] = value
    expected = np.asarray(ImageOps.exif_transpose(image))
    orientation = from_exif(value)
    shown = orientation.apply(STORED)
    np.testing.assert_array_equal(shown, expected)
    assert orientation.displayed_size(3, 2) == (shown.shape[1], shown.shape[0])
    assert orientation.is_mirrored == (value in {2, 4, 5, 7})
    assert shown.flags.c_contiguous


@pytest.mark.parametrize("value", [0, 9, -1, None, "6", b"\x06", 6.0])
def test_a_senseless_exif_orientation_is_upright(value: object) -> None:
    assert from_exif(value) == UPRIGHT


def test_a_clockwise_quarter_turn_moves_the_top_left_corner_to_the_top_right() -> None:
    shown = Orientation(90).apply(STORED)
    np.testing.assert_array_equal(shown[0, -1], STORED[0, 0])


@settings(deadline=None)
@given(
    turn=st.sampled_from([0, 90, 180, 270]),
    is_mirrored=st.booleans(),
    scale=st.integers(min_value=1, max_value=1 << 17),
)
def test_every_display_matrix_moves_the_pixels_as_its_definition_says(
    turn: int, is_mirrored: bool, scale: int
) -> None:
    cosine, sine = round(math.cos(math.radians(turn))), round(math.sin(math.radians(turn)))
    flip = -1 if is_mirrored else 1
    a, b, c, d = flip * cosine, flip * sine, -sine, cosine
    orientation, is_exact = from_display_matrix([scale * a, scale * b, 0, scale * c, scale * d, 0, 0, 0, 1])
    assert is_exact
    shown = orientation.apply(STORED)
    # p' = a p + c q + x, q' = b p + d q + y, where (x, y) brings the picture back into view.
    corners = [(a * p + c * q, b * p + d * q) for p in (0, 2) for q in (0, 1)]
    x, y = -min(p for p, _ in corners), -min(q for _, q in corners)
    for q in range(2):
        for p in range(3):
            np.testing.assert_array_equal(shown[b * p + d * q + y, a * p + c * q + x], STORED[q, p])


def test_a_matrix_between_the_quarter_turns_is_rounded_and_reported() -> None:
    angle = math.radians(80)
    matrix = [round(value * ONE) for value in (math.cos(angle), math.sin(angle), 0)]
    matrix += [round(value * ONE) for value in (-math.sin(angle), math.cos(angle), 0)] + [0, 0, 1 << 30]
    assert from_display_matrix(matrix) == (Orientation(90), False)


def test_an_all_zero_matrix_is_upright_and_a_singular_one_is_reported() -> None:
    assert from_display_matrix([0] * 9) == (UPRIGHT, True)
    assert from_display_matrix(_matrix(1, 0, 1, 0)) == (UPRIGHT, False)
