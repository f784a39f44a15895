"""Pictures of attention: one scale, put back where the crop was cut."""

from __future__ import annotations

import numpy as np
import pytest

from forensic_cli.evidence.heatmap import (
    annotated_frame,
    colourise,
    intensity,
    overlay,
    reduced,
    triptych,
    upsample,
)


def test_intensity_is_fixed_not_stretched_to_each_map() -> None:
    weak = np.full((16, 16), 0.1, np.float32)
    assert intensity(weak, 2.0).max() == pytest.approx(0.05)
    assert intensity(weak * 100, 2.0).max() == 1.0
    assert intensity(-weak, 2.0).max() == 0.0


def test_scale_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        intensity(np.zeros((16, 16), np.float32), 0.0)


def test_upsampling_keeps_the_mean_and_aligns_centres() -> None:
    attention = np.zeros((16, 16), np.float32)
    attention[8, 8] = 1.0
    large = upsample(attention)
    assert large.shape == (256, 256)
    # Cell (8, 8) covers pixels 128 to 143; its centre lies between 135 and 136.
    assert large[135:137, 135:137].min() > 0.9
    assert np.unravel_index(large.argmax(), large.shape)[0] in (135, 136)


def test_colours_grow_lighter_with_attention() -> None:
    ramp = colourise(np.linspace(0, 1, 50, dtype=np.float32)[None])
    luminance = (ramp.astype(float) @ [0.2126, 0.7152, 0.0722])[0]
    assert (np.diff(luminance) > -1).all()
    assert luminance[-1] > luminance[0] + 150


def test_overlay_leaves_pixels_without_attention_alone() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    values = np.zeros((32, 32), np.float32)
    values[:16] = 1.0
    laid = overlay(image, values)
    np.testing.assert_array_equal(laid[16:], image[16:])
    assert (laid[:16] != image[:16]).any()


def test_triptych_begins_with_the_very_crop() -> None:
    crop = np.random.default_rng(1).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    picture = triptych(crop, np.ones((16, 16), np.float32), 1.0)
    assert picture.shape == (256, 784, 3)
    np.testing.assert_array_equal(picture[:, :256], crop)


def test_attention_is_put_back_on_the_crops_place() -> None:
    frame = np.full((200, 300, 3), 90, np.uint8)
    box = (100.0, 40.0, 180.0, 120.0)
    marked = annotated_frame(frame, 1.0, box, np.full((16, 16), 5, np.float32), 5.0, [], 1)
    changed = (marked != frame).any(axis=-1)
    assert changed[41:119, 101:179].all()
    changed[40:120, 100:180] = False
    assert not changed.any()


@pytest.mark.parametrize("box", [(-50.0, -50.0, 60.0, 60.0), (250.0, 150.0, 350.0, 250.0)])
def test_crop_that_reaches_past_the_frame_is_cut_off(box: tuple[float, float, float, float]) -> None:
    frame = np.full((200, 300, 3), 90, np.uint8)
    marked = annotated_frame(frame, 1.0, box, np.full((16, 16), 5, np.float32), 5.0, [(1, box)], 1)
    assert marked.shape == frame.shape
    assert (marked != frame).any()


def test_large_frames_are_reduced_and_small_ones_left() -> None:
    assert reduced(np.zeros((2160, 3840, 3), np.uint8)).shape == (540, 960, 3)
    small = np.zeros((100, 200, 3), np.uint8)
    assert reduced(small) is small
