"""What of a prepared picture a person paints on: the window that a scan sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from forensic_cli.types import RgbImage
from train.data.crops import read_picture
from train.data.pairs import draw_window


def central_window(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The central (256, 256) of a prepared picture or of its mask, (320, 320) or (320, 320, 3)."""
    # Nothing is drawn from the generator without jitter.
    return np.ascontiguousarray(picture[draw_window(np.random.default_rng(0), window_jitter=False)])


def read_scan_crop(dataset: Path, path: str) -> RgbImage:
    """Reads a crop as a scan would see it: (256, 256, 3) uint8 RGB.

    Args:
        path: of the prepared crop, below the dataset's folder.

    Raises:
        UsageError: it is missing or of another size.
    """
    return central_window(read_picture(dataset / path))
