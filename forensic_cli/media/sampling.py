"""Which frames of a video are examined: a rule over the packet index, before anything is decoded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from forensic_cli.config import MediaLimits, Sampling, SamplingRule
from forensic_cli.types import ScanWarning

# A container whose clock ticks in milliseconds writes 0.033 for 1/30 s: a tick of the rule and a
# frame that differ by no more than this are the same moment.
_SAME_MOMENT_S = Fraction(1, 2000)


@dataclass(frozen=True, slots=True, eq=False)
class SamplePlan:
    """The sampled frames.

    Attributes:
        targets: (n,) display indices, ascending, without repetition.
        warnings: "cap-duration" and "cap-frames", where a limit cut the sample.
    """

    targets: NDArray[np.int64]
    warnings: tuple[ScanWarning, ...]


def plan_sampling(
    display_pts: NDArray[np.int64], time_base: Fraction, sampling: Sampling, limits: MediaLimits
) -> SamplePlan:
    """Chooses the frames.

    FPS takes, for each moment k / fps after the first frame, the first frame at or after it; no
    frame twice. COUNT divides the frames into n equal spans and takes the middle of each. ALL takes
    every frame. The limit of duration applies before the rule, that of frames after it.

    Args:
        display_pts: (n_frames,) ascending timestamps in ticks of `time_base`.
    """
    warnings: list[ScanWarning] = []
    n_frames = len(display_pts)
    n_within = n_frames
    if n_frames and math.isfinite(limits.max_duration_s):
        # By way of text: 0.4 means 2/5, not the nearest binary fraction.
        end = int(display_pts[0]) + Fraction(str(limits.max_duration_s)) / time_base
        n_within = int(np.searchsorted(display_pts, _int64(-(-end // 1)), side="left"))
    if n_within < n_frames:
        warnings.append(
            ScanWarning(
                "cap-duration",
                f"{n_frames - n_within} frames lie after the first {limits.max_duration_s:g} s and were not "
                "examined; raise --max-seconds to include them.",
                n_frames - n_within,
            )
        )
    match sampling.rule:
        case SamplingRule.FPS:
            targets = _at_rate(display_pts[:n_within], time_base, Fraction(str(sampling.fps)))
        case SamplingRule.COUNT:
            targets = _spread(n_within, sampling.n_frames)
        case SamplingRule.ALL:
            targets = np.arange(n_within, dtype=np.int64)
    n_over = len(targets) - limits.max_frames
    if n_over > 0:
        targets = targets[: limits.max_frames]
        warnings.append(
            ScanWarning(
                "cap-frames",
                f"The rule asks for {n_over} frames more than the limit of {limits.max_frames}; they were not "
                "examined. Raise --max-frames to include them.",
                n_over,
            )
        )
    return SamplePlan(targets, tuple(warnings))


def _at_rate(display_pts: NDArray[np.int64], time_base: Fraction, fps: Fraction) -> NDArray[np.int64]:
    ticks_per_moment = 1 / (fps * time_base)
    slack = min(Fraction(1, 2), _SAME_MOMENT_S / time_base)
    targets: list[int] = []
    index = 0
    while index < len(display_pts):
        targets.append(index)
        elapsed = int(display_pts[index]) - int(display_pts[0])
        # The first moment that this frame does not serve.
        moment = (elapsed + slack) // ticks_per_moment + 1
        due = int(display_pts[0]) - (-(moment * ticks_per_moment - slack) // 1)
        index = max(int(np.searchsorted(display_pts, _int64(due), side="left")), index + 1)
    return np.array(targets, dtype=np.int64)


def _spread(n_frames: int, n_wanted: int) -> NDArray[np.int64]:
    if n_wanted >= n_frames:
        return np.arange(n_frames, dtype=np.int64)
    ranks = np.arange(n_wanted, dtype=np.int64)
    return (2 * ranks + 1) * n_frames // (2 * n_wanted)


def _int64(ticks: int | Fraction) -> np.int64:
    """Clamped: a hostile timestamp must not overflow the search."""
    bounds = np.iinfo(np.int64)
    return np.int64(min(max(int(ticks), bounds.min), bounds.max))
