"""The evidence now, against the hashes that were taken before the first byte was decoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.errors import MediaError
from forensic_cli.provenance.checks import Check
from forensic_cli.provenance.files import hash_evidence
from forensic_cli.types import ItemResult

AREA = "evidence"
_CLAIM = "It has the SHA-256 that was recorded"


@dataclass(frozen=True, slots=True)
class FoundEvidence:
    """What became of the items' files.

    Attributes:
        unaltered: item id -> where the file lies now, for files whose hash is the recorded one.
    """

    unaltered: Mapping[str, Path]
    checks: tuple[Check, ...]


def check_evidence(
    items: Iterable[ItemResult], working_folder: str, other_place: Path | None
) -> FoundEvidence:
    """Hashes the file of every item again, read-only and without following a link.

    Args:
        working_folder: where relative paths start.
        other_place: a folder that holds the evidence now; None looks at the recorded paths.
    """
    unaltered: dict[str, Path] = {}
    checks = []
    for item in items:
        check, place = _examined(item, Path(working_folder), other_place)
        checks.append(check)
        if place is not None:
            unaltered[item.item_id] = place
    return FoundEvidence(unaltered, tuple(checks))


def _examined(item: ItemResult, working_folder: Path, other: Path | None) -> tuple[Check, Path | None]:
    evidence = item.evidence
    subject = f"{item.item_id} {Path(evidence.path).name}"
    if not evidence.sha256_before:
        reason = "The scan could not read it: no hash was recorded."
        return Check.not_made(AREA, subject, _CLAIM, reason), None
    if not evidence.is_unchanged:
        reason = "The scan recorded that it changed while it was read: there is no one hash to compare with."
        return Check.not_made(AREA, subject, _CLAIM, reason), None
    place = _place(Path(evidence.path), working_folder, other)
    if place is None:
        where = f"neither at its path nor under {other}" if other else "not at its path"
        remedy = "" if other else " --evidence DIR gives another place."
        return Check.not_made(AREA, subject, _CLAIM, f"Evidence not reachable: {where}.{remedy}"), None
    try:
        now = hash_evidence(place)
    except MediaError as error:
        return Check.not_made(AREA, subject, _CLAIM, f"Evidence not readable: {error.message}"), None
    if now.sha256 != evidence.sha256_before:
        detail = f"It was altered: its SHA-256 is {now.sha256}, recorded is {evidence.sha256_before}."
        return Check.fault(AREA, subject, _CLAIM, detail), None
    return Check.holds(AREA, subject, _CLAIM), place


def _place(recorded: Path, working_folder: Path, other: Path | None) -> Path | None:
    """Where the file lies: under the other place by the longest end of its path, or where it was."""
    if other is not None:
        parts = [part for part in recorded.parts if part not in {recorded.anchor, "..", "."}]
        for start in range(len(parts)):
            candidate = other.joinpath(*parts[start:])
            if _is_there(candidate):
                return candidate
    original = working_folder / recorded
    return original if _is_there(original) else None


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (OSError, ValueError):
        # ValueError: a NUL byte in a recorded path.
        return False
    return True
