"""Small collections in the published layouts, made of one real face, for the tests of `prepare`."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from forensic_cli.types import RgbImage

# Rows and columns of cheek and mouth that `forged` inverts, in a picture of `face_of`.
FORGED_ROWS, FORGED_COLUMNS = slice(120, 170), slice(90, 140)


def write_clip(path: Path, frames: list[RgbImage]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height = frames[0].shape[1], frames[0].shape[0]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "10"}
        for image in frames:
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24"))
            )
        container.mux(stream.encode(None))


def touch(root: Path, *paths: str) -> None:
    """Empty files: enough for a layout, which opens no video."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def face_of(astronaut: RgbImage) -> RgbImage:
    """(300, 300, 3) with one face in it."""
    return np.ascontiguousarray(astronaut[:300, 80:380])


def forged(picture: RgbImage) -> RgbImage:
    altered = picture.copy()
    altered[FORGED_ROWS, FORGED_COLUMNS] = 255 - altered[FORGED_ROWS, FORGED_COLUMNS]
    return altered


def mask_of(picture: RgbImage) -> RgbImage:
    mask = np.zeros_like(picture)
    mask[FORGED_ROWS, FORGED_COLUMNS] = 255
    return mask


def darkening(picture: RgbImage, n_frames: int) -> list[RgbImage]:
    """A clip whose every frame is a little darker than the one before, so that frames can be told apart."""
    return [(picture * (1 - 0.06 * k)).astype(np.uint8) for k in range(n_frames)]
