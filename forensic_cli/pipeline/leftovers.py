"""What a stopped run left in its results folder: set aside, or removed where it was temporary; all named."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from forensic_cli.errors import OutputError
from forensic_cli.evidence.aside import Aside
from forensic_cli.evidence.events import SetAside
from forensic_cli.evidence.exhibits import EXHIBITS_FOLDER
from forensic_cli.evidence.journal import keep_records
from forensic_cli.evidence.output import SUMMARY_NAME, SUMS_NAME
from forensic_cli.evidence.past import KeptRecords
from forensic_cli.evidence.records import MANIFEST_NAME, RESULTS_NAME
from forensic_cli.pipeline.comparison import exhibits_of
from forensic_cli.provenance.audit import AUDIT_NAME
from forensic_cli.provenance.lines import cut_torn_line, read_whole_lines
from forensic_cli.provenance.lock import LOCK_NAME
from forensic_cli.types import ItemResult

# SHA256SUMS first: a folder without it is not taken for complete, should the clearing be stopped too.
_CLOSING = (SUMS_NAME, MANIFEST_NAME, SUMMARY_NAME, RESULTS_NAME)


def cut_torn_audit_line(folder: Path) -> tuple[SetAside, ...]:
    """Sets a torn last line of the audit log aside, so that the log can go on.

    Raises:
        OutputError: it cannot be done.
    """
    path = folder / AUDIT_NAME
    torn = read_whole_lines(path).torn
    if not torn:
        return ()
    reason = "A last line that was not written to its end."
    note = Aside(folder).keep(AUDIT_NAME, torn, reason)
    cut_torn_line(path)
    return (note,)


def clear_away(
    folder: Path, records: KeptRecords, kept: Sequence[ItemResult]
) -> tuple[tuple[SetAside, ...], tuple[str, ...]]:
    """Leaves the audit log, the records that stand, and their exhibits.

    Returns:
        What was set aside, and the temporary files that were removed.

    Raises:
        OutputError: it cannot be done.
    """
    aside = Aside(folder)
    notes = []
    standing = {item.item_id for item in kept}
    fallen = [line for item_id, line in records.lines.items() if item_id not in standing]
    dropped = b"\n".join((*fallen, *records.others))
    if dropped:
        reason = "Records that do not stand: torn, of unfinished items, or of items to be examined again."
        notes.append(aside.keep(records.source, dropped, reason))
    keep_records(folder, (records.lines[item.item_id] for item in kept))
    removed = []
    was_closed = (folder / SUMS_NAME).exists()
    for name in _CLOSING:
        if not (folder / name).exists():
            continue
        if was_closed:
            notes.append(aside.move(name, "The results of the interrupted scan, before it was resumed."))
        else:
            (folder / name).unlink()
            removed.append(name)
    named = exhibits_of(kept)
    for path in sorted((folder / EXHIBITS_FOLDER).glob("*")):
        file = path.relative_to(folder).as_posix()
        if file not in named:
            notes.append(aside.move(file, "An exhibit of an item that is examined again."))
    return tuple(notes), (*removed, *_without_temporaries(folder))


def _without_temporaries(folder: Path) -> list[str]:
    """Removes what only a running scan needs: its names begin with a dot."""
    removed = []
    try:
        for inside in (folder, folder / EXHIBITS_FOLDER):
            for path in sorted(inside.glob(".*")):
                if path.name == LOCK_NAME:
                    continue
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
                removed.append(path.relative_to(folder).as_posix())
    except OSError as error:
        raise OutputError(
            f"{error.filename} cannot be removed: {error.strerror}.",
            "Check the results folder's permissions.",
        ) from error
    return removed
