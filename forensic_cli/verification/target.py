"""What PATH of `verify` and `sign` means: a results folder, its manifest, or a report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forensic_cli.errors import UsageError
from forensic_cli.evidence.output import SUMS_NAME
from forensic_cli.evidence.records import MANIFEST_NAME
from forensic_cli.provenance.audit import AUDIT_NAME
from forensic_cli.verification.sums import read_sums

SIGNED_SUFFIX = "-signed"
_MARKS = (MANIFEST_NAME, AUDIT_NAME, SUMS_NAME)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be checked.

    Attributes:
        folder: of the results; None where a report lies alone.
        report: the PDF that was named; None where a folder was.
    """

    folder: Path | None
    report: Path | None


def find_target(path: Path, results: Path | None) -> Target:
    """Finds out what was named.

    Args:
        results: the folder that belongs to a report, where the user says so.

    Raises:
        UsageError: the path, or the folder, is nothing of the kind.
    """
    if results is not None:
        _require_results(results)
    if path.is_dir():
        _require_results(path)
        return Target(path, None)
    if not path.is_file():
        raise UsageError(f"{path} is neither a file nor a folder.", "Check the path.")
    if path.name == MANIFEST_NAME:
        return Target(path.parent, None)
    if not _is_pdf(path):
        raise UsageError(
            f"{path} is no results folder, no {MANIFEST_NAME} and no PDF.",
            "Give the folder that `lae-forensics scan --out` wrote, or a report.",
        )
    return Target(results or results_beside(path), path)


def results_beside(report: Path) -> Path | None:
    """The results folder that a report belongs to: under the name that `scan` gives it, or listing it.

    Of other folders beside the report, only the one counts whose SHA256SUMS lists it; two such are none.
    """
    stem = report.stem.removesuffix(SIGNED_SUFFIX)
    for folder in (report.with_name(f"{stem}-results"), report.parent):
        if _holds_results(folder):
            return folder
    listing = [folder for folder in report.absolute().parent.iterdir() if _lists(folder, report.name)]
    return listing[0] if len(listing) == 1 else None


def _lists(folder: Path, name: str) -> bool:
    return (folder / SUMS_NAME).is_file() and f"../{name}" in read_sums(folder / SUMS_NAME).sha256_of


def _holds_results(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _MARKS)


def _require_results(folder: Path) -> None:
    if not _holds_results(folder):
        raise UsageError(
            f"{folder} holds no results: no {MANIFEST_NAME}, no {AUDIT_NAME}, no {SUMS_NAME}.",
            "Give the folder that `lae-forensics scan --out` wrote.",
        )


def _is_pdf(path: Path) -> bool:
    """By name or by content: a report whose first bytes were altered is still one to be checked."""
    if path.suffix.lower() == ".pdf":
        return True
    try:
        with path.open("rb") as file:
            return b"%PDF-" in file.read(1024)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from error
