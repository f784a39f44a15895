import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.faces.appearance import colour_distance, describe, structure_distance
from forensic_cli.types import RgbImage
from tests.faces.material import anna, photograph, portrait, resized, scene


def brightened(image: RgbImage, gain: float) -> RgbImage:
    brighter: RgbImage = np.clip(image * gain, 0, 255).astype(np.uint8)
    return brighter


def monochrome(image: RgbImage) -> RgbImage:
    grey: RgbImage = image.mean(axis=2, keepdims=True).repeat(3, axis=2).astype(np.uint8)
    return grey


def test_a_picture_is_like_itself_at_any_size() -> None:
    whole, half = describe(portrait()), describe(resized(portrait(), 256, 150))
    assert colour_distance(whole, whole) == pytest.approx(0, abs=1e-3)
    assert structure_distance(whole, whole) == pytest.approx(0, abs=1e-5)
    assert colour_distance(whole, half) < 0.1
    assert structure_distance(whole, half) < 0.02


def test_other_light_changes_the_colours_and_leaves_the_structure() -> None:
    usual, dim = describe(portrait()), describe(brightened(portrait(), 0.5))
    assert structure_distance(usual, dim) < 0.01
    assert colour_distance(usual, dim) > 0.5


def test_a_shift_leaves_both() -> None:
    left, right = describe(scene()[:, :800]), describe(scene()[:, 100:900])
    assert structure_distance(left, right) < 0.05
    assert colour_distance(left, right) < 0.25


def test_other_pictures_differ_in_both() -> None:
    one, other = describe(portrait()), describe(scene())
    assert structure_distance(one, other) > 0.3
    assert colour_distance(one, other) > 0.6


def test_black_and_white_have_no_structure_to_differ_in() -> None:
    black = describe(np.zeros((9, 9, 3), np.uint8))
    white = describe(np.full((9, 9, 3), 255, np.uint8))
    assert structure_distance(black, white) == 0
    assert colour_distance(black, white) == 1
    assert structure_distance(black, describe(portrait())) == 1


def test_a_monochrome_picture_is_known_as_one() -> None:
    assert describe(monochrome(portrait())).is_monochrome
    assert not describe(portrait()).is_monochrome


def test_the_random_hue_of_grey_pixels_is_not_taken_for_colour() -> None:
    tint = np.random.default_rng(3).integers(0, 9, portrait().shape, dtype=np.uint8)
    plain, tinted = monochrome(portrait()) // 2 + 100, monochrome(portrait()) // 2 + 96 + tint
    assert describe(tinted).is_monochrome
    assert np.count_nonzero(describe(tinted).colour) <= 16
    assert colour_distance(describe(plain), describe(tinted)) < 0.15


def test_monochrome_distances_are_raised_to_the_scale_of_colour() -> None:
    one, other = describe(monochrome(portrait())), describe(monochrome(scene()))
    affinity = float(np.sqrt(one.colour.astype(float) * other.colour).sum())
    assert colour_distance(one, other) == pytest.approx(min(1, 1.4 * np.sqrt(1 - affinity)), rel=1e-5)


@settings(deadline=None)  # the first picture is read from the disk
@given(
    gain=st.floats(0.2, 3), other=st.sampled_from(["chelsea", "coffee", "rocket"]), seed=st.integers(0, 99)
)
def test_distances_are_symmetric_and_within_their_range(gain: float, other: str, seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 30, anna().shape, dtype=np.uint8)
    a = describe(brightened(anna(), gain) // 2 + noise)
    b = describe(photograph(other))
    for distance in (colour_distance, structure_distance):
        assert distance(a, b) == pytest.approx(distance(b, a), abs=1e-6)
        assert 0 <= distance(a, b) <= 1


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720), (1917, 1080), (300, 256), (64, 2000)])
def test_a_large_picture_looks_as_it_does_reduced_in_one_step(size: tuple[int, int]) -> None:
    image = scene(*size)
    at_once = cv2.cvtColor(cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    structure = cv2.GaussianBlur(
        cv2.resize(at_once, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32), (0, 0), 1.0
    )
    assert np.abs(describe(image).structure - structure).max() < 2
