"""Faces of a stream of frames, found by several threads, handed on in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from forensic_cli.config import DetectorName, FaceSettings
from forensic_cli.faces.dlib_detectors import DlibCnnDetector, DlibHogDetector, find_cnn_model, import_dlib
from forensic_cli.types import Face, Frame, RgbImage


class FaceDetector(Protocol):
    """What finds faces in a picture. One detector may be called by several threads at once."""

    def detect(self, image: RgbImage) -> list[Face]:
        """Returns every face of an (H, W, 3) uint8 RGB image, the most confident first."""
        ...

    def smallest_face_px(self, width_px: int, height_px: int) -> float:
        """Face side, in pixels, down to which faces are found in a frame of this size."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """The faces of one frame.

    Attributes:
        faces: by falling confidence, at most `FaceSettings.max_faces_per_frame`; empty where no
            face was found.
        n_dropped: faces found beyond that cap, the least confident ones.
        smallest_face_px: face side down to which this frame was searched. Above
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


def _detect(detector: FaceDetector, frame: Frame, max_faces: int) -> Detection:
    faces = detector.detect(frame.image)
    height, width = frame.image.shape[:2]
    return Detection(
        frame=frame,
        faces=tuple(faces[:max_faces]),
        n_dropped=max(0, len(faces) - max_faces),
        smallest_face_px=detector.smallest_face_px(width, height),
    )


def detect_stream(
    frames: Iterable[Frame],
    settings: FaceSettings,
    *,
    detector_factory: Callable[[FaceSettings], FaceDetector] = make_detector,
) -> Generator[Detection, None, None]:
    """Finds the faces of every frame with `settings.n_threads` threads.

    `frames` is drawn in the caller's thread, so decoding overlaps with detection. At most
    `2 * n_threads` frames are held at a time, however long the stream is. What `frames` or a
    detector raises ends the stream, and so does closing it; the threads are gone by then.

    Args:
        frames: upright frames, in the order in which they are to come back.
        settings: detector, smallest face, threads and the cap on faces.
        detector_factory: makes the one detector that all threads share.

    Returns:
        One `Detection` a frame, in the order of `frames`.

    Raises:
        ForensicError: from `make_detector`, at once, before a frame is drawn.
    """
    detector = detector_factory(settings)
    return _stream(frames, detector, settings.n_threads, settings.max_faces_per_frame)


def _stream(
    frames: Iterable[Frame], detector: FaceDetector, n_threads: int, max_faces: int
) -> Generator[Detection, None, None]:
    pending: deque[Future[Detection]] = deque()
    pool = ThreadPoolExecutor(max_workers=n_threads, thread_name_prefix="face-detector")
    try:
        for frame in frames:
            pending.append(pool.submit(_detect, detector, frame, max_faces))
            del frame  # the generator rests here between frames: it must not keep one alive
            if len(pending) == 2 * n_threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        # Frames that wait are dropped; those in dlib's hands cannot be stopped and are waited for.
        pool.shutdown(wait=True, cancel_futures=True)
