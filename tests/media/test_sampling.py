import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.config import MediaLimits, Sampling, SamplingRule
from forensic_cli.media.sampling import plan_sampling

LIMITS = MediaLimits()
CFR_25 = np.arange(100, dtype=np.int64)
TB_25 = Fraction(1, 25)

pts_lists = st.lists(st.integers(0, 200), min_size=1, max_size=12).map(
    lambda gaps: np.cumsum([7, *gaps]).astype(np.int64)
)


def _targets(
    pts: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    time_base: Fraction,
    sampling: Sampling,
    limits: MediaLimits = LIMITS,
) -> list[int]:
    result: list[int] = plan_sampling(pts, time_base, sampling, limits).targets.tolist()
    return result


def test_two_frames_a_second_of_a_25_hz_video_are_the_first_at_or_after_each_half_second() -> None:
    assert _targets(CFR_25, TB_25, Sampling(fps=2)) == [0, 13, 25, 38, 50, 63, 75, 88]


def test_moments_count_from_the_first_timestamp_not_from_zero() -> None:
    assert _targets(CFR_25 + 1234, TB_25, Sampling(fps=1)) == [0, 25, 50, 75]


def test_a_gap_gives_its_moments_to_one_frame_only() -> None:
    pts = np.array([0, 100, 5000, 5100, 5500], dtype=np.int64)
    assert _targets(pts, Fraction(1, 1000), Sampling(fps=2)) == [0, 2, 4]


def test_rounding_to_milliseconds_does_not_lose_frames_at_the_full_rate() -> None:
    pts = np.array([round(index * 1000 / 30) for index in range(300)], dtype=np.int64)
    assert _targets(pts, Fraction(1, 1000), Sampling(fps=30)) == list(range(300))


@settings(deadline=None)
@given(pts=pts_lists, fps=st.sampled_from([0.5, 1, 2, 3.7, 29.97, 1000]))
def test_every_moment_is_served_by_the_first_frame_at_or_after_it(
    pts: "np.ndarray[tuple[int], np.dtype[np.int64]]", fps: float
) -> None:
    # With a clock of 90 kHz the tolerance is half a tick.
    time_base = Fraction(1, 90_000)
    pts = pts * 90
    due = {0}
    moment = 0
    step = 1 / (Fraction(str(fps)) * time_base)
    while moment * step <= int(pts[-1] - pts[0]):
        later = [
            index for index in range(len(pts)) if int(pts[index] - pts[0]) >= moment * step - Fraction(1, 2)
        ]
        due.update(later[:1])
        moment += 1
    assert _targets(pts, time_base, Sampling(fps=fps)) == sorted(due)


@pytest.mark.parametrize(
    ("n_frames", "n_wanted", "expected"),
    [(10, 1, [5]), (10, 2, [2, 7]), (100, 4, [12, 37, 62, 87]), (3, 3, [0, 1, 2]), (2, 9, [0, 1])],
)
def test_a_count_takes_the_middle_of_equal_spans(n_frames: int, n_wanted: int, expected: list[int]) -> None:
    sampling = Sampling(SamplingRule.COUNT, n_frames=n_wanted)
    assert _targets(np.arange(n_frames, dtype=np.int64), TB_25, sampling) == expected


@settings(deadline=None)
@given(n_frames=st.integers(1, 500), n_wanted=st.integers(1, 600))
def test_a_count_gives_that_many_different_frames_or_all(n_frames: int, n_wanted: int) -> None:
    sampling = Sampling(SamplingRule.COUNT, n_frames=n_wanted)
    targets = _targets(np.arange(n_frames, dtype=np.int64), TB_25, sampling)
    assert len(targets) == len(set(targets)) == min(n_frames, n_wanted)
    assert targets == sorted(targets)
    assert 0 <= targets[0] <= targets[-1] < n_frames


def test_all_means_all() -> None:
    assert _targets(CFR_25, TB_25, Sampling(SamplingRule.ALL)) == list(range(100))


def test_the_limit_of_duration_counts_from_the_first_frame_and_is_reported() -> None:
    plan = plan_sampling(CFR_25 + 9, TB_25, Sampling(SamplingRule.ALL), MediaLimits(max_duration_s=2))
    assert plan.targets.tolist() == list(range(50))
    (warning,) = plan.warnings
    assert (warning.code, warning.n) == ("cap-duration", 50)
    assert "--max-seconds" in warning.message


def test_a_count_is_spread_over_the_part_within_the_limit_of_duration() -> None:
    sampling = Sampling(SamplingRule.COUNT, n_frames=2)
    assert _targets(CFR_25, TB_25, sampling, MediaLimits(max_duration_s=0.4)) == [2, 7]


def test_an_infinite_limit_of_duration_is_none() -> None:
    assert (
        len(_targets(CFR_25, TB_25, Sampling(SamplingRule.ALL), MediaLimits(max_duration_s=math.inf))) == 100
    )


def test_the_limit_of_frames_keeps_the_first_ones_and_is_reported() -> None:
    plan = plan_sampling(CFR_25, TB_25, Sampling(fps=5), MediaLimits(max_frames=6))
    assert plan.targets.tolist() == [0, 5, 10, 15, 20, 25]
    (warning,) = plan.warnings
    assert (warning.code, warning.n) == ("cap-frames", 14)


def test_hostile_timestamps_neither_hang_nor_overflow() -> None:
    pts = np.array([-(2**62), 0, 2**62], dtype=np.int64)
    limits = MediaLimits(max_duration_s=1e300)
    assert _targets(pts, Fraction(1, 1000), Sampling(fps=1000), limits) == [0, 1, 2]
