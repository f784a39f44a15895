from collections.abc import Iterable

import numpy as np
import pytest

from forensic_cli.faces.scenes import SceneCutDetector
from forensic_cli.types import RgbImage
from tests.faces.material import anna, frame, other_scene, paste, photograph, portrait, resized, scene


def cuts(pictures: Iterable[RgbImage], interval_s: float = 0.5) -> list[int]:
    """Numbers of the pictures with which a scene begins."""
    detector = SceneCutDetector()
    return [i for i, image in enumerate(pictures) if detector.update(frame(image, time_s=i * interval_s))]


def test_the_first_frame_is_no_cut() -> None:
    assert cuts([portrait()]) == []


@pytest.mark.parametrize("interval_s", [0.04, 0.5, 1, 20])
def test_a_hard_cut_is_seen_at_any_sampling_interval(interval_s: float) -> None:
    assert cuts([scene()] * 3 + [other_scene()] * 2 + [portrait()] * 2, interval_s) == [3, 5]


def test_a_hard_cut_in_monochrome_is_seen() -> None:
    dark = resized(photograph("rocket"), 960, 540)
    grey = [x.mean(axis=2, keepdims=True).repeat(3, axis=2).astype(np.uint8) for x in (scene(), dark)]
    assert cuts([grey[0], grey[0], grey[1]]) == [2]


def test_a_pan_by_a_quarter_of_the_picture_a_sample_is_no_cut() -> None:
    wide = np.hstack([scene(), scene()[:, ::-1]])
    assert cuts([wide[:, x : x + 960] for x in range(0, 960, 240)]) == []


def test_a_zoom_is_no_cut() -> None:
    zoomed = [scene()[10 * i : 540 - 10 * i, 18 * i : 960 - 18 * i] for i in range(0, 20, 4)]
    assert cuts(zoomed) == []


def test_a_lamp_switched_on_or_fading_is_no_cut() -> None:
    assert cuts([(scene() * gain).astype(np.uint8) for gain in (1, 0.4, 1, 0.8, 0.6, 0.5)]) == []


def test_a_person_who_enters_is_no_cut() -> None:
    pictures = []
    for x in (-100, 150, 450, 700):
        image = scene()
        paste(image, anna(), (x, 250), 120)
        pictures.append(image)
    assert cuts(pictures) == []


def test_sensor_noise_is_no_cut() -> None:
    rng = np.random.default_rng(7)
    noisy = [np.clip(scene() + rng.normal(0, 20, scene().shape), 0, 255).astype(np.uint8) for _ in range(5)]
    assert cuts(noisy) == []


def test_a_dissolve_is_seen_where_every_frame_is_sampled() -> None:
    n = 25  # one second
    mixed = [(scene() * (1 - i / n) + other_scene() * (i / n)).astype(np.uint8) for i in range(n + 1)]
    found = cuts([scene()] * 30 + mixed + [other_scene()] * 30, interval_s=0.04)
    assert found
    assert all(30 <= i <= 30 + n + 1 for i in found)


def test_black_between_two_scenes_ends_the_first_and_begins_the_second() -> None:
    black = np.zeros_like(scene())
    assert cuts([scene(), black, black, other_scene()]) == [1, 3]


def test_a_timestamp_that_goes_back_begins_a_new_scene() -> None:
    detector = SceneCutDetector()
    times_s = [0.0, 0.5, 1.0, 0.2, 0.7]
    assert [detector.update(frame(scene(), time_s)) for time_s in times_s] == [
        False,
        False,
        False,
        True,
        False,
    ]
