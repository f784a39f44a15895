"""What the periodicity of DCT histograms can tell, measured on pictures compressed here."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from skimage import data

from forensic_cli.factsheet import CompressionHint, Reason
from forensic_cli.media.facts.determination import UndeterminedError
from forensic_cli.media.facts.jpeg import walk_jpeg
from forensic_cli.media.facts.recompression import USUAL_BELOW, block_dct, compression_hint
from forensic_cli.types import RgbImage
from tests.media.facts.sheets import jpeg_bytes, reopened

QUALITIES = (50, 60, 70, 75, 80, 85, 90, 95)
# No photographs of people but the astronaut; reduced, so that earlier compression leaves no trace.
NAMES = ("astronaut", "brick", "grass", "gravel", "chelsea", "coffee", "coins", "immunohistochemistry",
         "moon", "rocket", "hubble_deep_field", "retina")  # fmt: skip


def hint_of(content: bytes) -> CompressionHint:
    file = io.BytesIO(content)
    steps = walk_jpeg(file).luma_steps
    assert steps is not None
    return compression_hint(file, steps, 10**8)


def uncompressed(names: tuple[str, ...], shares: tuple[float, ...]) -> Iterator[Image.Image]:
    for name in names:
        picture = Image.fromarray(getattr(data, name)()).convert("RGB")
        for share in shares:
            size = (int(picture.width * share), int(picture.height * share))
            yield picture.resize(size, Image.Resampling.LANCZOS)


def twice(picture: Image.Image, first: int, second: int) -> bytes:
    return jpeg_bytes(reopened(jpeg_bytes(picture, first)), second)


def test_the_transform_is_the_orthonormal_one() -> None:
    from scipy.fft import dctn

    block = np.random.default_rng(1).normal(size=(8, 8))
    assert np.allclose(block_dct(block)[0], dctn(block, norm="ortho"))


@pytest.mark.parametrize("quality", [60, 75, 90])
def test_a_single_compression_stays_below_the_usual_bound(astronaut: RgbImage, quality: int) -> None:
    picture = Image.fromarray(astronaut).resize((420, 420), Image.Resampling.LANCZOS)
    hint = hint_of(jpeg_bytes(picture, quality))
    assert hint.periodicity < USUAL_BELOW
    assert not hint.is_periodic
    assert hint.n_blocks == 52 * 52


@pytest.mark.parametrize(("first", "second"), [(50, 75), (60, 80), (70, 90), (75, 95)])
def test_a_second_compression_at_higher_quality_shows(astronaut: RgbImage, first: int, second: int) -> None:
    picture = Image.fromarray(astronaut).resize((420, 420), Image.Resampling.LANCZOS)
    hint = hint_of(twice(picture, first, second))
    assert hint.is_periodic
    assert hint.periodicity > 2 * USUAL_BELOW


def test_the_same_quality_twice_leaves_no_trace(astronaut: RgbImage) -> None:
    picture = Image.fromarray(astronaut).resize((420, 420), Image.Resampling.LANCZOS)
    assert not hint_of(twice(picture, 80, 80)).is_periodic


def test_a_progressive_file_gives_the_same_as_a_baseline_one(astronaut: RgbImage) -> None:
    plain, progressive = (hint_of(jpeg_bytes(astronaut, 85, progressive=flag)) for flag in (False, True))
    assert plain == progressive


def test_a_large_picture_is_measured_in_its_middle(astronaut: RgbImage) -> None:
    large = Image.fromarray(np.tile(astronaut, (4, 4, 1)))
    assert hint_of(jpeg_bytes(large)).n_blocks == (1536 // 8) ** 2


@pytest.mark.parametrize("side", [64, 120])
def test_too_few_blocks_are_not_determined(astronaut: RgbImage, side: int) -> None:
    with pytest.raises(UndeterminedError) as caught:
        hint_of(jpeg_bytes(astronaut[:side, :side]))
    assert caught.value.reason is Reason.TOO_LITTLE


def test_a_flat_picture_is_not_determined() -> None:
    with pytest.raises(UndeterminedError) as caught:
        hint_of(jpeg_bytes(np.full((256, 256, 3), 120, np.uint8)))
    assert caught.value.reason is Reason.TOO_LITTLE


@pytest.mark.slow
def test_the_rates_of_the_docstring() -> None:
    """288 single compressions; 18 copies for each pair of qualities."""
    pictures = list(uncompressed(NAMES, (0.45, 0.62, 0.83)))
    single = [_statistic(jpeg_bytes(picture, quality)) for picture in pictures for quality in QUALITIES]
    assert np.nanmax(single) < USUAL_BELOW
    for first in QUALITIES:
        for second in (quality for quality in QUALITIES if quality > first and (first, quality) not in HARD):
            found = np.mean(
                [_statistic(twice(picture, first, second)) >= USUAL_BELOW for picture in pictures[::2]]
            )
            assert found >= 0.85, (first, second, found)


# Steps 7 to 16 times as large leave few values to count; steps that differ by a fifth, little to see.
HARD = {(50, 95), (60, 95), (70, 75)}


def _statistic(content: bytes) -> float:
    try:
        return hint_of(content).periodicity
    except UndeterminedError:
        return float("nan")
