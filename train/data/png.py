"""The one PNG encoder of datasets: real crops, forgeries and masks come out of it alike."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def png_of(picture: NDArray[np.uint8]) -> bytes:
    """Encodes a picture with OpenCV's default settings, as `train prepare` does.

    The file holds the chunks IHDR, IDAT and IEND and no others: nothing in it tells when, where or by whom
    it was made.

    Args:
        picture: (H, W, 3) uint8 RGB, or (H, W) uint8 grey.

    Raises:
        ValueError: OpenCV cannot encode it.
    """
    pixels = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture
    ok, encoded = cv2.imencode(".png", pixels)
    if not ok:
        raise ValueError(f"A picture of shape {picture.shape} cannot be encoded as PNG.")
    return encoded.tobytes()
