"""The crops of one photograph or video, with their masks and their real partners."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from forensic_cli.config import FaceSettings
from forensic_cli.errors import MediaError
from forensic_cli.faces.detect import make_detector
from forensic_cli.media import open_media
from forensic_cli.provenance.files import hash_evidence, write_atomically
from forensic_cli.types import BoxXYXY, Face, Frame
from train.data.crop_cutting import CropSquare, choose_face, fitted, overlap, read_masks
from train.data.dataset import DatasetRow, Split
from train.data.frame_positions import FramePositions
from train.data.landmarks import LandmarkPredictor
from train.data.layouts.material import SourceItem
from train.data.png import png_of
from train.forge.portrait import BinaryMask, Landmarks

# A detector's squares for one face, before and after it was forged, overlap by more than this; those
# of two people in a picture by less.
_SAME_FACE_OVERLAP = 0.3

NO_MASK_FILE = "no mask file"
MASK_NOT_READ = "the mask file cannot be read"
NO_MASK_FRAME = "the mask lacks that frame"
MASK_EMPTY = "the mask is black inside the crop"
NO_ORIGINAL = "no crop of the original file"
NO_REAL_FRAME = "no crop of the original at that frame"
OTHER_FACE = "the original's crop shows another place"


@dataclass(frozen=True, slots=True, eq=False)
class MadeCrop:
    """One crop, written.

    Attributes:
        landmarks: (68, 2) float32 in pixels of the crop.
        frame_index: 0 for a picture.
        square: that was cut.
        relative_box_xyxy: the same in fractions of the frame's width and height.
        mask_gap, pair_gap: of a fake, why it has no mask or no partner; "" if it has.
    """

    row: DatasetRow
    landmarks: Landmarks
    frame_index: int
    square: CropSquare
    relative_box_xyxy: BoxXYXY
    mask_gap: str = ""
    pair_gap: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ItemCrops:
    """What one file gave.

    Attributes:
        n_frames: read, with a face or without.
        mask_fault: why its mask file could not be read; "" if it could, or if there is none.
    """

    crops: tuple[MadeCrop, ...]
    n_frames: int
    mask_fault: str = ""


class ItemCropper:
    """Cuts the crops of one file after the other into `out`.

    Args:
        positions: which frames are taken.
        min_face_px: smallest face side that must be found.

    Raises:
        UsageError: dlib or the landmark model is not installed.
    """

    def __init__(self, out: Path, positions: FramePositions, min_face_px: int) -> None:
        self._out = out
        self._positions = positions
        self._detector = make_detector(FaceSettings(min_face_px=min_face_px))
        self._predictor = LandmarkPredictor()

    def crops_of(
        self, item: SourceItem, split: Split, number: int, partners: Mapping[int, MadeCrop]
    ) -> ItemCrops:
        """Cuts one crop from every sampled frame that shows a face.

        Args:
            number: of the first crop; the others follow.
            partners: frame index -> crop of the item's original.

        Raises:
            MediaError: the file cannot be read. That its mask cannot is no reason to lose it.
        """
        origin_sha256 = hash_evidence(item.path).sha256
        masks, mask_fault = self._masks_of(item)
        crops: list[MadeCrop] = []
        n_frames = 0
        limits = self._positions.limits(item, item.path)
        with open_media(item.path, self._positions.sampling, limits) as source:
            for frame in source.frames():
                n_frames += 1
                mask = fitted(masks[frame.index], frame.image) if frame.index in masks else None
                faces = self._detector.detect(frame.image)
                if not faces:
                    continue
                row = DatasetRow(
                    path=f"crops/{number + len(crops):06d}.png",
                    label=item.label,
                    method=item.method,
                    family=item.family,
                    source_id=item.source_id,
                    collection=item.collection,
                    group=item.group,
                    split=split,
                    sha256="",
                    origin_sha256=origin_sha256,
                )
                crop = self._cut(frame, choose_face(faces, mask), row)
                if item.label == "fake":
                    crop = self._with_mask(crop, mask, _missing_mask(item, mask_fault))
                    crop = _with_partner(crop, partners)
                crops.append(crop)
        return ItemCrops(tuple(crops), n_frames, mask_fault)

    def _masks_of(self, item: SourceItem) -> tuple[dict[int, BinaryMask], str]:
        if item.mask is None:
            return {}, ""
        try:
            return read_masks(
                item.mask, self._positions.sampling, self._positions.limits(item, item.mask)
            ), ""
        except MediaError as error:
            return {}, error.message

    def _cut(self, frame: Frame, face: Face, row: DatasetRow) -> MadeCrop:
        square = CropSquare.of(face)
        content = png_of(square.picture(frame.image))
        write_atomically(self._out / row.path, content)
        return MadeCrop(
            row=replace(row, sha256=hashlib.sha256(content).hexdigest()),
            landmarks=square.points(self._predictor(frame.image, face.box_xyxy)),
            frame_index=frame.index,
            square=square,
            relative_box_xyxy=square.relative_to(frame.image),
        )

    def _with_mask(self, crop: MadeCrop, mask: BinaryMask | None, gap: str) -> MadeCrop:
        """Stores the crop's mask beside it, unless there is none or it is black.

        Args:
            gap: why there is none, if there is none.
        """
        if mask is None:
            return replace(crop, mask_gap=gap)
        cut = crop.square.mask(mask)
        if not cut.any():
            return replace(crop, mask_gap=MASK_EMPTY)
        path = f"masks/{Path(crop.row.path).name}"
        write_atomically(self._out / path, png_of(cut))
        return replace(crop, row=replace(crop.row, mask=path))


def _missing_mask(item: SourceItem, fault: str) -> str:
    if item.mask is None:
        return NO_MASK_FILE
    return MASK_NOT_READ if fault else NO_MASK_FRAME


def _with_partner(crop: MadeCrop, partners: Mapping[int, MadeCrop]) -> MadeCrop:
    """Names the original's crop of the same moment, if it shows the same place of the frame."""
    if not partners:
        return replace(crop, pair_gap=NO_ORIGINAL)
    partner = partners.get(crop.frame_index)
    if partner is None:
        return replace(crop, pair_gap=NO_REAL_FRAME)
    if overlap(crop.relative_box_xyxy, partner.relative_box_xyxy) < _SAME_FACE_OVERLAP:
        return replace(crop, pair_gap=OTHER_FACE)
    return replace(crop, row=replace(crop.row, pair=partner.row.path))
