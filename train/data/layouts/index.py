"""The CSV beside a folder of photographs: whose face each file shows.

Columns: `path`, relative to the folder, and optionally `identity`, `set` and `group`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.errors import UsageError


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One row.

    Attributes:
        path: as written.
        identity, collection, group: "" where the index does not say; `collection` is column `set`.
    """

    path: str
    identity: str
    collection: str
    group: str


def read_index(path: Path) -> list[IndexEntry]:
    """Reads the index.

    Raises:
        UsageError: it cannot be read, is no UTF-8, or has no column `path`.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise UsageError(f"The index {path} cannot be read: {error.strerror}.", "Check --index.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"The index {path} is no CSV in UTF-8: {error}.", "Save it as such.") from error
    if rows and "path" not in rows[0]:
        raise UsageError(f"The index {path} has no column `path`.", "Add it, relative to SOURCE.")
    return [
        IndexEntry(row["path"] or "", row.get("identity") or "", row.get("set") or "", row.get("group") or "")
        for row in rows
    ]
