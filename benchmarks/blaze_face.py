"""MediaPipe's BlazeFace behind the interface of the detectors here."""

from __future__ import annotations

import importlib
from typing import Any

from forensic_cli.types import Face, RgbImage

# MediaPipe's own default; below it, it says, the box is no face.
_MIN_CONFIDENCE = 0.5


def why_missing() -> str:
    """Why MediaPipe cannot be measured; "" where it can."""
    try:
        mediapipe = importlib.import_module("mediapipe")
    except ImportError as error:
        return f"it cannot be imported ({error})."
    if not hasattr(mediapipe, "solutions"):
        return f"mediapipe {mediapipe.__version__} ships no model."
    return ""


class BlazeFaceDetector:
    """BlazeFace, from the models in the wheel.

    Args:
        is_full_range: the model for faces within 5 m, of 192 px input; otherwise that for 2 m, of 128 px.
    """

    def __init__(self, *, is_full_range: bool) -> None:
        solutions: Any = importlib.import_module("mediapipe").solutions
        self._network = solutions.face_detection.FaceDetection(
            min_detection_confidence=_MIN_CONFIDENCE, model_selection=int(is_full_range)
        )

    def detect(self, image: RgbImage) -> list[Face]:
        """Finds every face; boxes reach from the brows to the chin, as dlib's do."""
        height, width = image.shape[:2]
        faces = []
        for found in self._network.process(image).detections or ():
            box = found.location_data.relative_bounding_box
            x0, y0 = box.xmin * width, box.ymin * height
            x1, y1 = x0 + box.width * width, y0 + box.height * height
            faces.append(Face((x0, y0, x1, y1), float(found.score[0])))
        return sorted(faces, key=lambda face: (-face.confidence, face.box_xyxy))

    def smallest_face_px(self, width_px: int, height_px: int) -> float:
        """About a tenth of the longer side: the picture is always reduced to the network's input."""
        return max(width_px, height_px) / 10

    def at_size(self, min_face_px: float) -> BlazeFaceDetector:
        """The same: its scale cannot be chosen."""
        return self
