"""Before anything is done: outputs are new, and lie outside the evidence."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from forensic_cli.errors import OutputError, UsageError


def require_outside_evidence(outputs: Iterable[Path], evidence: Iterable[Path]) -> None:
    """Refuses outputs inside a folder of evidence, or in the place of an item.

    Folders are compared by name and by what the file system says they are: a second name for one of
    them, such as a bind mount or another spelling where case does not count, leads inside as well.

    Raises:
        UsageError: one is.
    """
    given = list(evidence)
    folders = {identity: path for path in given if path.is_dir() for identity in _folders_below(path)}
    for output in outputs:
        resolved = output.resolve()
        for path in given:
            if path.is_dir() and resolved.is_relative_to(path.resolve()):
                raise _inside(output, path)
            if resolved == path.resolve():
                raise UsageError(f"{output} is the evidence itself.", "Give the output another name.")
        for place in (resolved, *resolved.parents):
            identity = _identity(place)
            if identity is not None and identity in folders:
                raise _inside(output, folders[identity])


def _inside(output: Path, folder: Path) -> UsageError:
    return UsageError(
        f"{output} lies inside the evidence folder {folder}.",
        "Write the results somewhere else: evidence is never written to.",
    )


def _folders_below(top: Path) -> Iterator[tuple[int, int]]:
    """The identity of a folder and of every folder below it, links not followed."""
    folders = [top]
    while folders:
        folder = folders.pop()
        identity = _identity(folder)
        if identity is not None:
            yield identity
        try:
            with os.scandir(folder) as entries:
                folders += [folder / entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            # Discovery lists it as an item that failed; what lies below it cannot be known.
            continue


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and number of what is there, None where nothing is."""
    try:
        status = path.stat()
    except OSError:
        # Most outputs do not exist yet; the folders above them do.
        return None
    return status.st_dev, status.st_ino


def require_new_folder(folder: Path) -> None:
    """Refuses a results folder that holds something, or is no folder.

    Raises:
        OutputError: it is.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file.", "Give --out a new folder.")
    if folder.exists() and any(folder.iterdir()):
        raise OutputError(
            f"The results folder {folder} is not empty.",
            "Give --out a new folder (with --report alone: another name for the PDF, "
            "or move the old results away).",
        )


def require_new_report(report: Path) -> None:
    """Refuses a report that exists, or whose folder cannot be written to.

    Raises:
        OutputError: so it is.
    """
    if report.exists():
        raise OutputError(f"{report} exists; a report is never overwritten.", "Give the report another name.")
    folder = report.parent
    if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise OutputError(
            f"No report can be written into {folder}.", "Check that it is a folder and may be written to."
        )
