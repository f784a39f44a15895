"""Time stamps, durations and bit rate are measured from the packets."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from forensic_cli.config import MediaLimits
from forensic_cli.factsheet import Reason, TimingFacts
from forensic_cli.media.facts import collect_facts
from tests.media.clips import write_clip
from tests.media.facts.sheets import facts_of, missing

MS = Fraction(1, 1000)


def timing_of(path: Path) -> TimingFacts:
    timing = facts_of(path).timing
    assert timing is not None
    return timing


def test_a_constant_rate_is_constant(tmp_path: Path) -> None:
    timing = timing_of(write_clip(tmp_path / "a.mp4", n_frames=50))
    assert timing.is_constant
    assert timing.interval_median_s == pytest.approx(0.04)
    assert (timing.n_gaps, timing.n_duplicates, timing.n_off_usual, timing.n_intervals) == (0, 0, 0, 49)
    assert timing.jitter_s == 0
    assert timing.counted_duration_s == pytest.approx(2.0)


def test_a_gap_is_counted_and_located(tmp_path: Path) -> None:
    pts = [40 * index + (400 if index >= 20 else 0) for index in range(40)]
    timing = timing_of(write_clip(tmp_path / "a.mkv", n_frames=40, pts=pts, time_base=MS))
    assert not timing.is_constant
    assert timing.n_gaps == 1
    assert timing.first_gap_at_s == pytest.approx(0.76)
    assert timing.interval_max_s == pytest.approx(0.44)


def test_jitter_is_the_deviation_of_the_intervals(tmp_path: Path) -> None:
    pts = [40 * index + (10 if index % 2 else 0) for index in range(40)]
    timing = timing_of(write_clip(tmp_path / "a.mkv", n_frames=40, pts=pts, time_base=MS))
    assert not timing.is_constant
    assert timing.jitter_s == pytest.approx(0.010, abs=0.0005)
    assert timing.n_gaps == 0


def test_durations_of_container_and_streams_stand_side_by_side(tmp_path: Path) -> None:
    timing = timing_of(write_clip(tmp_path / "a.mp4", n_frames=50))
    assert timing.container_duration_s == pytest.approx(2.0, abs=0.01)
    assert [track.stream for track in timing.tracks] == ["0 video"]
    assert timing.tracks[0].duration_s == pytest.approx(2.0, abs=0.01)


def test_two_frames_are_too_few(tmp_path: Path) -> None:
    sheet = facts_of(write_clip(tmp_path / "a.mp4", n_frames=2))
    assert sheet.timing is None
    assert missing(sheet)["timing"] is Reason.TOO_LITTLE


def test_avi_of_h264_carries_no_time_stamps_and_says_so(tmp_path: Path) -> None:
    sheet = facts_of(write_clip(tmp_path / "a.avi", n_frames=20))
    assert sheet.timing is None
    assert missing(sheet)["timing"] is Reason.ABSENT
    assert sheet.frames is not None
    assert sheet.frames.first_pattern == ""


def test_the_bit_rate_is_all_bytes_over_the_duration(tmp_path: Path) -> None:
    import av

    path = write_clip(tmp_path / "a.mp4", n_frames=60)
    with av.open(str(path)) as container:
        n_bytes = sum(packet.size for packet in container.demux(video=0))
    sheet = facts_of(path)
    assert sheet.bit_rate is not None
    rate = sheet.bit_rate
    assert rate.mean_bps == pytest.approx(8 * n_bytes / 2.4, abs=0.1)
    assert rate.n_windows == 2
    assert rate.min_bps is not None
    assert rate.max_bps is not None
    assert rate.min_bps <= rate.max_bps
    assert rate.i_bytes_mean is not None
    assert rate.b_bytes_mean is not None
    assert rate.i_bytes_mean > rate.b_bytes_mean


def test_the_busiest_second_is_located(tmp_path: Path) -> None:
    import numpy as np

    rng = np.random.default_rng(7)
    calm = np.full((64, 96, 3), 90, np.uint8)
    images = [rng.integers(0, 255, calm.shape, np.uint8) if 50 <= n < 75 else calm for n in range(100)]
    rate = facts_of(write_clip(tmp_path / "a.mp4", images=images)).bit_rate
    assert rate is not None
    assert rate.max_at_s == 2.0
    assert rate.max_bps is not None
    assert rate.median_bps is not None
    assert rate.max_bps > 10 * rate.median_bps


def test_a_cap_on_packets_is_noted(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", n_frames=30)
    with path.open("rb") as file:
        sheet = collect_facts(file, path.name, MediaLimits(max_packets=10))
    assert sheet.frames is not None
    assert sheet.frames.n_frames == 10
    assert missing(sheet)["frames.n_frames"] is Reason.CAP


def test_a_passed_deadline_is_noted_and_costs_nothing_else(tmp_path: Path) -> None:
    sheet = facts_of(write_clip(tmp_path / "a.mp4", n_frames=30), limit_s=-1.0)
    assert missing(sheet)["frames.n_frames"] is Reason.TIME_LIMIT
    assert sheet.container is not None
    assert sheet.stream is not None
