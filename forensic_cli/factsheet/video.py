"""Facts of a video stream, from its headers and its packets; no picture is decoded for them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What the examined stream's headers say. "" and None: not stated.

    Attributes:
        codec_tag: the container's four characters for the coding, for example "avc1".
        level: as a person writes it: "3.1", "L93" where the standard gives no such form.
        colour_*: names of ITU-T H.273 code points; "unspecified" where the file leaves them open.
        colour_range: "tv" (limited) or "pc" (full).
        field_order: "progressive", "top first", ...
        reorder_depth: frames that may be coded before one that is shown earlier.
        declared_bit_rate_bps: the header's claim.
    """

    codec: str
    codec_tag: str = ""
    profile: str = ""
    level: str = ""
    pixel_format: str = ""
    colour_primaries: str = ""
    colour_transfer: str = ""
    colour_matrix: str = ""
    colour_range: str = ""
    field_order: str = ""
    sample_aspect: str = ""
    reorder_depth: int | None = None
    declared_bit_rate_bps: int | None = None


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """Picture types and groups of pictures.

    A group runs from one key frame to the next, counted in coding order. The type of a picture is
    that of its first slice.

    Attributes:
        n_frames: packets looked at.
        n_i, n_p, n_b: pictures by type; None where the coding's packets do not show it.
        n_other: pictures whose type could not be read, switching pictures among them.
        n_intra_not_key: I pictures at which decoding cannot begin.
        n_groups: groups of pictures.
        n_before_first_key: packets before the first key frame.
        group_frames_min, group_frames_median, group_frames_max: group lengths in frames; the last group
            counts only where it is the only one, since the end of the video may cut it.
        is_regular: every group but the last has the same length; None with fewer than two such groups.
        n_open_groups: groups whose leading pictures refer to the group before; None where that cannot be told.
        first_pattern: types of the first whole group in display order, at most 120 pictures.
        max_b_run: the longest run of B pictures in display order; None where types are unknown.
    """

    n_frames: int
    n_key: int
    n_i: int | None
    n_p: int | None
    n_b: int | None
    n_other: int
    n_intra_not_key: int | None
    n_groups: int
    n_before_first_key: int
    group_frames_min: int
    group_frames_median: float
    group_frames_max: int
    is_regular: bool | None
    n_open_groups: int | None
    first_pattern: str
    max_b_run: int | None


@dataclass(frozen=True, slots=True)
class TrackDuration:
    """What one stream's header says of its length; None where it says nothing."""

    stream: str
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class TimingFacts:
    """Regularity of the presentation time stamps, in display order.

    Attributes:
        n_intervals: between shown frames.
        time_base: seconds per tick, as a fraction "1/12800".
        is_constant: no interval differs from the median by more than one tick or 2%.
        interval_median_s, interval_min_s, interval_max_s: of all intervals.
        jitter_s: standard deviation of the intervals.
        n_off_usual: intervals that differ from the median by more than one tick or 2%.
        n_gaps: intervals longer than 1.5 times the median.
        first_gap_at_s: presentation time at which the first gap begins, from the first frame.
        n_duplicates: frames that carry the time stamp of the frame before them.
        n_hidden: packets that an edit list keeps from view.
        counted_duration_s: from the first time stamp to the end of the last frame.
        container_duration_s: what the container's header says.
        tracks: what each stream's header says.
    """

    n_intervals: int
    time_base: str
    is_constant: bool
    interval_median_s: float
    interval_min_s: float
    interval_max_s: float
    jitter_s: float
    n_off_usual: int
    n_gaps: int
    first_gap_at_s: float | None
    n_duplicates: int
    n_hidden: int
    counted_duration_s: float
    container_duration_s: float | None
    tracks: tuple[TrackDuration, ...]


@dataclass(frozen=True, slots=True)
class BitRateFacts:
    """Bits of the examined stream over presentation time.

    Attributes:
        mean_bps: all bytes over the counted duration.
        window_s: length of the windows of which the others are taken; the last, cut one is left out.
        min_bps, median_bps, max_bps: of the windows' rates; None with no whole window.
        max_at_s: where the window of the highest rate begins.
        i_bytes_mean, p_bytes_mean, b_bytes_mean: packet size by picture type; None with none of the type.
    """

    mean_bps: float
    window_s: float
    n_windows: int
    min_bps: float | None
    median_bps: float | None
    max_bps: float | None
    max_at_s: float | None
    i_bytes_mean: float | None
    p_bytes_mean: float | None
    b_bytes_mean: float | None
