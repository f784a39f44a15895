"""`train prepare`: photographs and videos -> face crops, landmarks and dataset.csv."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from forensic_cli.config import FaceSettings, MediaLimits, Sampling, SamplingRule
from forensic_cli.errors import MediaError, UsageError
from forensic_cli.faces.crop import CROP_MARGIN, crop_box, cut_square
from forensic_cli.faces.detect import FaceDetector, make_detector
from forensic_cli.media import open_media
from forensic_cli.media.discover import discover
from forensic_cli.provenance.files import hash_evidence, write_atomically
from forensic_cli.types import Face, Frame
from train.data.crops import CONTEXT, PREPARED_PX, write_landmarks
from train.data.dataset import DatasetRow, Split, assign_split, write_dataset
from train.data.landmarks import LandmarkPredictor
from train.forge.portrait import Landmarks


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """How crops are made and split.

    Attributes:
        index: CSV with a column `path`, relative to the material, and optionally `identity`, `set`,
            `group`; without it every file is an identity of its own.
        reserved: sets that never go to training; their identities are shared out between
            validation and test.
        fractions: of train, validation and test for the other sets.
        frames_per_video: spread evenly.
    """

    index: Path | None = None
    reserved: tuple[str, ...] = ()
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1)
    frames_per_video: int = 10
    min_face_px: int = 80
    seed: int = 20200

    def __post_init__(self) -> None:
        if abs(sum(self.fractions) - 1) > 1e-9 or min(self.fractions) < 0:
            raise UsageError(
                f"The split {self.fractions} is no partition.", "Give three fractions that sum to 1."
            )


@dataclass(slots=True)
class PrepareReport:
    """What became of every file: `n_files = n_used + len(without_face) + len(failed)`."""

    n_files: int = 0
    n_used: int = 0
    n_crops: int = 0
    without_face: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Origin:
    path: Path
    source_id: str
    collection: str
    group: str


def _origins(root: Path, settings: PrepareSettings) -> list[_Origin]:
    if settings.index is None:
        found = [entry.path for entry in discover([root]).items]
        return [_Origin(path, path.relative_to(root).as_posix(), path.parent.name, "") for path in found]
    try:
        with settings.index.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise UsageError(
            f"The index {settings.index} cannot be read: {error.strerror}.", "Check --index."
        ) from error
    if rows and "path" not in rows[0]:
        raise UsageError(f"The index {settings.index} has no column `path`.", "Add it, relative to SOURCE.")
    return [
        _Origin(
            root / row["path"],
            row.get("identity") or row["path"],
            row.get("set") or "",
            row.get("group") or "",
        )
        for row in rows
    ]


def _split_of(origin: _Origin, settings: PrepareSettings) -> Split:
    if origin.collection in settings.reserved:
        return assign_split(origin.source_id, (0.0, 0.5, 0.5), settings.seed)
    return assign_split(origin.source_id, settings.fractions, settings.seed)


def prepare(
    source: Path,
    out: Path,
    settings: PrepareSettings,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> PrepareReport:
    """Detects, cuts and stores one crop for the largest face of every picture.

    Args:
        source: folder of real photographs and videos; read only.
        out: folder that is made; must be empty or new.
        on_progress: called with (files done, files in all).

    Raises:
        UsageError: `out` holds something, the index is unusable, or nothing was found.
    """
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"The folder {out} is not empty.", "Give --out a new folder.")
    origins = _origins(source, settings)
    if not origins:
        raise UsageError(f"Nothing was found in {source}.", "Check the path and --index.")
    (out / "crops").mkdir(parents=True, exist_ok=True)
    detector = make_detector(FaceSettings(min_face_px=settings.min_face_px))
    predictor = LandmarkPredictor()
    report = PrepareReport(n_files=len(origins))
    rows: list[DatasetRow] = []
    landmarks: dict[str, Landmarks] = {}
    for done, origin in enumerate(origins):
        on_progress(done, len(origins))
        try:
            made = list(_prepare_one(origin, len(rows), out, settings, detector, predictor))
        except MediaError as error:
            report.failed.append((str(origin.path), error.message))
            continue
        if not made:
            report.without_face.append(str(origin.path))
            continue
        report.n_used += 1
        for row, points in made:
            rows.append(row)
            landmarks[row.path] = points
    on_progress(len(origins), len(origins))
    report.n_crops = len(rows)
    write_landmarks(out, landmarks)
    write_dataset(out, rows)
    return report


def _prepare_one(
    origin: _Origin,
    n_before: int,
    out: Path,
    settings: PrepareSettings,
    detector: FaceDetector,
    predictor: LandmarkPredictor,
) -> Iterator[tuple[DatasetRow, Landmarks]]:
    origin_sha256 = hash_evidence(origin.path).sha256
    sampling = Sampling(SamplingRule.COUNT, n_frames=settings.frames_per_video)
    with open_media(origin.path, sampling, MediaLimits()) as source:
        n_stored = 0
        for frame in source.frames():
            faces = detector.detect(frame.image)
            if not faces:
                continue
            largest = max(faces, key=lambda face: face.size_px)
            path = f"crops/{n_before + n_stored:06d}.png"
            n_stored += 1
            points = _store(frame, largest, out / path, predictor)
            yield (
                DatasetRow(
                    path=path,
                    label="real",
                    method="",
                    family="",
                    source_id=origin.source_id,
                    collection=origin.collection,
                    group=origin.group,
                    split=_split_of(origin, settings),
                    sha256=hashlib.sha256((out / path).read_bytes()).hexdigest(),
                    origin_sha256=origin_sha256,
                ),
                points,
            )


def _store(frame: Frame, face: Face, path: Path, predictor: LandmarkPredictor) -> Landmarks:
    box_xyxy = crop_box(face.box_xyxy, CROP_MARGIN * CONTEXT)
    picture = cut_square(frame.image, box_xyxy, PREPARED_PX)
    ok, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not ok:
        raise MediaError(f"The crop of {path.name} cannot be encoded.", "Leave that picture out.")
    write_atomically(path, encoded.tobytes())
    scale = PREPARED_PX / (box_xyxy[2] - box_xyxy[0])
    points = predictor(frame.image, face.box_xyxy)
    # Pixel centres: the middle of pixel 0 lies at 0.5 of its scale.
    return ((points + 0.5 - (box_xyxy[0], box_xyxy[1])) * scale - 0.5).astype("float32")


def summarise(rows: Sequence[DatasetRow]) -> dict[str, int]:
    """Crops in each split, by name."""
    return {split.value: sum(row.split is split for row in rows) for split in Split}
