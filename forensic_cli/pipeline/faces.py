"""`faces`: the crops of a scan without the model."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from forensic_cli.config import FaceSettings, MediaLimits, Sampling
from forensic_cli.errors import EvidenceChangedError, MediaError, NotMediaError, OutputError
from forensic_cli.evidence.output import spreadsheet_cell
from forensic_cli.faces.detect import FaceDetector, detect_stream, make_detector
from forensic_cli.faces.track import Tracker
from forensic_cli.media import read_media
from forensic_cli.media.discover import FoundItem, discover
from forensic_cli.pipeline.guard import require_new_folder, require_outside_evidence
from forensic_cli.pipeline.reading import tracked_crops
from forensic_cli.provenance.files import hash_open_file, open_read_only, write_atomically
from forensic_cli.types import Crop

TABLE_NAME = "faces.csv"
_HEADER = (
    "file", "source", "sha256", "frame", "time_s", "track",
    "x0", "y0", "x1", "y1", "confidence", "sharpness",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FacesOfItem:
    """What one item gave.

    Attributes:
        fault: why it could not be read; "" if it was.
        is_skipped: the fault is no failure: a file in a folder that is neither image nor video.
    """

    path: Path
    n_faces: int
    fault: str = ""
    is_skipped: bool = False


def cut_faces(
    paths: Sequence[Path],
    out: Path,
    sampling: Sampling,
    settings: FaceSettings,
    on_item: Callable[[FacesOfItem], None],
) -> list[FacesOfItem]:
    """Writes one PNG a face and faces.csv, which lists them.

    After Ctrl-C, faces.csv lists what is there, and the interruption goes on.

    Raises:
        UsageError: `out` lies in the evidence, a path does not exist, or there is no detector.
        OutputError: `out` holds something, or cannot be written.
    """
    require_outside_evidence((out,), paths)
    require_new_folder(out)
    items = discover(paths).items
    detector = make_detector(settings)
    rows: list[tuple[object, ...]] = []
    done = []
    try:
        for number, item in enumerate(items, 1):
            n_before = len(rows)
            fault, is_skipped = "", False
            try:
                _cut(f"{number:04d}", item, out, sampling, settings, detector, rows)
            except NotMediaError as error:
                fault, is_skipped = error.message, not item.named_explicitly
            except (MediaError, EvidenceChangedError) as error:
                fault = error.message
            done.append(FacesOfItem(item.path, len(rows) - n_before, fault, is_skipped))
            on_item(done[-1])
    finally:
        _write_table(out / TABLE_NAME, rows)
    return done


def _cut(
    item_id: str,
    item: FoundItem,
    out: Path,
    sampling: Sampling,
    settings: FaceSettings,
    detector: FaceDetector,
    rows: list[tuple[object, ...]],
) -> None:
    if item.refusal:
        raise MediaError(item.refusal)
    tracker = Tracker()
    with open_read_only(item.path) as file:
        before = hash_open_file(file, item.path.name).sha256
        source = read_media(file, item.path.name, sampling, MediaLimits())
        for detection in detect_stream(source.frames(), settings, detector_factory=lambda _: detector):
            for crop in tracked_crops(detection, tracker):
                name = f"{item_id}-track{crop.track_id:03d}-frame{crop.frame_index:07d}.png"
                _write_png(out / name, crop)
                rows.append(_row(name, item.path, before, crop))
        if hash_open_file(file, item.path.name).sha256 != before:
            raise EvidenceChangedError(f"{item.path.name} changed while it was being read.")


def _row(name: str, path: Path, sha256: str, crop: Crop) -> tuple[object, ...]:
    return (
        name,
        os.fspath(path),
        sha256,
        crop.frame_index,
        round(crop.time_s, 6),
        crop.track_id,
        *(round(edge, 1) for edge in crop.face.box_xyxy),
        round(crop.face.confidence, 4),
        round(crop.sharpness, 1),
    )


def _write_png(path: Path, crop: Crop) -> None:
    ok, encoded = cv2.imencode(".png", cv2.cvtColor(crop.image, cv2.COLOR_RGB2BGR))
    if not ok:
        raise OutputError(f"{path} cannot be encoded as PNG.", "Report this as a defect.")
    write_atomically(path, encoded.tobytes())


def _write_table(path: Path, rows: Sequence[tuple[object, ...]]) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(_HEADER)
    writer.writerows([spreadsheet_cell(value) for value in row] for row in rows)
    write_atomically(path, buffer.getvalue().encode("utf-8"))
