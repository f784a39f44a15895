"""Faces of a stream of frames, found by several threads, handed on in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass

from forensic_cli.config import DetectorName, FaceSearch, FaceSettings
from forensic_cli.faces.detector import FaceDetector
from forensic_cli.faces.dlib_detectors import DlibCnnDetector, DlibHogDetector, find_cnn_model, import_dlib
from forensic_cli.faces.schedule import follow_stream
from forensic_cli.faces.searchers import searchers
from forensic_cli.types import Face, Frame


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """The faces of one frame.

    Attributes:
        faces: by falling confidence, at most `FaceSettings.max_faces_per_frame`; empty where no
            face was found.
        n_dropped: faces found beyond that cap, the least confident ones.
        smallest_face_px: face side down to which faces are found in a frame of this size. Above
            `FaceSettings.min_face_px` where the frame is too large to be enlarged that far.
    """

    frame: Frame
    faces: tuple[Face, ...]
    n_dropped: int
    smallest_face_px: float


def make_detector(settings: FaceSettings) -> FaceDetector:
    """Makes the detector that the settings name.

    Raises:
        UsageError: dlib, or the CNN's model file, is not installed.
        WeightsError: the CNN's model file is not the published one.
    """
    match settings.detector:
        case DetectorName.DLIB_HOG:
            return DlibHogDetector(settings.min_face_px)
        case DetectorName.DLIB_CNN:
            return DlibCnnDetector(settings.min_face_px)


def check_detector(settings: FaceSettings) -> None:
    """Makes sure that `make_detector` will succeed, without making one.

    Raises:
        UsageError, WeightsError: as `make_detector`.
    """
    import_dlib()
    if settings.detector is DetectorName.DLIB_CNN:
        find_cnn_model()


def detect_stream(
    frames: Iterable[Frame],
    settings: FaceSettings,
    *,
    detector_factory: Callable[[FaceSettings], FaceDetector] = make_detector,
    on_progress: Callable[[], None] = lambda: None,
) -> Generator[Detection, None, None]:
    """Finds the faces of every frame with `settings.n_threads` threads.

    `frames` is drawn in the caller's thread, so decoding overlaps with detection. However long the
    stream is, at most `2 * n_threads` frames are held at a time, or, where faces are followed, as
    many as `follow_stream` says. What `frames` or a detector raises ends the stream, and so does
    closing it; the threads are gone by then.

    Args:
        frames: upright frames, in the order in which they are to come back.
        settings: detector, smallest face, where to search, threads and the cap on faces.
        detector_factory: makes the one detector that all threads share.
        on_progress: called, in the caller's thread, while many searches go into the next result.

    Returns:
        One `Detection` a frame, in the order of `frames`.

    Raises:
        ForensicError: from `make_detector`, at once, before a frame is drawn.
    """
    detector = detector_factory(settings)
    match settings.search:
        case FaceSearch.EVERY_FRAME:
            found = _search_every_frame(frames, detector, settings.n_threads)
        case FaceSearch.FOLLOW:
            found = follow_stream(frames, detector, settings.n_threads, on_progress)
    return _detections(found, detector, settings.max_faces_per_frame)


def _detections(
    found: Generator[tuple[Frame, list[Face]], None, None], detector: FaceDetector, max_faces: int
) -> Generator[Detection, None, None]:
    with closing(found):
        for frame, faces in found:
            height, width = frame.image.shape[:2]
            yield Detection(
                frame=frame,
                faces=tuple(faces[:max_faces]),
                n_dropped=max(0, len(faces) - max_faces),
                smallest_face_px=detector.smallest_face_px(width, height),
            )
            del frame  # the generator rests here between frames: it must not keep one alive


def _search_every_frame(
    frames: Iterable[Frame], detector: FaceDetector, n_threads: int
) -> Generator[tuple[Frame, list[Face]], None, None]:
    pending: deque[tuple[Frame, Future[list[Face]]]] = deque()
    pool = searchers(n_threads)
    try:
        for frame in frames:
            pending.append((frame, pool.submit(detector.detect, frame.image)))
            del frame  # the generator rests here between frames: it must not keep one alive
            if len(pending) == 2 * n_threads:
                yield _result(*pending.popleft())
        while pending:
            yield _result(*pending.popleft())
    finally:
        # Frames that wait are dropped; those in dlib's hands cannot be stopped and are waited for.
        pool.shutdown(wait=True, cancel_futures=True)


def _result(frame: Frame, search: Future[list[Face]]) -> tuple[Frame, list[Face]]:
    return frame, search.result()
