"""Makes the two sample clips that ship in forensic_cli/samples.

    pip install -e '.[dev,train]'
    python scripts/make_samples.py forensic_cli/samples

Both show the same five seconds of slow motion over the public-domain NASA portrait of Eileen
Collins that scikit-image carries. In the forged one the face was first replaced, by this
repository's own `landmark-swap`, with the same face mirrored: so that no second person is needed.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from skimage.data import astronaut

from forensic_cli.config import FaceSettings
from forensic_cli.faces.detect import make_detector
from forensic_cli.types import RgbImage
from train.data.landmarks import LandmarkPredictor
from train.data.pairs import mirrored
from train.forge.methods import landmark_swap
from train.forge.portrait import Portrait

SEED = 3
FRAME_RATE = 25
DURATION_S = 5
SIDE_PX = 320
# Of the portrait: the face, without the round badge on the sleeve, which dlib takes for a face.
CENTRE_XY = (224.0, 150.0)
CONSTANT_RATE_FACTOR = 20


def main(folder: Path) -> None:
    """Writes genuine.mp4 and forged.mp4."""
    picture = np.ascontiguousarray(astronaut())
    face = make_detector(FaceSettings()).detect(picture)[0]
    portrait = Portrait(picture, LandmarkPredictor()(picture, face.box_xyxy), "astronaut")
    forgery = landmark_swap(portrait, mirrored(portrait), np.random.default_rng(SEED))
    write_clip(folder / "genuine.mp4", moving(picture))
    write_clip(folder / "forged.mp4", moving(forgery.image))
    for name in ("genuine.mp4", "forged.mp4"):
        print(f"{name}: {(folder / name).stat().st_size:,} bytes")


def moving(picture: RgbImage) -> Iterator[RgbImage]:
    """Frames of a hand-held camera: slow drift, a little turn and zoom, light that changes."""
    for number in range(FRAME_RATE * DURATION_S):
        t = number / FRAME_RATE
        matrix = cv2.getRotationMatrix2D(
            CENTRE_XY, 2.0 * math.sin(1.1 * t), 1.12 + 0.05 * math.sin(0.9 * t + 1)
        )
        matrix[:, 2] += SIDE_PX / 2 - np.array(CENTRE_XY)
        matrix[:, 2] += (9 * math.sin(1.7 * t), 7 * math.sin(1.3 * t + 0.5))
        frame = cv2.warpAffine(
            picture, matrix, (SIDE_PX, SIDE_PX), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
        )
        light = 1 + 0.03 * math.sin(0.7 * t)
        yield np.clip(np.rint(frame * light), 0, 255).astype(np.uint8)


def write_clip(path: Path, frames: Iterator[RgbImage]) -> None:
    """Encodes frames as H.264 in MP4, bit for bit the same on every run of one encoder version."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE)
        stream.width = stream.height = SIDE_PX
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, FRAME_RATE)
        stream.options = {"crf": str(CONSTANT_RATE_FACTOR), "preset": "slow", "threads": "1"}
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python scripts/make_samples.py FOLDER")
    main(Path(sys.argv[1]))
