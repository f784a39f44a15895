"""Regularity of time stamps and the bit rate over time, from the packet log."""

from __future__ import annotations

import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from forensic_cli.factsheet import BitRateFacts, Reason, TimingFacts, TrackDuration
from forensic_cli.media.facts.determination import UndeterminedError
from forensic_cli.media.facts.packet_log import PacketLog
from forensic_cli.media.facts.picture_types import BIPREDICTED, INTRA, PREDICTED

# Time stamps are rounded to the container's clock, and cameras' clocks jitter a little.
_USUAL_SHARE = 0.02
_GAP_FACTOR = 1.5
_WINDOW_S = 1.0
_MAX_WINDOWS = 1_000_000
_MAX_TRACKS = 64
_CONTAINER_TICKS_PER_S = 1_000_000


def timing_facts(log: PacketLog, container: InputContainer) -> TimingFacts:
    """Measures the intervals between shown frames, and notes what the headers say of durations.

    Raises:
        UndeterminedError: time stamps are missing, or there are fewer than three frames.
    """
    stamps = _display_stamps(log)
    intervals = np.diff(stamps)
    usual = float(np.median(intervals))
    tick_s = float(log.time_base)
    is_off = np.abs(intervals - usual) > max(1.0, _USUAL_SHARE * usual)
    gaps = np.flatnonzero((intervals > _GAP_FACTOR * usual) & is_off)
    return TimingFacts(
        n_intervals=len(intervals),
        time_base=str(log.time_base),
        is_constant=not is_off.any(),
        interval_median_s=round(usual * tick_s, 6),
        interval_min_s=round(int(intervals.min()) * tick_s, 6),
        interval_max_s=round(int(intervals.max()) * tick_s, 6),
        jitter_s=round(float(intervals.std()) * tick_s, 6),
        n_off_usual=int(np.count_nonzero(is_off)),
        n_gaps=len(gaps),
        first_gap_at_s=round(int(stamps[gaps[0]] - stamps[0]) * tick_s, 6) if len(gaps) else None,
        n_duplicates=int(np.count_nonzero(intervals == 0)),
        n_hidden=int(np.count_nonzero(~log.is_shown)),
        counted_duration_s=round(_duration_s(log, stamps), 6),
        container_duration_s=_container_duration_s(container),
        tracks=_track_durations(container),
    )


def bit_rate_facts(log: PacketLog) -> BitRateFacts:
    """Bits per second over presentation time, in windows of one second, and packet sizes by type.

    Raises:
        UndeterminedError: as `timing_facts`, or all frames carry one time stamp.
    """
    stamps = _display_stamps(log)
    duration_s = _duration_s(log, stamps)
    if duration_s <= 0:
        raise UndeterminedError(Reason.TOO_LITTLE, "all frames carry one time stamp")
    seconds = (stamps - stamps[0]) * float(log.time_base)
    n_windows = int(min(duration_s // _WINDOW_S, _MAX_WINDOWS))
    rates = np.zeros(0)
    if n_windows:
        place = (seconds // _WINDOW_S).astype(np.int64)
        is_inside = place < n_windows
        sizes = log.n_bytes[log.display_order]
        rates = 8 * np.bincount(place[is_inside], weights=sizes[is_inside], minlength=n_windows) / _WINDOW_S
    i_mean, p_mean, b_mean = (_mean_size(log, letter) for letter in (INTRA, PREDICTED, BIPREDICTED))
    return BitRateFacts(
        mean_bps=round(8 * int(log.n_bytes.sum()) / duration_s, 1),
        window_s=_WINDOW_S,
        n_windows=n_windows,
        min_bps=float(rates.min()) if n_windows else None,
        median_bps=float(np.median(rates)) if n_windows else None,
        max_bps=float(rates.max()) if n_windows else None,
        max_at_s=float(rates.argmax() * _WINDOW_S) if n_windows else None,
        i_bytes_mean=i_mean,
        p_bytes_mean=p_mean,
        b_bytes_mean=b_mean,
    )


def _display_stamps(log: PacketLog) -> NDArray[np.int64]:
    n_shown = int(np.count_nonzero(log.is_shown))
    if not log.has_timestamps:
        raise UndeterminedError(Reason.ABSENT, "packets without time stamps")
    if n_shown < 3:
        raise UndeterminedError(Reason.TOO_LITTLE, f"{n_shown} frames")
    stamps: NDArray[np.int64] = log.pts[log.display_order]
    # Hostile stamps lie up to 2^64 apart, which no difference of two of them would hold.
    if int(stamps[-1]) - int(stamps[0]) >= 1 << 62:
        raise UndeterminedError(Reason.MALFORMED, "time stamps lie further apart than can be counted")
    return stamps


def _duration_s(log: PacketLog, stamps: NDArray[np.int64]) -> float:
    last = log.last_duration if log.last_duration > 0 else int(np.median(np.diff(stamps)))
    return float((int(stamps[-1]) - int(stamps[0]) + last) * log.time_base)


def _mean_size(log: PacketLog, letter: int) -> float | None:
    if log.letters is None or not (log.letters == letter).any():
        return None
    return round(float(log.n_bytes[log.letters == letter].mean()), 1)


def _container_duration_s(container: InputContainer) -> float | None:
    duration = container.duration
    return None if duration is None or duration < 0 else round(duration / _CONTAINER_TICKS_PER_S, 6)


def _track_durations(container: InputContainer) -> tuple[TrackDuration, ...]:
    found = []
    for stream in list(container.streams)[:_MAX_TRACKS]:
        duration_s = None
        if stream.duration is not None and stream.duration >= 0 and stream.time_base is not None:
            duration_s = round(float(stream.duration * stream.time_base), 6)
        found.append(TrackDuration(f"{stream.index} {stream.type}", duration_s))
    return tuple(found)
