"""Small files that would take gigabytes cost themselves alone, and the limit they hit is named."""

from __future__ import annotations

import pytest

from forensic_cli.types import Verdict
from tests.hostile.conftest import Batch

FAR_TOO_LARGE = "claims more than 178956970 pixels, more than is ever decoded"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bomb.png", FAR_TOO_LARGE),
        ("bomb-header.png", FAR_TOO_LARGE),
        ("bomb-header.jpg", FAR_TOO_LARGE),
        ("bomb-header.webp", FAR_TOO_LARGE),
        ("bomb-header.tif", FAR_TOO_LARGE),
        ("bomb-header.bmp", FAR_TOO_LARGE),
        ("bomb-within-pillows-limit.png", "12000 x 12000 pixels, more than the limit of 64000000"),
        ("text.png", "Decompressed data too large"),
        ("film.mov", "None of the 1 frames of film.mov can be decoded"),
        ("streams.mov", "holds 70 streams, more than the limit of 64"),
    ],
)
def test_a_bomb_has_failed_with_its_reason(batch: Batch, name: str, reason: str) -> None:
    item = batch.items[f"bombs/{name}"]
    assert item.finding.verdict is Verdict.FAILED
    assert reason in item.finding.reasons[0]
    assert item.evidence.n_bytes < 400_000


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("bomb-within-pillows-limit.png", "--max-pixels to 144000000"),
        ("streams.mov", "--max-streams to 70"),
        ("film.mov", "more than 128000000 pixels are not decoded either: see --max-pixels"),
    ],
)
def test_a_limit_that_was_hit_names_the_option_that_raises_it(batch: Batch, name: str, remedy: str) -> None:
    assert remedy in batch.items[f"bombs/{name}"].finding.reasons[1]


def test_a_tiff_whose_pages_go_round_in_a_circle_is_read_to_its_first(batch: Batch) -> None:
    item = batch.items["bombs/endless-pages.tif"]
    assert item.finding.verdict is Verdict.NO_FACE
    assert item.counts is not None
    assert item.counts.n_used == 1
