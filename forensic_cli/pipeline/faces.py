"""`faces`: the crops of a scan without the model."""

from __future__ import annotations

import csv
import io
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from forensic_cli.config import FaceSettings, IsolationSettings, MediaLimits, Sampling
from forensic_cli.errors import EvidenceChangedError, MediaError, NotMediaError, OutputError
from forensic_cli.evidence.output import spreadsheet_cell
from forensic_cli.isolation import FaceReader, FaceReading, make_reader
from forensic_cli.isolation.endings import WorkerDefectError
from forensic_cli.media.discover import FoundItem, discover
from forensic_cli.pipeline.guard import require_new_folder, require_outside_evidence
from forensic_cli.provenance.files import hash_open_file, is_still_at, open_read_only, write_atomically
from forensic_cli.types import Crop

logger = logging.getLogger(__name__)

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
        has_changed: the evidence changed while it was being read.
    """

    path: Path
    n_faces: int
    fault: str = ""
    is_skipped: bool = False
    has_changed: bool = False


def cut_faces(
    paths: Sequence[Path],
    out: Path,
    sampling: Sampling,
    settings: FaceSettings,
    on_item: Callable[[FacesOfItem], None],
) -> list[FacesOfItem]:
    """Writes one PNG a face and faces.csv, which lists them. An item that fails leaves no picture.

    After Ctrl-C, faces.csv lists what is there, and the interruption goes on.

    Raises:
        UsageError: `out` lies in the evidence, a path does not exist, or there is no detector.
        OutputError: `out` holds something, or cannot be written.
    """
    require_outside_evidence((out,), paths)
    require_new_folder(out)
    items = discover(paths).items
    reading = FaceReading(sampling, MediaLimits(), settings, wants_views=False)
    reader = make_reader(reading, IsolationSettings())
    rows: list[tuple[object, ...]] = []
    done = []
    try:
        for number, item in enumerate(items, 1):
            n_before = len(rows)
            done.append(_account(f"{number:04d}", item, out, reader, rows))
            if done[-1].fault:
                for name, *_ in rows[n_before:]:
                    (out / str(name)).unlink(missing_ok=True)
                del rows[n_before:]
            on_item(done[-1])
    finally:
        reader.close()
        _write_table(out / TABLE_NAME, rows)
    return done


def _account(
    item_id: str, item: FoundItem, out: Path, reader: FaceReader, rows: list[tuple[object, ...]]
) -> FacesOfItem:
    """Cuts the faces of one item; what is wrong with it is its fault, and not the batch's."""
    n_before = len(rows)
    try:
        _cut(item_id, item, out, reader, rows)
    except NotMediaError as error:
        return FacesOfItem(item.path, 0, error.message, is_skipped=not item.named_explicitly)
    except MediaError as error:
        return FacesOfItem(item.path, 0, f"{error.message} {error.hint}".strip())
    except EvidenceChangedError as error:
        return FacesOfItem(item.path, 0, error.message, has_changed=True)
    except WorkerDefectError as error:
        logger.error("defect while reading item %s, in the worker:\n%s", item_id, error.detail)
        return FacesOfItem(
            item.path, 0, f"The program failed on this item ({error.kind}). That is a defect in it."
        )
    return FacesOfItem(item.path, len(rows) - n_before)


def _cut(
    item_id: str,
    item: FoundItem,
    out: Path,
    reader: FaceReader,
    rows: list[tuple[object, ...]],
) -> None:
    if item.refusal:
        raise MediaError(item.refusal)
    with open_read_only(item.path) as file:
        reader.prepare()
        before = hash_open_file(file, item.path.name).sha256
        with reader.open(file, item.path.name) as stream:
            for crop in (crop for frame in stream.frames() for crop in frame.crops):
                name = f"{item_id}-track{crop.track_id:03d}-frame{crop.frame_index:07d}.png"
                _write_png(out / name, crop)
                rows.append(_row(name, item.path, before, crop))
        if hash_open_file(file, item.path.name).sha256 != before or not is_still_at(file, item.path):
            raise EvidenceChangedError(f"{item.path.name} changed, or was replaced, while it was being read.")


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
