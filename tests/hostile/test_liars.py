"""What a header claims is compared with what is there, and never believed."""

from __future__ import annotations

import pytest

from forensic_cli.types import ItemResult, Verdict
from tests.hostile.conftest import Batch
from tests.hostile.makers.liars import CENTURY_S, N_FRAMES


def warnings_of(item: ItemResult) -> dict[str, int]:
    return {warning.code: warning.n for warning in item.warnings}


@pytest.mark.parametrize(
    "name",
    [
        "duration-of-track.mp4",
        "duration-of-film.mp4",
        "duration.mkv",
        "duration-no-number.mkv",
        "duration-negative.mkv",
        "size-of-coding.mp4",
        "length-of-box.mp4",
        "number-of-entries.mp4",
        "frames-of-file.avi",
        "frames-of-stream.avi",
        "rate-of-stream.avi",
    ],
)
def test_length_and_size_are_those_of_the_frames_whatever_is_claimed(batch: Batch, name: str) -> None:
    item = batch.items[f"liars/{name}"]
    assert item.finding.verdict is Verdict.NO_FACE
    assert item.media is not None
    assert item.media.n_frames == N_FRAMES
    assert item.media.duration_s == pytest.approx(N_FRAMES / 25)
    assert (item.media.width_px, item.media.height_px) == (96, 64)
    assert item.counts is not None
    assert item.counts.n_in_stream == N_FRAMES == item.counts.n_used + item.counts.n_not_sampled


def test_a_size_that_only_the_track_claims_turns_no_frame_into_a_giant(batch: Batch) -> None:
    item = batch.items["liars/size-of-track.mp4"]
    assert item.media is not None
    assert (item.media.coded_width_px, item.media.coded_height_px) == (96, 64)
    assert item.media.width_px * item.media.height_px <= 96 * 64


def test_four_thousand_million_frames_that_are_not_there_are_missed(batch: Batch) -> None:
    item = batch.items["liars/frames-of-stream.avi"]
    assert item.media is not None
    assert item.media.n_frames_declared == 0xFFFFFFFF
    assert warnings_of(item) == {"frames-absent": 0xFFFFFFFF - N_FRAMES}


@pytest.mark.parametrize("name", ["times-of-samples.mp4", "time-scale-of-zero.mp4"])
def test_frames_that_a_lie_about_time_hides_are_counted(batch: Batch, name: str) -> None:
    item = batch.items[f"liars/{name}"]
    assert item.counts is not None
    assert item.counts.n_in_stream < N_FRAMES
    found = warnings_of(item)
    assert found.keys() == {"frames-hidden", "frames-absent"}
    assert item.counts.n_in_stream + sum(found.values()) >= N_FRAMES


def test_a_claim_to_three_centuries_is_cut_at_the_limit_and_says_so(batch: Batch) -> None:
    item = batch.items["liars/frames-a-century-apart.mkv"]
    assert item.media is not None
    assert item.media.duration_s > 2 * CENTURY_S - 1
    assert item.counts is not None
    assert (item.counts.n_used, item.counts.n_not_sampled) == (1, 2)
    assert warnings_of(item) == {"cap-duration": 2}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("number-of-samples.mp4", "cannot be opened as MP4/QuickTime"),
        ("places-of-chunks.mp4", "has a video stream without a single frame"),
    ],
)
def test_an_index_that_leads_nowhere_fails_the_item(batch: Batch, name: str, reason: str) -> None:
    item = batch.items[f"liars/{name}"]
    assert item.finding.verdict is Verdict.FAILED
    assert reason in item.finding.reasons[0]
    assert "acquire the file again" in item.finding.reasons[1]
