"""Choosing and writing the pictures that a report shows."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from forensic_cli.config import HeatmapChoice
from forensic_cli.errors import OutputError
from forensic_cli.evidence.heatmap import annotated_frame, reduced, triptych
from forensic_cli.provenance.files import write_atomically
from forensic_cli.types import BoxXYXY, Crop, Exhibit, Frame, RgbImage

EXHIBITS_FOLDER = "exhibits"
N_TOP = 3
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


@dataclass(slots=True)
class _TrackShelf:
    """The exhibits of one track: the best heatmaps, best first, and the frame of the first."""

    heatmaps: list[Exhibit] = field(default_factory=list)
    frame: Exhibit | None = None


class ExhibitCollector:
    """Keeps the pictures of the highest scores of each track while frames stream by.

    Pictures go to a folder of their own on the disk as soon as they are among the best, and leave it
    when they no longer are: memory does not grow with tracks or frames, and an item that fails
    leaves no picture behind. `commit` moves them to the exhibits of the scan.

    Args:
        folder: the results folder.
        item_id: part of the pictures' names.
        scale: attention at the top of the colour scale.
    """

    def __init__(self, folder: Path, item_id: str, choice: HeatmapChoice, scale: float) -> None:
        self._folder = folder
        self._staging = folder / f".staging-{item_id}"
        self._item_id = item_id
        self._choice = choice
        self._scale = scale
        self._shelves: dict[int, _TrackShelf] = {}

    @property
    def is_wanted(self) -> bool:
        """False where no exhibits were asked for: then nothing need be prepared for `add`."""
        return self._choice is not HeatmapChoice.NONE

    def add(self, view: FrameView, crop: Crop, score: float, attention: NDArray[np.float32]) -> None:
        """Offers one crop.

        Args:
            view: the frame that it was cut from.
            attention: (16, 16).

        Raises:
            OutputError: a picture cannot be written.
        """
        if not self.is_wanted:
            return
        shelf = self._shelves.setdefault(crop.track_id, _TrackShelf())
        is_best = not shelf.heatmaps or score > max(exhibit.score for exhibit in shelf.heatmaps)
        keeps_all = self._choice is HeatmapChoice.ALL
        if not keeps_all and len(shelf.heatmaps) == N_TOP and score <= shelf.heatmaps[-1].score:
            return
        picture = triptych(crop.image, attention, self._scale)
        # Lossless: the left panel is the very pixels that the model saw.
        heatmap = self._stage("heatmap", _encoded(picture, "PNG"), crop, score, ".png")
        shelf.heatmaps.append(heatmap)
        if not keeps_all:
            shelf.heatmaps.sort(key=lambda exhibit: (-exhibit.score, exhibit.frame_index))
            for displaced in shelf.heatmaps[N_TOP:]:
                self._unstage(displaced)
            del shelf.heatmaps[N_TOP:]
        if is_best:
            if shelf.frame is not None:
                self._unstage(shelf.frame)
            marked = annotated_frame(
                view.picture,
                view.shrink,
                crop.crop_box_xyxy,
                attention,
                self._scale,
                view.faces,
                crop.track_id,
            )
            shelf.frame = self._stage("frame", _encoded(marked, "JPEG"), crop, score, ".jpg")

    def commit(self) -> dict[int, tuple[Exhibit, ...]]:
        """Moves the pictures into place; returns those of each track, the whole frame first.

        Raises:
            OutputError: they cannot be moved.
        """
        exhibits: dict[int, tuple[Exhibit, ...]] = {}
        for track_id, shelf in sorted(self._shelves.items()):
            if shelf.frame is not None:
                exhibits[track_id] = (shelf.frame, *shelf.heatmaps)
        try:
            for own in exhibits.values():
                for exhibit in own:
                    target = self._folder / exhibit.file
                    target.parent.mkdir(exist_ok=True)
                    self._staged(exhibit).replace(target)
        except OSError as error:
            raise OutputError(
                f"The exhibits of item {self._item_id} cannot be written: {error.strerror}.",
                "Check the results folder's permissions and free space.",
            ) from error
        self.discard()
        return exhibits

    def discard(self) -> None:
        """Removes what was not committed."""
        shutil.rmtree(self._staging, ignore_errors=True)

    def _stage(self, kind: str, content: bytes, crop: Crop, score: float, suffix: str) -> Exhibit:
        name = f"{self._item_id}-track{crop.track_id:03d}-frame{crop.frame_index:07d}-{kind}{suffix}"
        exhibit = Exhibit(
            file=f"{EXHIBITS_FOLDER}/{name}",
            sha256=hashlib.sha256(content).hexdigest(),
            kind=kind,
            frame_index=crop.frame_index,
            time_s=crop.time_s,
            score=score,
        )
        write_atomically(self._staged(exhibit), content)
        return exhibit

    def _staged(self, exhibit: Exhibit) -> Path:
        return self._staging / Path(exhibit.file).name

    def _unstage(self, exhibit: Exhibit) -> None:
        self._staged(exhibit).unlink(missing_ok=True)


def _encoded(image: RgbImage, kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, quality=_JPEG_QUALITY, compress_level=6)
    return buffer.getvalue()
