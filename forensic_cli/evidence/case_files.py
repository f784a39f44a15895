"""Case files that were given after the scan, kept beside the results of which they speak."""

from __future__ import annotations

import hashlib
from pathlib import Path

from forensic_cli.errors import UsageError
from forensic_cli.evidence.output import add_to_sums
from forensic_cli.provenance.files import write_atomically

CASES_FOLDER = "cases"


def keep_case_file(folder: Path, case: Path) -> Path:
    """Copies a case file into a results folder, named by its hash, and adds it to SHA256SUMS.

    Args:
        folder: of complete results; the caller holds its lock.
        case: the TOML file as it was read for a report.

    Returns:
        Where the copy lies; the same content is kept once.

    Raises:
        UsageError: the case file cannot be read any more.
        OutputError: the copy or SHA256SUMS cannot be written.
    """
    try:
        content = case.read_bytes()
    except OSError as error:
        raise UsageError(
            f"The case file {case} cannot be read: {error.strerror}.", "Check --case."
        ) from error
    kept = folder / CASES_FOLDER / f"{hashlib.sha256(content).hexdigest()[:16]}.toml"
    if not kept.exists():
        write_atomically(kept, content, overwrite=False)
    add_to_sums(folder, kept)
    return kept
