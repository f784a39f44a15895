"""Prepared crops on disk: pictures with a margin round the scanning crop, and their landmarks.

A prepared picture shows `CONTEXT` times the scanning crop at the scanning crop's scale: its
central 256 px are what a scan would see, to a pixel of the photograph, and training shifts that
window.
"""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from forensic_cli.errors import UsageError
from forensic_cli.faces.crop import CROP_PX
from forensic_cli.provenance.files import write_atomically
from train.data.dataset import DatasetRow
from train.forge.portrait import N_LANDMARKS, Landmarks, Portrait

PREPARED_PX = 320
CONTEXT = PREPARED_PX / CROP_PX
LANDMARKS_NAME = "landmarks.npz"
RENDERERS_NAME = "renderers"


def write_landmarks(folder: Path, landmarks: dict[str, Landmarks]) -> None:
    """Writes landmarks.npz: `paths` (n,) and `points` (n, 68, 2) float32, in the same order."""
    buffer = io.BytesIO()
    paths = sorted(landmarks)
    points = np.stack([landmarks[path] for path in paths]) if paths else np.zeros((0, N_LANDMARKS, 2))
    np.savez_compressed(buffer, paths=np.array(paths, dtype=np.str_), points=points.astype(np.float32))
    write_atomically(folder / LANDMARKS_NAME, buffer.getvalue())


def read_landmarks(folder: Path) -> dict[str, Landmarks]:
    """Reads landmarks.npz: crop path -> (68, 2) float32 in pixels of the prepared picture.

    Raises:
        UsageError: it is missing or malformed.
    """
    path = folder / LANDMARKS_NAME
    try:
        with np.load(path, allow_pickle=False) as archive:
            names, points = archive["paths"], archive["points"]
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", "Run `train prepare` again.") from error
    return {str(name): np.asarray(point, np.float32) for name, point in zip(names, points, strict=True)}


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Reads a prepared picture: (320, 320, 3) uint8 RGB.

    Raises:
        UsageError: it is missing or of another size.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None or picture.shape != (PREPARED_PX, PREPARED_PX, 3):
        raise UsageError(f"{path} is no prepared picture.", "Run `lae-forensics train prepare` again.")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(np.uint8)


def read_portrait(folder: Path, row: DatasetRow, landmarks: dict[str, Landmarks]) -> Portrait:
    """Reads one prepared picture with its landmarks.

    Raises:
        UsageError: it has no landmarks, or the picture cannot be read.
    """
    if row.path not in landmarks:
        raise UsageError(f"{row.path} has no landmarks.", "Run `lae-forensics train prepare` again.")
    renderers = folder / RENDERERS_NAME
    return Portrait(
        read_picture(folder / row.path),
        landmarks[row.path],
        row.source_id,
        renderers=renderers if renderers.is_dir() else None,
    )
