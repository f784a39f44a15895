"""A medium as a stream of the faces in its frames, and how it is made where the file is decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Protocol

import cv2

from forensic_cli.config import FaceSettings, MediaLimits, Sampling
from forensic_cli.errors import MediaError
from forensic_cli.evidence.exhibits import FrameView, view_of
from forensic_cli.faces.crop import cut_crop
from forensic_cli.faces.detect import Detection, detect_stream, make_detector
from forensic_cli.faces.detector import FaceDetector
from forensic_cli.faces.track import Tracker
from forensic_cli.factsheet import Factsheet, unread_factsheet
from forensic_cli.media import read_media
from forensic_cli.media.ahead import drawn_ahead
from forensic_cli.media.facts import collect_facts
from forensic_cli.types import Crop, FrameCounts, MediaFacts, ScanWarning

# Decoding is what a scan waits for: it goes on while the frame before is compared, cut or sent.
_FRAMES_AHEAD = 2


@dataclass(frozen=True, slots=True)
class FaceReading:
    """What is asked of every item of a scan.

    Attributes:
        wants_views: each frame with a face comes with a reduced view of it, for the exhibits.
    """

    sampling: Sampling
    limits: MediaLimits
    faces: FaceSettings
    wants_views: bool


@dataclass(frozen=True, slots=True, eq=False)
class FrameFaces:
    """The faces of one sampled frame.

    Attributes:
        crops: in the order of detection; empty where no face was found.
        view: the frame reduced for display, where it was asked for and a face was found.
        n_dropped: faces beyond the cap.
        smallest_face_px: face side down to which the frame was searched.
    """

    crops: tuple[Crop, ...]
    view: FrameView | None
    n_dropped: int
    smallest_face_px: float


class FaceStream(Protocol):
    """An opened image or video whose faces are found, tracked and cut."""

    @property
    def facts(self) -> MediaFacts:
        """What the file is; known before the first frame."""
        ...

    @property
    def n_planned(self) -> int:
        """Frames that `frames` will try to give out."""
        ...

    def frames(self) -> Iterator[FrameFaces]:
        """Yields every sampled frame in display order; once only."""
        ...

    @property
    def counts(self) -> FrameCounts:
        """The denominators; complete when `frames` has ended."""
        ...

    @property
    def warnings(self) -> tuple[ScanWarning, ...]:
        """What the reader of a report must know of the medium; complete when `frames` has ended."""
        ...


class FaceReader(Protocol):
    """Opens one item after the other. To be closed when there are no more."""

    def prepare(self) -> None:
        """Begins to load what the next item needs, and returns at once."""
        ...

    def open(self, file: BinaryIO, name: str) -> AbstractContextManager[FaceStream]:
        """Opens a file from its beginning.

        Args:
            file: as `provenance.files.open_read_only` gives it.
            name: the file's own name, for messages and for what its suffix promises.

        Raises:
            MediaError: it cannot be read; also from `frames`.
        """
        ...

    def media_facts(
        self, file: BinaryIO, name: str
    ) -> AbstractContextManager[Callable[[], Factsheet | None]]:
        """What the file is, for the examiner; nothing of it enters a score.

        Where the system can, it is read beside whatever else is read of the file meanwhile. Nothing that the
        file holds makes this fail: where the reading of it ends badly, the factsheet says so.

        Returns:
            A function that waits for the factsheet, to be called once or not at all. It gives None where the
            content is no image or video that is read.
        """
        ...

    def abort(self) -> None:
        """Ends what another thread is reading, and refuses whatever comes after; that thread gets an error."""
        ...

    def close(self) -> None:
        """Lets go of everything; a second time, nothing."""
        ...


class DirectFaceStream:
    """The faces of a file that is decoded in this very process; see `FaceStream`.

    Args:
        on_progress: called from `frames` where the next frame takes many searches; see `detect_stream`.
    """

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        reading: FaceReading,
        detector: FaceDetector,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self._reading, self._detector, self._on_progress = reading, detector, on_progress
        self._source = read_media(file, name, reading.sampling, reading.limits)

    @property
    def facts(self) -> MediaFacts:
        """What the file is."""
        return self._source.facts

    @property
    def n_planned(self) -> int:
        """Frames that the sampling rule chose."""
        return self._source.n_planned

    def frames(self) -> Iterator[FrameFaces]:
        """Decodes, detects, tracks and cuts, as a stream: see `detect_stream`.

        Raises:
            MediaError: not one of the frames can be decoded.
        """
        tracker = Tracker()
        with closing(drawn_ahead(self._source.frames(), _FRAMES_AHEAD)) as decoded:
            for detection in detect_stream(
                decoded,
                self._reading.faces,
                detector_factory=lambda _: self._detector,
                on_progress=self._on_progress,
            ):
                yield self._cut(detection, tracker)

    @property
    def counts(self) -> FrameCounts:
        """The denominators."""
        return self._source.counts

    @property
    def warnings(self) -> tuple[ScanWarning, ...]:
        """What the medium's reader met."""
        return self._source.warnings

    def _cut(self, detection: Detection, tracker: Tracker) -> FrameFaces:
        track_ids = tracker.update(detection.frame, detection.faces)
        crops = tuple(
            cut_crop(detection.frame, face, track_id)
            for track_id, face in zip(track_ids, detection.faces, strict=True)
        )
        view = None
        if crops and self._reading.wants_views:
            # The full frame is let go here: what waits for the model is the crop and a reduced view.
            view = view_of(detection.frame, marked_faces(crops))
        return FrameFaces(crops, view, detection.n_dropped, detection.smallest_face_px)


def marked_faces(crops: tuple[Crop, ...]) -> list[tuple[int, tuple[float, float, float, float]]]:
    """(track id, face box) of each crop, as a `FrameView` wants them."""
    return [(crop.track_id, crop.face.box_xyxy) for crop in crops]


def use_one_opencv_thread() -> None:
    """For the whole process: OpenCV's own threads spin while they wait, for longer than most calls take.

    Frames, searches and items are what runs side by side here.
    """
    cv2.setNumThreads(1)


class DirectReader:
    """Decodes in this process, without isolation; see `FaceReader`.

    Raises:
        UsageError: dlib, or the CNN's model file, is not installed.
        WeightsError: the CNN's model file is not the published one.
    """

    def __init__(self, reading: FaceReading) -> None:
        use_one_opencv_thread()
        self._reading = reading
        self._detector = make_detector(reading.faces)

    def prepare(self) -> None:
        """All is loaded."""

    @contextmanager
    def open(self, file: BinaryIO, name: str) -> Iterator[DirectFaceStream]:
        """See `FaceReader.open`."""
        try:
            yield DirectFaceStream(file, name, self._reading, self._detector)
        except MemoryError as error:
            raise MediaError(
                f"Decoding {name} needed more memory than there is.", "Lower --jobs or --max-pixels."
            ) from error

    @contextmanager
    def media_facts(self, file: BinaryIO, name: str) -> Iterator[Callable[[], Factsheet | None]]:
        """See `FaceReader.media_facts`; read when it is asked for."""
        yield partial(self._facts, file, name)

    def _facts(self, file: BinaryIO, name: str) -> Factsheet | None:
        try:
            return collect_facts(file, name, self._reading.limits)
        except MediaError:
            return None
        except MemoryError:
            return unread_factsheet("more memory was needed than there is")

    def abort(self) -> None:
        """There is no process to end: the reading thread stops at its next step."""

    def close(self) -> None:
        """Nothing to let go of."""
