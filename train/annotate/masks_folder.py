"""The folder that `train import-masks` writes: PNG masks, masks.csv, masks.json."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import write_atomically
from train.annotate.check import Fault, mask_of_png
from train.annotate.collect import Collected
from train.annotate.origin import Origin, origin_from_dict
from train.data.png import png_of
from train.forge.portrait import BinaryMask

MASKS_NAME = "masks.csv"
FACTS_NAME = "masks.json"
_AGAIN = "Import the masks again: lae-forensics train import-masks TO_ANNOTATE --out NEW_FOLDER"


@dataclass(frozen=True, slots=True)
class MaskRecord:
    """One line of masks.csv.

    Attributes:
        file: the mask's PNG, 0 and 255.
        sha256: of that file.
        image_sha256: of the picture that was painted on.
        dataset_path: of the prepared crop, below the dataset's folder.
        coverage: share of the crop that is forged.
        origin: format that it was painted in.
    """

    file: str
    sha256: str
    image_sha256: str
    dataset_path: str
    coverage: str
    origin: str


def write_masks(out: Path, collected: Collected) -> list[MaskRecord]:
    """Writes a folder of masks: the PNG files, masks.csv, and masks.json last.

    Args:
        out: new or empty folder.

    Raises:
        UsageError: it holds something.
    """
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"The folder {out} is not empty.", "Give --out a new folder.")
    records = []
    for entry in collected.masks:
        content = png_of(np.asarray(entry.mask * 255, np.uint8))
        write_atomically(out / entry.record.file, content)
        records.append(
            MaskRecord(
                entry.record.file,
                hashlib.sha256(content).hexdigest(),
                entry.record.sha256,
                entry.record.dataset_path,
                f"{float(entry.mask.mean()):.6f}",
                collected.source.value,
            )
        )
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([entry.name for entry in fields(MaskRecord)])
    writer.writerows(astuple(record) for record in records)
    write_atomically(out / MASKS_NAME, buffer.getvalue().encode("utf-8"))
    facts = {
        "origin": collected.origin.document(),
        "masks_csv_sha256": hashlib.sha256(buffer.getvalue().encode("utf-8")).hexdigest(),
        "format": collected.source.value,
        "threshold": collected.settings.threshold,
        "allowed_unusual": collected.settings.allow_unusual,
        "n_masks": len(records),
        "n_untouched_prefills": collected.n_untouched,
        "skipped": collected.skipped,
        "unpainted": collected.unpainted,
    }
    write_atomically(out / FACTS_NAME, (json.dumps(facts, indent=2) + "\n").encode())
    return records


def recorded_origin(folder: Path) -> Origin:
    """What masks.json says of the selection.

    Raises:
        UsageError: it is missing or malformed.
    """
    try:
        return origin_from_dict(_read_facts(folder)["origin"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{folder / FACTS_NAME} is malformed: {error!r}.", _AGAIN) from error


def read_records(folder: Path) -> list[MaskRecord]:
    """Reads masks.csv.

    Raises:
        UsageError: it is missing or malformed, or was altered since it was written.
    """
    path = folder / MASKS_NAME
    try:
        content = path.read_bytes()
        records = [MaskRecord(**row) for row in csv.DictReader(io.StringIO(content.decode("utf-8")))]
    except (OSError, TypeError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", _AGAIN) from error
    if hashlib.sha256(content).hexdigest() != _read_facts(folder).get("masks_csv_sha256"):
        raise UsageError(f"{path} was altered since the masks were imported.", _AGAIN)
    return records


def verified_mask(folder: Path, record: MaskRecord) -> BinaryMask | Fault:
    """Reads one mask and checks it against its record: (256, 256) uint8, 1 = forged."""
    try:
        content = (folder / record.file).read_bytes()
    except OSError as error:
        return Fault(record.file, f"cannot be read: {error.strerror}.", "Import the masks again.")
    mask = mask_of_png(content, record.file)
    if isinstance(mask, Fault):
        return mask
    if not mask.any():
        return Fault(record.file, "is empty: nothing is painted.", "Import the masks again.")
    if hashlib.sha256(content).hexdigest() != record.sha256:
        return Fault(
            record.file,
            f"was altered since it was imported: its SHA-256 is not the one in {MASKS_NAME}.",
            "Import the masks again; corrections belong into the to-annotate folder.",
        )
    return mask


def _read_facts(folder: Path) -> dict[str, Any]:
    path = folder / FACTS_NAME
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", _AGAIN) from error
    return document
