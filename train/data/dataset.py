"""dataset.csv: which crops there are, whose they are, and which split they belong to."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from enum import StrEnum
from pathlib import Path

import numpy as np

from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import write_atomically

DATASET_NAME = "dataset.csv"


class Split(StrEnum):
    """A crop's part in training. All crops of one identity are in one split."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """One crop.

    Attributes:
        path: of the crop, below the dataset's folder, with forward slashes.
        label: "real" or "fake".
        method: forging method, "" for real.
        family: of the method, "" for real.
        source_id: identity or source video; the unit of the split.
        collection: the set of photographs or videos it came from.
        group: population group as its collection labels it, "" if it does not.
        sha256: of the crop's file.
        origin_sha256: of the photograph or video that it was cut from.
        mask: of a fake, the PNG (0 or 255, the crop's size) of what was forged, below the dataset's
            folder; "" if unknown.
        pair: of a fake, the `path` of the real crop that it was made from; "" if unknown.
    """

    path: str
    label: str
    method: str
    family: str
    source_id: str
    collection: str
    group: str
    split: Split
    sha256: str
    origin_sha256: str
    mask: str = ""
    pair: str = ""


def assign_split(source_id: str, fractions: tuple[float, float, float], seed: int) -> Split:
    """Assigns an identity to a split by hash: the same always, whatever else is in the set.

    Args:
        fractions: of train, validation and test; they sum to 1.

    Raises:
        ValueError: the fractions do not sum to 1.
    """
    if abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"Split fractions {fractions} do not sum to 1.")
    digest = hashlib.sha256(f"{seed}:{source_id}".encode()).digest()
    position = int.from_bytes(digest[:8], "big") / 2**64
    if position < fractions[0]:
        return Split.TRAIN
    return Split.VALIDATION if position < fractions[0] + fractions[1] else Split.TEST


def write_dataset(folder: Path, rows: Iterable[DatasetRow]) -> None:
    """Writes dataset.csv, sorted by path, in one step.

    Raises:
        ValueError: two rows name the same crop.
    """
    rows = sorted(rows, key=lambda row: row.path)
    if len({row.path for row in rows}) != len(rows):
        raise ValueError("Two rows of the dataset name the same crop.")
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([entry.name for entry in fields(DatasetRow)])
    writer.writerows(astuple(row) for row in rows)
    write_atomically(folder / DATASET_NAME, buffer.getvalue().encode("utf-8"))


def read_dataset(folder: Path) -> list[DatasetRow]:
    """Reads dataset.csv.

    Raises:
        UsageError: it is missing, or a row is malformed.
    """
    path = folder / DATASET_NAME
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [DatasetRow(split=Split(row.pop("split")), **row) for row in csv.DictReader(file)]
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", "Make it with `lae-forensics train prepare`."
        ) from error
    except (TypeError, ValueError, KeyError) as error:
        raise UsageError(f"{path} has a malformed row: {error}.", "Run `train prepare` again.") from error


def draw_donor(rows: Sequence[DatasetRow], row: DatasetRow, rng: np.random.Generator) -> DatasetRow:
    """Draws a row of another identity.

    Raises:
        UsageError: there is none.
    """
    for _ in range(64):
        other = rows[int(rng.integers(len(rows)))]
        if other.source_id != row.source_id:
            return other
    others = [other for other in rows if other.source_id != row.source_id]
    if not others:
        raise UsageError("The split holds one identity only; a swap needs two.", "Prepare more material.")
    return others[int(rng.integers(len(others)))]


def select(rows: Sequence[DatasetRow], split: Split, label: str = "real") -> list[DatasetRow]:
    """Rows of one split and label.

    Raises:
        UsageError: there are none.
    """
    chosen = [row for row in rows if row.split is split and row.label == label]
    if not chosen:
        raise UsageError(f"The dataset holds no {label} crops in split {split}.", "Prepare more material.")
    return chosen
