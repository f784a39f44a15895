"""Empty, cut short, flipped: a clean error, or what is still there with the damage counted."""

from __future__ import annotations

import pytest

from forensic_cli.types import Verdict
from tests.hostile.conftest import Batch
from tests.hostile.makers.damage import EMPTY

CLIPS = ("h264.mp4", "hevc.mp4", "h264.mov", "h264.mkv", "vp9.webm", "mpeg4.avi")
PICTURES = ("picture.jpg", "picture.png", "picture.webp", "picture.tif", "picture.bmp")


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_at_all_is_called_empty(batch: Batch, name: str) -> None:
    item = batch.items[f"damage/{name}"]
    assert item.finding.verdict is Verdict.FAILED
    assert item.finding.reasons == (f"{name} is empty.", "Acquire the file again from its source.")


@pytest.mark.parametrize("original", CLIPS + PICTURES)
@pytest.mark.parametrize("kind", ["one-byte", "header"])
def test_a_beginning_alone_has_failed(batch: Batch, kind: str, original: str) -> None:
    item = batch.items[f"damage/{kind}-{original}"]
    assert item.finding.verdict is Verdict.FAILED
    assert f"{kind}-{original}" in item.finding.reasons[0]
    assert item.finding.reasons[1]


def test_a_header_that_no_parser_knows_is_named_as_that_and_not_by_a_python_object(batch: Batch) -> None:
    item = batch.items["damage/header-picture.tif"]
    assert (
        item.finding.reasons[0] == "header-picture.tif is damaged or cut short: no TIFF header can be read."
    )


@pytest.mark.parametrize("original", PICTURES)
def test_two_thirds_of_a_picture_are_no_picture(batch: Batch, original: str) -> None:
    item = batch.items[f"damage/two-thirds-{original}"]
    assert item.finding.verdict is Verdict.FAILED
    assert f"two-thirds-{original} is damaged or cut short" in item.finding.reasons[0]


@pytest.mark.parametrize("original", CLIPS)
def test_two_thirds_of_a_clip_fail_or_give_the_frames_that_are_there(batch: Batch, original: str) -> None:
    item = batch.items[f"damage/two-thirds-{original}"]
    if item.finding.verdict is Verdict.FAILED:
        assert "acquire the file again" in item.finding.reasons[1]
    else:
        assert item.counts is not None
        assert 0 < item.counts.n_in_stream < 12


@pytest.mark.parametrize("original", CLIPS + PICTURES)
def test_flipped_bits_fail_the_item_or_leave_counts_that_add_up(batch: Batch, original: str) -> None:
    item = batch.items[f"damage/flipped-{original}"]
    if item.finding.verdict is Verdict.FAILED:
        assert len(item.finding.reasons) == 2
    else:
        counts = item.counts
        assert counts is not None
        assert counts.n_in_stream == counts.n_used + counts.n_not_sampled + counts.n_failed
        assert counts.n_used > 0
