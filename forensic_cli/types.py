"""Frozen value objects that travel between the layers. Standard library and numpy only.

Conventions, here and everywhere: images are `(H, W, 3)` uint8 **RGB**; boxes are
`(x0, y0, x1, y1)` in pixels of the frame as displayed (after rotation), x to the right,
y down, the right and bottom edges exclusive; times are seconds from the start of the
stream; a score is higher the more the crop looks forged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from forensic_cli.factsheet import Factsheet

RgbImage = NDArray[np.uint8]
BoxXYXY = tuple[float, float, float, float]


class MediaKind(StrEnum):
    """What a file was found to be."""

    IMAGE = "image"
    VIDEO = "video"


class Verdict(StrEnum):
    """The finding's one word. Never "authentic": absence of support proves nothing."""

    LIKELY_FORGED = "likely_forged"
    INCONCLUSIVE = "inconclusive"
    NO_SUPPORT = "no_support"
    NO_FACE = "no_face"
    SKIPPED = "skipped"
    FAILED = "failed"

    @property
    def is_analysed(self) -> bool:
        """True where the model has read at least one face."""
        return self in {Verdict.LIKELY_FORGED, Verdict.INCONCLUSIVE, Verdict.NO_SUPPORT}


class VerbalTerm(StrEnum):
    """How strongly a likelihood ratio supports one proposition, whichever of the two that is."""

    NO_SUPPORT = "no support"
    WEAK = "weak"
    MODERATE = "moderate"
    MODERATELY_STRONG = "moderately strong"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One input file as it was found.

    Attributes:
        path: as the program opened it; may hold lone surrogates for undecodable bytes.
        n_bytes: size when first hashed.
        mtime_utc: last modification, ISO 8601 UTC.
        sha256_before: lower-case hex, taken before the first byte was decoded; "" where the
            file could not be read at all.
        sha256_after: the same after the last byte was decoded; "" until then.
    """

    path: str
    n_bytes: int
    mtime_utc: str
    sha256_before: str
    sha256_after: str = ""

    @property
    def is_unchanged(self) -> bool:
        """True when both hashes were taken and agree."""
        return bool(self.sha256_before) and self.sha256_before == self.sha256_after


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What the file says and what counting its packets shows. Nothing here enters a score.

    Attributes:
        container: the format that the content shows, for example "MP4/QuickTime", "JPEG".
        codec: for example "h264"; for an image, its mode ("RGB", "CMYK", "I;16").
        profile: codec profile, "" if none.
        pixel_format: for example "yuv420p"; "" for images.
        width_px, height_px: as displayed, after rotation and pixel aspect are applied.
        coded_width_px, coded_height_px: as stored.
        rotation_deg: clockwise turn that displays the picture upright: 0, 90, 180 or 270.
        is_mirrored: Exif orientations 2, 4, 5, 7.
        n_frames: counted packets of the video stream (1 for an image).
        n_frames_declared: what the header claims; 0 if it claims nothing.
        n_key_frames: counted.
        duration_s: from the timestamps; 0 for an image.
        frame_rate: mean rate in Hz from the timestamps; 0 for an image.
        is_variable_frame_rate: None where it cannot be told.
        n_video_streams, n_audio_streams: counted.
        encoder, creation_time: the tags of these names, "" if absent.
        tags: other container and stream tags, sorted.
        exif: readable Exif entries of an image, sorted by tag.
    """

    kind: MediaKind
    container: str
    codec: str
    width_px: int
    height_px: int
    coded_width_px: int
    coded_height_px: int
    profile: str = ""
    pixel_format: str = ""
    rotation_deg: int = 0
    is_mirrored: bool = False
    n_frames: int = 1
    n_frames_declared: int = 0
    n_key_frames: int = 0
    duration_s: float = 0.0
    frame_rate: float = 0.0
    is_variable_frame_rate: bool | None = None
    n_video_streams: int = 0
    n_audio_streams: int = 0
    encoder: str = ""
    creation_time: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    exif: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ScanWarning:
    """Something the reader of the report must know: data, not a log line.

    Attributes:
        code: stable, lower-case, hyphenated, for example "frames-failed".
        message: one sentence in plain words.
        n: how often it happened.
    """

    code: str
    message: str
    n: int = 1


@dataclass(frozen=True, slots=True)
class FrameCounts:
    """The denominators. `n_in_stream = n_used + n_not_sampled + n_failed`.

    Attributes:
        n_in_stream: frames that the stream holds (packets counted).
        n_decoded: frames that the decoder gave back, used or not.
        n_used: frames handed to the face detector.
        n_not_sampled: frames that the sampling rule passed over.
        n_failed: sampled frames that could not be decoded.
    """

    n_in_stream: int
    n_decoded: int
    n_used: int
    n_not_sampled: int
    n_failed: int


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture, upright.

    Attributes:
        index: 0-based position in display order.
        pts: presentation timestamp in units of `time_base`.
        time_base: seconds per tick.
        image: (H, W, 3) uint8 RGB.
        start_pts: timestamp of the stream's first frame; transport streams start anywhere.
    """

    index: int
    pts: int
    time_base: Fraction
    image: RgbImage
    start_pts: int = 0

    @property
    def time_s(self) -> float:
        """Presentation time in seconds from the first frame."""
        return float((self.pts - self.start_pts) * self.time_base)


@dataclass(frozen=True, slots=True)
class Face:
    """One detection in one frame.

    Attributes:
        box_xyxy: in pixels of the full frame; may reach past its edges.
        confidence: the detector's own score; comparable within one detector only.
    """

    box_xyxy: BoxXYXY
    confidence: float

    @property
    def size_px(self) -> float:
        """Mean of the box's width and height."""
        x0, y0, x1, y1 = self.box_xyxy
        return ((x1 - x0) + (y1 - y0)) / 2

    def surroundings(self, reach_widths: float) -> BoxXYXY:
        """The box with so many face widths (`size_px`) more to each side; it may leave the frame."""
        x0, y0, x1, y1 = self.box_xyxy
        reach_px = reach_widths * self.size_px
        return (x0 - reach_px, y0 - reach_px, x1 + reach_px, y1 + reach_px)


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """The pixels that the model sees, and where they came from.

    Attributes:
        image: (256, 256, 3) uint8 RGB.
        crop_box_xyxy: the square in the frame that was cut, in pixels; may reach past the edges.
        sharpness: variance of the Laplacian of the grey crop; low means blurred.
    """

    image: RgbImage
    face: Face
    crop_box_xyxy: BoxXYXY
    frame_index: int
    pts: int
    time_s: float
    track_id: int
    sharpness: float


@dataclass(frozen=True, slots=True)
class LatentActivation:
    """Eq. 3: mean absolute activation of the two halves of z, both >= 0."""

    real: float
    fake: float

    @property
    def score(self) -> float:
        """`a_F - a_T`: the one place where the paper's sign convention is turned round."""
        return self.fake - self.real


@dataclass(frozen=True, slots=True)
class CropReading:
    """What the model said of one crop: a row of the results, without pixels."""

    frame_index: int
    pts: int
    time_s: float
    box_xyxy: BoxXYXY
    crop_box_xyxy: BoxXYXY
    confidence: float
    sharpness: float
    activation: LatentActivation

    @property
    def score(self) -> float:
        """Higher = more fake."""
        return self.activation.score

    @property
    def face_px(self) -> float:
        """Mean side of the detected face in the frame's pixels."""
        x0, y0, x1, y1 = self.box_xyxy
        return ((x1 - x0) + (y1 - y0)) / 2


@dataclass(frozen=True, slots=True)
class Finding:
    """The conclusion for a track or an item.

    Attributes:
        verdict: one word.
        score: aggregated, None where there was nothing to score.
        interval: 95% interval of the aggregated score over frames, None for a single frame.
        reasons: sentences that say why, in the order in which the rule was applied.
        log10_lr: log10 of the likelihood ratio of forged against not forged; None where there is none.
        lr_is_bounded: the score asked for more than the calibration set supports: the ratio is at
            least that strong.
        lr_term: the ratio in a word; the sign of `log10_lr` says which proposition it supports.
        lr_note: why there is no ratio; "" where there is one, or nothing was scored.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    score: float | None = None
    interval: tuple[float, float] | None = None
    log10_lr: float | None = None
    lr_is_bounded: bool = False
    lr_term: VerbalTerm | None = None
    lr_note: str = ""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A picture written beside the results.

    Attributes:
        file: path below the results folder, with forward slashes.
        sha256: of that file.
        kind: "heatmap" (original | attention | overlay of the crop) or "frame" (the whole frame
            with the attention put back and every face of the track marked).
        frame_index, time_s, score: of the crop that it shows.
    """

    file: str
    sha256: str
    kind: str
    frame_index: int
    time_s: float
    score: float


@dataclass(frozen=True, slots=True)
class TrackResult:
    """One person's face over time, with its readings and finding."""

    track_id: int
    readings: tuple[CropReading, ...]
    finding: Finding
    exhibits: tuple[Exhibit, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemResult:
    """Everything known of one item: one line of results.jsonl.

    Attributes:
        item_id: "0001", "0002", ... in the order in which the items were found.
        media: None where the file could not be probed.
        counts: None where nothing was decoded.
        media_facts: for the examiner, never part of a score; None where the file was not opened, is no
            medium that is read, or changed while it was read.
    """

    item_id: str
    evidence: Evidence
    finding: Finding
    media: MediaFacts | None = None
    counts: FrameCounts | None = None
    tracks: tuple[TrackResult, ...] = ()
    warnings: tuple[ScanWarning, ...] = field(default=())
    media_facts: Factsheet | None = None


@dataclass(frozen=True, slots=True)
class StoppedItem:
    """An item that was being examined when a scan stopped."""

    item: str
    path: str


@dataclass(frozen=True, slots=True)
class Resumption:
    """One continuation of a scan that had been stopped.

    Attributes:
        time_utc: ISO 8601.
        argv: the command line that continued it, word by word.
        stopped: items that were being examined when the scan stopped.
        n_kept: items whose records were kept: finished before, their evidence unchanged.
        repeated: ids of items that had been finished, but whose record or exhibits were lost.
        new_paths, missing_paths, changed_paths: the evidence now, against what was found before.
        set_aside: files of the results folder that were moved away, below that folder.
    """

    time_utc: str
    argv: tuple[str, ...]
    stopped: tuple[StoppedItem, ...]
    n_kept: int
    repeated: tuple[str, ...] = ()
    new_paths: tuple[str, ...] = ()
    missing_paths: tuple[str, ...] = ()
    changed_paths: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeWork:
    """What one machine of a cluster did.

    Attributes:
        node: its name and address.
        n_items: items of the results that it examined.
    """

    node: str
    n_items: int


@dataclass(frozen=True, slots=True)
class RunInfo:
    """How the results came about: enough to repeat them.

    Attributes:
        run_id: UUID, also the report's.
        argv: the command line, word by word.
        started_utc, finished_utc: ISO 8601.
        versions: (component, version), for example ("torch", "2.15.0").
        working_folder: where the command line was run; relative paths start there.
        source_sha256: over the program's own Python files; see `provenance.run`.
        platform: operating system, processor.
        device: what the model ran on, for example "cpu (AMD EPYC, 2 threads)".
        precision: "fp32", "bf16" or "fp16".
        resumptions: in the order in which they happened; empty for a scan that ran through.
        nodes: machines of a cluster that examined items, by name; empty where the machine that ran the
            scan did it all.
    """

    run_id: str
    argv: tuple[str, ...]
    started_utc: str
    finished_utc: str
    tool_version: str
    commit: str
    versions: tuple[tuple[str, str], ...]
    working_folder: str
    source_sha256: str
    platform: str
    device: str
    precision: str
    seed: int
    was_interrupted: bool = False
    resumptions: tuple[Resumption, ...] = ()
    nodes: tuple[NodeWork, ...] = ()
