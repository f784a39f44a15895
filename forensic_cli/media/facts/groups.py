"""Picture types and groups of pictures, from the packet log."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forensic_cli.factsheet import FrameFacts, Reason
from forensic_cli.media.facts.determination import UndeterminedError
from forensic_cli.media.facts.packet_log import PacketLog
from forensic_cli.media.facts.picture_types import BIPREDICTED, INTRA, PREDICTED

_MAX_PATTERN = 120


def frame_facts(log: PacketLog) -> FrameFacts:
    """Counts pictures by type, and measures the groups from key frame to key frame, in coding order.

    Raises:
        UndeterminedError: there is no packet.
    """
    if not len(log):
        raise UndeterminedError(Reason.TOO_LITTLE, "no packet")
    keys = np.flatnonzero(log.is_key)
    lengths = np.diff(np.append(keys, len(log)))
    whole = lengths[:-1] if len(lengths) > 1 else lengths
    n_i, n_p, n_b = (_count(log, letter) for letter in (INTRA, PREDICTED, BIPREDICTED))
    n_known = sum(count or 0 for count in (n_i, n_p, n_b))
    return FrameFacts(
        n_frames=len(log),
        n_key=len(keys),
        n_i=n_i,
        n_p=n_p,
        n_b=n_b,
        n_other=0 if log.letters is None else len(log) - n_known,
        n_intra_not_key=_intra_not_key(log),
        n_groups=len(keys),
        n_before_first_key=int(keys[0]) if len(keys) else len(log),
        group_frames_min=int(whole.min(initial=len(log))) if len(whole) else 0,
        group_frames_median=float(np.median(whole)) if len(whole) else 0.0,
        group_frames_max=int(whole.max(initial=0)),
        is_regular=bool((whole == whole[0]).all()) if len(whole) > 1 else None,
        n_open_groups=_open_groups(log, keys),
        first_pattern=_first_pattern(log, keys),
        max_b_run=_longest_b_run(log),
    )


def _count(log: PacketLog, letter: int) -> int | None:
    return None if log.letters is None else int(np.count_nonzero(log.letters == letter))


def _intra_not_key(log: PacketLog) -> int | None:
    if log.letters is None:
        return None
    return int(np.count_nonzero((log.letters == INTRA) & ~log.is_key))


def _open_groups(log: PacketLog, keys: NDArray[np.int64]) -> int | None:
    """Groups that cannot be decoded whole without the one before.

    H.264 (closed groups begin with an IDR picture, after which nothing is shown earlier): a picture coded
    after the key frame is shown before it. HEVC: the group holds skipped leading pictures (RASL). Streams
    without B pictures have none. Of other codings' leading pictures the packets do not say what they refer to.
    """
    if log.codec == "hevc":
        leading = log.is_open_leading
    elif log.letters is not None and not (log.letters == BIPREDICTED).any():
        return 0
    elif log.codec == "h264" and log.has_timestamps:
        group = np.cumsum(log.is_key) - 1
        key_pts = log.pts[keys]
        leading = (group >= 0) & (log.pts < key_pts[np.maximum(group, 0)]) if len(keys) else log.is_key
    else:
        return None
    starts = np.cumsum(log.is_key)[leading]
    return len(np.unique(starts[starts > 0]))


def _first_pattern(log: PacketLog, keys: NDArray[np.int64]) -> str:
    """Types of the first group in display order, "" where types or time stamps are unknown."""
    if log.letters is None or not log.has_timestamps or not len(keys):
        return ""
    end = keys[1] if len(keys) > 1 else len(log)
    group = np.arange(keys[0], end)
    order = group[np.argsort(log.pts[group], kind="stable")][:_MAX_PATTERN]
    return log.letters[order].tobytes().decode("ascii")


def _longest_b_run(log: PacketLog) -> int | None:
    if log.letters is None or not log.has_timestamps:
        return None
    is_b = log.letters[log.display_order] == BIPREDICTED
    edges = np.flatnonzero(np.diff(np.concatenate(([0], is_b.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))
