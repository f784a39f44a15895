"""Frames with faces in known places, made from photographs of one person each."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from forensic_cli.faces.detector import FaceDetector
from forensic_cli.types import BoxXYXY, RgbImage

FRAME_WIDTH_PX, FRAME_HEIGHT_PX = 960, 540
# Sides of the faces as dlib's box measures them; one of each in every frame, side by side.
FACE_SIDES_PX = (64, 88, 120, 168)
_MAX_TURN_DEG = 12.0
_GAINS = (0.55, 1.1)
_JPEG_QUALITY = 75


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedFrame:
    """A frame and the boxes of its faces, in the order of `FACE_SIDES_PX`."""

    image: RgbImage
    boxes_xyxy: tuple[BoxXYXY, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Portrait:
    image: RgbImage
    box_xyxy: BoxXYXY


def make_frames(
    table: Path, n_frames: int, annotators: Sequence[FaceDetector], seed: int = 1
) -> tuple[list[AnnotatedFrame], int]:
    """Makes frames from the photographs that a table lists.

    Args:
        table: CSV with a column `path`, relative to the folder that holds it.
        annotators: the first of them that finds one face, and no more, in the photograph at its own
            size says where that face is. A photograph in which none does is left out.

    Returns:
        The frames, and how many photographs were left out.
    """
    rng = random.Random(seed)
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    rng.shuffle(rows)
    portraits: list[_Portrait] = []
    n_left_out = 0
    for row in rows:
        if len(portraits) == n_frames * len(FACE_SIDES_PX):
            break
        portrait = _annotated(_path(table, row["path"]), annotators)
        if portrait is None:
            n_left_out += 1
        else:
            portraits.append(portrait)
    step = len(FACE_SIDES_PX)
    groups = [portraits[i : i + step] for i in range(0, len(portraits) - step + 1, step)]
    return [_frame_of(group, rng) for group in groups], n_left_out


def _path(table: Path, name: str) -> Path:
    beside = table.parent / name
    return beside if beside.exists() else table.with_suffix("") / name


def _annotated(path: Path, annotators: Sequence[FaceDetector]) -> _Portrait | None:
    image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    for annotator in annotators:
        faces = annotator.detect(image)
        if len(faces) == 1:
            return _Portrait(np.asarray(image, np.uint8), faces[0].box_xyxy)
    return None


def _frame_of(portraits: Sequence[_Portrait], rng: random.Random) -> AnnotatedFrame:
    grey = [[rng.uniform(60, 190) for _ in range(8)] for _ in range(5)]
    plane = cv2.resize(
        np.array(grey, np.float32), (FRAME_WIDTH_PX, FRAME_HEIGHT_PX), interpolation=cv2.INTER_CUBIC
    )
    image = np.clip(np.repeat(plane[..., None], 3, axis=2), 0, 255).astype(np.uint8)
    column_px = FRAME_WIDTH_PX / len(portraits)
    boxes = []
    for i, (portrait, side_px) in enumerate(zip(portraits, FACE_SIDES_PX, strict=True)):
        middle = ((i + 0.5) * column_px, FRAME_HEIGHT_PX * rng.uniform(0.4, 0.6))
        boxes.append(_place(image, portrait, side_px, middle, int(column_px), rng))
    _, stored = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return AnnotatedFrame(np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR), np.uint8), tuple(boxes))


def _place(
    image: RgbImage,
    portrait: _Portrait,
    side_px: float,
    middle_xy: tuple[float, float],
    column_px: int,
    rng: random.Random,
) -> BoxXYXY:
    """Turns, scales and dims a portrait around its face, and puts it into its column of the frame."""
    x0, y0, x1, y1 = portrait.box_xyxy
    scale = side_px / ((x1 - x0 + y1 - y0) / 2)
    turn = cv2.getRotationMatrix2D(
        ((x0 + x1) / 2, (y0 + y1) / 2), rng.uniform(-_MAX_TURN_DEG, _MAX_TURN_DEG), scale
    )
    left = round(middle_xy[0] - column_px / 2)
    turn[0, 2] += middle_xy[0] - left - (x0 + x1) / 2
    turn[1, 2] += middle_xy[1] - (y0 + y1) / 2
    gain = rng.uniform(*_GAINS)
    dimmed = np.clip(portrait.image * gain, 0, 255).astype(np.uint8)
    # Reduced with all pixels taken into account; a warp alone would alias.
    if scale < 1:
        dimmed = cv2.GaussianBlur(dimmed, (0, 0), 0.4 / scale)
    size = (column_px, image.shape[0])
    shown = cv2.warpAffine(dimmed, turn, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpAffine(np.full(dimmed.shape[:2], 255, np.uint8), turn, size, flags=cv2.INTER_NEAREST) > 0
    image[:, left : left + column_px][mask] = shown[mask]
    half_px = side_px / 2
    x, y = middle_xy
    return (x - half_px, y - half_px, x + half_px, y + half_px)
