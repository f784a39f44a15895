"""A results folder as it is found: its manifest, its SHA256SUMS, and what lies in it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.evidence.output import SUMS_NAME
from forensic_cli.evidence.records import MANIFEST_NAME, SCHEMA, Manifest, from_jsonable
from forensic_cli.provenance.audit import AUDIT_NAME
from forensic_cli.provenance.checks import Check
from forensic_cli.verification.hashes import Hashes
from forensic_cli.verification.sums import Sums, read_sums

# What the manifest cannot name: itself, and what changes after it was written.
OWN_FILES = (MANIFEST_NAME, AUDIT_NAME, SUMS_NAME)


@dataclass(frozen=True, slots=True)
class ResultsFolder:
    """What is checked.

    Attributes:
        manifest: None where it cannot be read; `checks` say why.
        checks: of reading the two.
    """

    path: Path
    manifest: Manifest | None
    sums: Sums
    hashes: Hashes
    checks: tuple[Check, ...]


def open_results(path: Path) -> ResultsFolder:
    """Reads manifest.json and SHA256SUMS. What is wrong with them becomes a check."""
    sums = read_sums(path / SUMS_NAME)
    checks = [Check.of("hashes", SUMS_NAME, "SHA256SUMS is whole", not sums.faults, " ".join(sums.faults))]
    claim = "The manifest can be read"
    manifest = None
    try:
        manifest = read_manifest((path / MANIFEST_NAME).read_bytes())
        checks.append(Check.holds("manifest", MANIFEST_NAME, claim))
    except OSError as error:
        checks.append(Check.fault("manifest", MANIFEST_NAME, claim, f"It cannot be read: {error.strerror}."))
    except ValueError as error:
        checks.append(Check.fault("manifest", MANIFEST_NAME, claim, f"{error}."))
    return ResultsFolder(path, manifest, sums, Hashes(), tuple(checks))


def read_manifest(content: bytes) -> Manifest:
    """Parses the bytes of a manifest.json.

    Raises:
        ValueError: they are no manifest of this version's schema.
    """
    try:
        document = json.loads(content)
        if document["schema"] != SCHEMA:
            raise ValueError(f"It is of schema {document['schema']}; this version reads {SCHEMA}")
        manifest: Manifest = from_jsonable(Manifest, document)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"It is no manifest: {error!r}") from error
    return manifest


def file_checks(results: ResultsFolder) -> tuple[Check, ...]:
    """Every output that the manifest names, every line of SHA256SUMS, and what neither names."""
    return (*_manifest_checks(results), *_sums_checks(results), *_unknown_checks(results))


def _manifest_checks(results: ResultsFolder) -> list[Check]:
    checks = []
    for file in results.manifest.files if results.manifest else ():
        area = "exhibits" if file.path.startswith("exhibits/") else "results"
        claim = "It is the file that the manifest names"
        if not _is_inside(file.path):
            checks.append(Check.fault(area, file.path, claim, "Its path leads out of the folder."))
            continue
        fault = results.hashes.mismatch(results.path / file.path, file.sha256)
        checks.append(Check.of(area, file.path, claim, not fault, fault))
    return checks


def _is_inside(path: str) -> bool:
    parts = Path(path).parts
    return bool(parts) and not Path(path).is_absolute() and ".." not in parts


def _sums_checks(results: ResultsFolder) -> list[Check]:
    """Of manifest.json and the audit log by name; of the others only what contradicts the manifest."""
    sums, checks = results.sums, []
    for name in (MANIFEST_NAME, AUDIT_NAME):
        claim = "It is the file that SHA256SUMS names"
        listed = sums.sha256_of.get(name)
        fault = (
            "It is not listed." if listed is None else results.hashes.mismatch(results.path / name, listed)
        )
        checks.append(Check.of("hashes", name, claim, not fault, fault))
    in_manifest = {file.path: file.sha256 for file in results.manifest.files} if results.manifest else {}
    differing = [path for path, sha256 in in_manifest.items() if sums.sha256_of.get(path) != sha256]
    claim = "SHA256SUMS and the manifest agree"
    detail = f"They differ in {', '.join(differing)}."
    checks.append(Check.of("hashes", SUMS_NAME, claim, not differing, detail))
    for path, sha256 in sums.sha256_of.items():
        if path not in in_manifest and path not in OWN_FILES and not is_report(path):
            fault = results.hashes.mismatch(results.path / path, sha256)
            checks.append(Check.of("hashes", path, "It is the file that SHA256SUMS names", not fault, fault))
    return checks


def is_report(path: str) -> bool:
    """True for a PDF: those are checked as reports."""
    return path.lower().endswith(".pdf")


def _unknown_checks(results: ResultsFolder) -> list[Check]:
    named = {*OWN_FILES, *results.sums.sha256_of}
    if results.manifest:
        named |= {file.path for file in results.manifest.files}
    known = {os.path.normpath(name) for name in named}
    checks = []
    for path in sorted(_entries(results.path)):
        relative = os.path.relpath(path, results.path)
        if relative not in known:
            reason = "Neither the manifest nor SHA256SUMS knows it."
            checks.append(Check.not_made("files", relative, "It belongs to the results", reason))
    return checks


def _entries(folder: Path) -> list[Path]:
    """Files, links and whatever else lies below, but for the folders themselves."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        found += [Path(place) / name for name in (*names, *links)]
    return found
