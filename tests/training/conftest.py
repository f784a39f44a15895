"""A tiny prepared dataset: warped and recoloured versions of one real face stand for identities."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from forensic_cli.types import RgbImage
from train.data.crops import PREPARED_PX, RENDERERS_NAME, write_landmarks
from train.data.dataset import DatasetRow, Split, write_dataset
from train.forge.portrait import Landmarks, Portrait
from train.rendering.networks import RENDERERS, Renderer
from train.rendering.renderers import save_renderer

# Where dlib's predictor saw the astronaut's landmarks in the square (128, 22, 328, 222), enlarged
# to 320 px; written down so that these tests need no landmark model.
_FACE_BOX = (128, 22, 328, 222)


def _landmarks() -> Landmarks:
    path = Path(__file__).parent / "astronaut_landmarks.csv"
    return np.loadtxt(path, delimiter=",", dtype=np.float32)


@pytest.fixture(scope="session")
def renderers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Face renderers of the shipped shapes, untrained: what they paint is visible and repeatable."""
    folder = tmp_path_factory.mktemp("renderers")
    for number, spec in enumerate(RENDERERS):
        torch.manual_seed(number)
        save_renderer(folder, Renderer(spec))
    return folder


@pytest.fixture(scope="session")
def portrait(astronaut: RgbImage, renderers: Path) -> Portrait:
    """The astronaut's face as `prepare` stores it."""
    x0, y0, x1, y1 = _FACE_BOX
    picture = cv2.resize(astronaut[y0:y1, x0:x1], (PREPARED_PX, PREPARED_PX), interpolation=cv2.INTER_CUBIC)
    return Portrait(np.asarray(picture, np.uint8), _landmarks(), "astronaut", renderers=renderers)


def variant(portrait: Portrait, number: int) -> Portrait:
    """Another "identity": the face sheared, scaled and recoloured by a seed."""
    rng = np.random.default_rng([11, number])
    centre = PREPARED_PX / 2
    linear = np.eye(2) + rng.uniform(-0.12, 0.12, (2, 2))
    matrix = np.column_stack([linear, centre - linear @ [centre, centre]]).astype(np.float32)
    picture = cv2.warpAffine(
        portrait.image, matrix, (PREPARED_PX, PREPARED_PX), borderMode=cv2.BORDER_REFLECT_101
    )
    tinted = np.clip(picture * rng.uniform(0.7, 1.2, 3) + rng.uniform(-20, 20, 3), 0, 255).astype(np.uint8)
    points = portrait.landmarks @ matrix[:, :2].T + matrix[:, 2]
    return Portrait(tinted, points.astype(np.float32), f"person-{number}", renderers=portrait.renderers)


@pytest.fixture(scope="session")
def dataset(portrait: Portrait, renderers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve identities: six to train, three to validate, three to test; and renderers."""
    folder = tmp_path_factory.mktemp("dataset")
    shutil.copytree(renderers, folder / RENDERERS_NAME)
    (folder / "crops").mkdir()
    splits = [Split.TRAIN] * 6 + [Split.VALIDATION] * 3 + [Split.TEST] * 3
    rows, landmarks = [], {}
    for number, split in enumerate(splits):
        person = variant(portrait, number)
        path = f"crops/{number:06d}.png"
        cv2.imwrite(str(folder / path), cv2.cvtColor(person.image, cv2.COLOR_RGB2BGR))
        sha256 = hashlib.sha256((folder / path).read_bytes()).hexdigest()
        rows.append(
            DatasetRow(path, "real", "", "", person.source_id, "variants", "", split, sha256, "0" * 64)
        )
        landmarks[path] = person.landmarks
    write_dataset(folder, rows)
    write_landmarks(folder, landmarks)
    return folder
