"""Validation videos: real clips, forged face by face and encoded again, as a forger would hand them on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from forensic_cli.config import FaceSettings, MediaLimits, Sampling, SamplingRule
from forensic_cli.faces.detect import make_detector
from forensic_cli.media import open_media
from forensic_cli.types import Face, RgbImage
from train.data.crop_cutting import CropSquare
from train.data.crops import PREPARED_PX
from train.data.landmarks import LandmarkPredictor
from train.forge.methods import METHODS
from train.forge.portrait import Portrait

GENUINE = "genuine"
RATE_FACTORS = (18, 23, 40)
_N_FRAMES = 16
_FPS = 8


@dataclass(frozen=True)
class MadeClip:
    """One video of the set."""

    path: Path
    clip: str
    method: str
    rate_factor: int


@dataclass(frozen=True)
class FacedFrame:
    """A frame and its largest face, cut as `train prepare` cuts it."""

    image: RgbImage
    square: CropSquare
    portrait: Portrait


def faced_frames(path: Path, renderers: Path | None) -> list[FacedFrame]:
    """Frames spread over a clip, those without a face left out."""
    detector, predictor = make_detector(FaceSettings()), LandmarkPredictor()
    found = []
    with open_media(path, Sampling(SamplingRule.COUNT, n_frames=_N_FRAMES), MediaLimits()) as source:
        for frame in source.frames():
            faces: Sequence[Face] = detector.detect(frame.image)
            if not faces:
                continue
            face = max(faces, key=lambda entry: entry.size_px)
            square = CropSquare.of(face)
            points = square.points(predictor(frame.image, face.box_xyxy))
            portrait = Portrait(square.picture(frame.image), points, path.stem, renderers=renderers)
            found.append(FacedFrame(frame.image, square, portrait))
    return found


def forged_frame(frame: FacedFrame, method: str, donor: Portrait, seed: int) -> RgbImage:
    """The frame with its face forged; every frame of a clip with the same seed, hence the same choices."""
    forgery = METHODS[method].forge(frame.portrait, donor, np.random.default_rng(seed))
    left, top, right, bottom = (int(edge) for edge in frame.square.box_xyxy)
    side_px = right - left
    # OpenCV's and ours agree on pixel centres: enlarging back is the inverse of the cutting.
    picture = cv2.resize(
        forgery.image,
        (side_px, side_px),
        interpolation=cv2.INTER_AREA if side_px < PREPARED_PX else cv2.INTER_CUBIC,
    )
    mask = cv2.resize(forgery.mask, (side_px, side_px), interpolation=cv2.INTER_NEAREST)
    height, width = frame.image.shape[:2]
    y0, y1, x0, x1 = max(top, 0), min(bottom, height), max(left, 0), min(right, width)
    inside = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    result = frame.image.copy()
    result[y0:y1, x0:x1] = np.where(mask[inside][..., None] > 0, picture[inside], result[y0:y1, x0:x1])
    return result


def write_video(path: Path, frames: Sequence[RgbImage], rate_factor: int) -> None:
    """Encodes frames with x264 at a constant rate factor."""
    height, width = (side - side % 2 for side in frames[0].shape[:2])
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=_FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, _FPS)
        stream.options = {"crf": str(rate_factor), "preset": "veryfast"}
        for image in frames:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[:height, :width]), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def make_clips(clips: Path, out: Path, methods: Sequence[str], renderers: Path | None) -> Iterator[MadeClip]:
    """Makes what is missing: every clip genuine and forged by every method, at every rate factor.

    Donors are the next clip's first face; a method that leaves a face as it is leaves its frame out of
    no video: such frames occur in real forgeries too.
    """
    out.mkdir(parents=True, exist_ok=True)
    paths = sorted(clips.glob("*.mp4"))
    donors: dict[str, Portrait] = {}
    for number, path in enumerate(paths):
        wanted = [
            MadeClip(out / f"{path.stem}-{method}-{crf}.mp4", path.stem, method, crf)
            for method in (GENUINE, *methods)
            for crf in RATE_FACTORS
        ]
        if all(entry.path.exists() for entry in wanted):
            yield from wanted
            continue
        frames = faced_frames(path, renderers)
        if len(frames) < 3:
            continue
        other = paths[(number + 1) % len(paths)]
        if other.stem not in donors:
            donors[other.stem] = faced_frames(other, renderers)[0].portrait
        for entry in wanted:
            images = [
                frame.image
                if entry.method == GENUINE
                else forged_frame(frame, entry.method, donors[other.stem], 1000 + number)
                for frame in frames
            ]
            write_video(entry.path, images, entry.rate_factor)
            yield entry
    (out / "methods.json").write_text(json.dumps(list(methods)) + "\n")
