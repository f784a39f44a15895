"""candidates.csv: which crops lie in a to-annotate folder, and why."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import write_atomically

CANDIDATES_NAME = "candidates.csv"


@dataclass(frozen=True, slots=True)
class CandidateRecord:
    """One candidate as it lies in the folder.

    Attributes:
        rank: from 1, the first to paint.
        file: name of the PNG in images/, overlays/ and masks/, "0001.png".
        sha256: of the PNG in images/.
        dataset_path: of the prepared crop, below the dataset's folder.
        source_id: identity or source video.
        method: forging method as the dataset names it.
        reason: why it was chosen.
    """

    rank: int
    file: str
    sha256: str
    dataset_path: str
    source_id: str
    method: str
    reason: str

    @property
    def stem(self) -> str:
        """Name without ending: "0001"."""
        return PurePosixPath(self.file).stem


def file_of(rank: int) -> str:
    """Name of a candidate's PNG."""
    return f"{rank:04d}.png"


def write_candidates(folder: Path, records: Iterable[CandidateRecord]) -> None:
    """Writes candidates.csv in one step, in the order given."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([entry.name for entry in fields(CandidateRecord)])
    writer.writerows(astuple(record) for record in records)
    write_atomically(folder / CANDIDATES_NAME, buffer.getvalue().encode("utf-8"))


def read_candidates(folder: Path) -> list[CandidateRecord]:
    """Reads candidates.csv.

    Raises:
        UsageError: it is missing or malformed, or names a file twice.
    """
    path = folder / CANDIDATES_NAME
    try:
        with path.open(encoding="utf-8", newline="") as file:
            records = [_record(row) for row in csv.DictReader(file)]
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.",
            "Give the folder that `lae-forensics train select` made.",
        ) from error
    except (TypeError, ValueError, KeyError) as error:
        raise UsageError(
            f"{path} has a malformed row: {error}.", "Restore it; `train select` makes the same one again."
        ) from error
    if not records or len({record.file for record in records}) != len(records):
        raise UsageError(
            f"{path} is empty, or names a file twice.", "Restore it; `train select` makes the same one again."
        )
    return records


def _record(row: dict[str, Any]) -> CandidateRecord:
    return CandidateRecord(rank=int(row.pop("rank")), **row)
