"""From a stream of faces to tracks: crops go to the model as they come, and their readings come back in order.

The worker that decodes runs ahead of the model by a few crops. Memory grows with the number of readings,
not with the number of frames' pixels.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from forensic_cli.config import FaceSettings
from forensic_cli.evidence.aggregate import track_finding
from forensic_cli.evidence.exhibits import ExhibitCollector, FrameView
from forensic_cli.isolation import FaceStream, FrameFaces
from forensic_cli.model.batching import BatchQueue
from forensic_cli.model.reading import Reading
from forensic_cli.model.weights import ModelCard
from forensic_cli.types import Crop, CropReading, MediaFacts, ScanWarning, TrackResult


@dataclass(frozen=True, slots=True)
class _PendingCrop:
    crop: Crop
    view: FrameView | None
    reading: Future[Reading]


class CropExaminer:
    """Reads the faces of one item.

    Args:
        batches: the model, shared with whatever else is examined.
        card: of its weights.
        exhibits: where pictures go; None for none.
        seed: of the bootstrap intervals.
    """

    def __init__(
        self,
        batches: BatchQueue,
        card: ModelCard,
        faces: FaceSettings,
        exhibits: ExhibitCollector | None,
        seed: int,
    ) -> None:
        self._batches, self._card, self._faces, self._seed = batches, card, faces, seed
        self._exhibits = exhibits if exhibits is not None and exhibits.is_wanted else None
        self._readings: dict[int, list[CropReading]] = defaultdict(list)
        self._pending: deque[_PendingCrop] = deque()
        self._n_dropped, self._smallest_px = 0, 0.0

    def take(self, stream: FaceStream, on_frame: Callable[[], None]) -> None:
        """Hands the faces of every sampled frame to the model; it may read the last ones still.

        Raises:
            MediaError: not one of the frames can be decoded.
            OutputError: an exhibit cannot be written.
            StoppedError: the scan was stopped.
        """
        for frame in stream.frames():
            self._take(frame)
            # Each waiting crop keeps a view of its frame in memory.
            self._keep_readings(self._batches.n_ahead)
            on_frame()

    def finish(self, facts: MediaFacts, n_frames: int) -> tuple[TrackResult, ...]:
        """Waits for the last readings, and commits the exhibits.

        Args:
            n_frames: that were examined.

        Raises:
            OutputError, StoppedError: as `take`.
        """
        self._keep_readings(0)
        pictures = self._exhibits.commit() if self._exhibits else {}
        return tuple(
            TrackResult(
                track_id,
                tuple(rows),
                track_finding(rows, self._card, facts, n_frames, self._seed),
                pictures.get(track_id, ()),
            )
            for track_id, rows in sorted(self._readings.items())
        )

    @property
    def warnings(self) -> tuple[ScanWarning, ...]:
        """What the search for faces left out; complete when `take` has ended."""
        found = []
        if self._n_dropped:
            message = f"{self._n_dropped} faces were left out: more than {self._faces.max_faces_per_frame} in a frame."
            found.append(ScanWarning("cap-faces", message, self._n_dropped))
        if self._smallest_px > self._faces.min_face_px:
            message = (
                f"The frames are too large to be enlarged for faces of {self._faces.min_face_px} px: "
                f"they were searched from {self._smallest_px:.0f} px on."
            )
            found.append(ScanWarning("min-face-raised", message))
        return tuple(found)

    def _take(self, frame: FrameFaces) -> None:
        self._n_dropped += frame.n_dropped
        self._smallest_px = max(self._smallest_px, frame.smallest_face_px)
        for crop in frame.crops:
            self._pending.append(_PendingCrop(crop, frame.view, self._batches.submit(crop.image)))

    def _keep_readings(self, n_waiting: int) -> None:
        """Keeps what the model has read, and waits for it until no more than `n_waiting` crops are left."""
        while self._pending and (len(self._pending) > n_waiting or self._pending[0].reading.done()):
            pending = self._pending.popleft()
            self._keep(pending, pending.reading.result())

    def _keep(self, pending: _PendingCrop, answer: Reading) -> None:
        crop = pending.crop
        self._readings[crop.track_id].append(
            CropReading(
                frame_index=crop.frame_index,
                pts=crop.pts,
                time_s=crop.time_s,
                box_xyxy=crop.face.box_xyxy,
                crop_box_xyxy=crop.crop_box_xyxy,
                confidence=crop.face.confidence,
                sharpness=crop.sharpness,
                activation=answer.activation,
            )
        )
        if self._exhibits and pending.view:
            self._exhibits.add(pending.view, crop, answer.activation.score, answer.attention)
