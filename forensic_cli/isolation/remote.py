"""A worker's messages as a stream of faces, each checked against what was asked and what came before."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np

from forensic_cli.config import IsolationSettings
from forensic_cli.evidence.exhibits import FrameView
from forensic_cli.evidence.heatmap import FRAME_MAX_PX
from forensic_cli.faces.crop import CROP_PX
from forensic_cli.isolation.messages import (
    Channel,
    CropRow,
    End,
    Fault,
    FrameRow,
    Kind,
    Medium,
    MessageError,
    ViewRow,
    parse,
)
from forensic_cli.isolation.stream import FaceReading, FrameFaces, marked_faces
from forensic_cli.types import BoxXYXY, Crop, Face, FrameCounts, MediaFacts, RgbImage, ScanWarning

_CROP_BYTES = CROP_PX * CROP_PX * 3
_VIEW_BYTES = FRAME_MAX_PX * FRAME_MAX_PX * 3


class StalledError(Exception):
    """The worker made no progress for too long."""


class OverdueError(Exception):
    """The worker took too long in all."""


class FaultError(Exception):
    """The worker says that the item cannot be read."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class RemoteFaceStream:
    """What a worker reads of one item; see `FaceStream`.

    Time is measured while the host waits: what the model takes is not held against the item.

    Args:
        channel: to the worker.
        reading: what was asked of it.
        limits: of time.

    Raises:
        StalledError, OverdueError, FaultError, MessageError, ChannelClosedError: from here on, and from
            `frames`: the item is lost.
    """

    def __init__(self, channel: Channel, reading: FaceReading, limits: IsolationSettings) -> None:
        self._channel, self._reading, self._limits = channel, reading, limits
        self._waited_s = 0.0
        self._n_frames = 0
        self._end: End | None = None
        kind, text, _ = self._receive()
        if kind is not Kind.MEDIUM:
            raise MessageError(f"a message {kind.name} where the medium was due")
        self._medium = parse(Medium, text)
        if not 0 <= self._medium.n_planned <= reading.limits.max_frames:
            raise MessageError(f"a plan of {self._medium.n_planned} frames")

    @property
    def facts(self) -> MediaFacts:
        """What the file is."""
        return self._medium.facts

    @property
    def n_planned(self) -> int:
        """Frames to come, at most."""
        return self._medium.n_planned

    @property
    def is_complete(self) -> bool:
        """The worker has said all that it had to say."""
        return self._end is not None

    @property
    def counts(self) -> FrameCounts:
        """The denominators.

        Raises:
            RuntimeError: `frames` has not ended.
        """
        return self._ended().counts

    @property
    def warnings(self) -> tuple[ScanWarning, ...]:
        """What the medium's reader met; as `counts`."""
        return self._ended().warnings

    def frames(self) -> Iterator[FrameFaces]:
        """Yields the frames as they come."""
        last_index = -1
        while True:
            kind, text, pixels = self._receive()
            if kind is Kind.END:
                self._end = self._checked(parse(End, text))
                return
            if kind is not Kind.FRAME:
                raise MessageError(f"a message {kind.name} where a frame was due")
            self._n_frames += 1
            if self._n_frames > self.n_planned:
                raise MessageError("more frames than planned")
            frame = self._frame(parse(FrameRow, text), pixels)
            if frame.crops:
                if frame.crops[0].frame_index <= last_index:
                    raise MessageError("a frame out of order")
                last_index = frame.crops[0].frame_index
            yield frame

    def _receive(self) -> tuple[Kind, bytes, bytearray]:
        """The next message that is no mere sign of life."""
        largest = self._reading.faces.max_faces_per_frame * _CROP_BYTES + _VIEW_BYTES
        while True:
            began_s = time.monotonic()
            remaining_s = self._limits.total_s - self._waited_s
            if remaining_s <= 0:
                raise OverdueError
            try:
                kind, text, pixels = self._channel.receive(
                    began_s + min(self._limits.stall_s, remaining_s), largest
                )
            except TimeoutError as error:
                raise (StalledError if self._limits.stall_s < remaining_s else OverdueError) from error
            finally:
                self._waited_s += time.monotonic() - began_s
            if kind is Kind.FAULT:
                raise FaultError(parse(Fault, text))
            if kind is not Kind.PROGRESS:
                return kind, text, pixels

    def _frame(self, row: FrameRow, pixels: bytearray) -> FrameFaces:
        n_view = row.view.width_px * row.view.height_px * 3 if row.view else 0
        _require(len(row.crops) <= self._reading.faces.max_faces_per_frame, "too many faces in a frame")
        _require(row.view is None or (self._reading.wants_views and bool(row.crops)), "a view not asked for")
        _require(row.view is None or _is_view(row.view), "a view of an impossible size")
        _require(len(pixels) == len(row.crops) * _CROP_BYTES + n_view, "a frame with pixels amiss")
        _require(min(row.index, row.n_dropped) >= 0 and row.smallest_face_px > 0, "a frame of odd numbers")
        crops = tuple(
            _crop(row, crop, pixels[n * _CROP_BYTES : (n + 1) * _CROP_BYTES])
            for n, crop in enumerate(row.crops)
        )
        view = None
        if row.view:
            picture = _picture(pixels[len(pixels) - n_view :], row.view.height_px, row.view.width_px)
            view = FrameView(picture, row.view.shrink, tuple(marked_faces(crops)))
        return FrameFaces(crops, view, row.n_dropped, row.smallest_face_px)

    def _checked(self, end: End) -> End:
        counts = end.counts
        parts = (counts.n_used, counts.n_not_sampled, counts.n_failed)
        _require(min(*parts, counts.n_decoded) >= 0, "negative counts")
        _require(sum(parts) == counts.n_in_stream, "counts that do not add up")
        _require(counts.n_used == self._n_frames, "a count of frames other than came")
        return end

    def _ended(self) -> End:
        if self._end is None:
            raise RuntimeError("The frames have not been read to their end.")
        return self._end


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise MessageError(otherwise)


def _is_view(view: ViewRow) -> bool:
    return 1 <= view.width_px <= FRAME_MAX_PX and 1 <= view.height_px <= FRAME_MAX_PX and 0 < view.shrink <= 1


def _is_box(box_xyxy: BoxXYXY) -> bool:
    x0, y0, x1, y1 = box_xyxy
    # Coordinates beyond this are of no picture, and would overflow where they are squared.
    return x0 < x1 and y0 < y1 and max(math.fabs(edge) for edge in box_xyxy) < 1e9


def _crop(row: FrameRow, crop: CropRow, pixels: bytearray) -> Crop:
    _require(_is_box(crop.box_xyxy) and _is_box(crop.crop_box_xyxy), "a face in no possible place")
    _require(crop.track_id >= 1 and crop.sharpness >= 0, "a crop of odd numbers")
    return Crop(
        image=_picture(pixels, CROP_PX, CROP_PX),
        face=Face(crop.box_xyxy, crop.confidence),
        crop_box_xyxy=crop.crop_box_xyxy,
        frame_index=row.index,
        pts=row.pts,
        time_s=row.time_s,
        track_id=crop.track_id,
        sharpness=crop.sharpness,
    )


def _picture(pixels: bytearray, height_px: int, width_px: int) -> RgbImage:
    return np.frombuffer(pixels, dtype=np.uint8).reshape(height_px, width_px, 3)
