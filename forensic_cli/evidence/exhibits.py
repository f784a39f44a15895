"""Choosing and writing the pictures that a report shows."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from forensic_cli.config import HeatmapChoice
from forensic_cli.evidence.heatmap import annotated_frame, reduced, triptych
from forensic_cli.provenance.files import write_atomically
from forensic_cli.types import BoxXYXY, Crop, Exhibit, Frame, RgbImage

N_TOP = 3
MAX_TRACKS = 32
_JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True, eq=False)
class FrameView:
    """A frame reduced for display, with every face in it; light enough to wait for the model.

    Attributes:
        picture: (h, w, 3) uint8, at most 960 px on its longer side.
        shrink: pixels of `picture` for one pixel of the frame.
        faces: (track id, face box in the frame's pixels).
    """

    picture: RgbImage
    shrink: float
    faces: tuple[tuple[int, BoxXYXY], ...]


def view_of(frame: Frame, faces: Sequence[tuple[int, BoxXYXY]]) -> FrameView:
    """Reduces a frame for display."""
    picture = reduced(frame.image)
    return FrameView(picture, picture.shape[1] / frame.image.shape[1], tuple(faces))


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    score: float
    crop: Crop
    attention: NDArray[np.float32]


@dataclass(slots=True)
class _TrackShelf:
    best: list[_Candidate]
    frame_jpeg: bytes


class ExhibitCollector:
    """Keeps the crops with the highest scores of each track while frames stream by.

    Memory is bounded: `N_TOP` crops and one encoded frame for each of the `MAX_TRACKS` tracks whose
    best crop scores highest.

    Args:
        folder: the results folder; pictures go to exhibits/ below it.
        item_id: part of their names.
        scale: attention at the top of the colour scale.
    """

    def __init__(self, folder: Path, item_id: str, choice: HeatmapChoice, scale: float) -> None:
        self._folder = folder
        self._item_id = item_id
        self._choice = choice
        self._scale = scale
        self._shelves: dict[int, _TrackShelf] = {}
        self._written: dict[int, list[Exhibit]] = {}
        self.n_tracks_dropped = 0

    def add(self, view: FrameView, crop: Crop, score: float, attention: NDArray[np.float32]) -> None:
        """Offers one crop.

        Args:
            view: the frame that it was cut from.
            attention: (16, 16).
        """
        if self._choice is HeatmapChoice.NONE:
            return
        candidate = _Candidate(score, crop, attention)
        if self._choice is HeatmapChoice.ALL:
            self._written.setdefault(crop.track_id, []).append(self._write_heatmap(candidate))
        shelf = self._shelves.get(crop.track_id)
        if shelf is None:
            shelf = self._shelves[crop.track_id] = _TrackShelf([], b"")
        if not shelf.best or score > shelf.best[0].score:
            marked = annotated_frame(
                view.picture,
                view.shrink,
                crop.crop_box_xyxy,
                attention,
                self._scale,
                view.faces,
                crop.track_id,
            )
            shelf.frame_jpeg = _jpeg(marked)
        shelf.best = sorted([*shelf.best, candidate], key=_by_score)[:N_TOP]
        if len(self._shelves) > MAX_TRACKS:
            least = min(self._shelves, key=lambda track_id: self._shelves[track_id].best[0].score)
            del self._shelves[least]
            self.n_tracks_dropped += 1

    def write(self) -> dict[int, tuple[Exhibit, ...]]:
        """Writes what was kept; returns the exhibits of each track, the whole frame first.

        Raises:
            OutputError: a picture cannot be written.
        """
        exhibits: dict[int, tuple[Exhibit, ...]] = {}
        for track_id, shelf in sorted(self._shelves.items()):
            leading = shelf.best[0]
            frame_exhibit = self._write("frame", shelf.frame_jpeg, leading, ".jpg")
            heatmaps = self._written.get(track_id) or [self._write_heatmap(entry) for entry in shelf.best]
            exhibits[track_id] = (frame_exhibit, *heatmaps)
        return exhibits

    def _write_heatmap(self, candidate: _Candidate) -> Exhibit:
        picture = triptych(candidate.crop.image, candidate.attention, self._scale)
        # Lossless: the left panel is the very pixels that the model saw.
        return self._write("heatmap", _png(picture), candidate, ".png")

    def _write(self, kind: str, content: bytes, candidate: _Candidate, suffix: str) -> Exhibit:
        crop = candidate.crop
        name = f"{self._item_id}-track{crop.track_id:03d}-frame{crop.frame_index:07d}-{kind}{suffix}"
        write_atomically(self._folder / "exhibits" / name, content)
        return Exhibit(
            file=f"exhibits/{name}",
            sha256=hashlib.sha256(content).hexdigest(),
            kind=kind,
            frame_index=crop.frame_index,
            time_s=crop.time_s,
            score=candidate.score,
        )


def _by_score(candidate: _Candidate) -> tuple[float, int]:
    return (-candidate.score, candidate.crop.frame_index)


def _jpeg(image: RgbImage) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()


def _png(image: RgbImage) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
