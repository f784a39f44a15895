"""Before anything is done: outputs are new, and lie outside the evidence."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from forensic_cli.errors import OutputError, UsageError


def require_outside_evidence(outputs: Iterable[Path], evidence: Iterable[Path]) -> None:
    """Refuses outputs inside a folder of evidence, or in the place of an item.

    Raises:
        UsageError: one is.
    """
    given = list(evidence)
    for output in outputs:
        resolved = output.resolve()
        for path in given:
            if path.is_dir() and resolved.is_relative_to(path.resolve()):
                raise UsageError(
                    f"{output} lies inside the evidence folder {path}.",
                    "Write the results somewhere else: evidence is never written to.",
                )
            if resolved == path.resolve():
                raise UsageError(f"{output} is the evidence itself.", "Give the output another name.")


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
