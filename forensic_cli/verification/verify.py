"""The whole of `verify`: every part in turn, whatever the others found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from forensic_cli.errors import UsageError, VerificationError
from forensic_cli.evidence.events import Event, ScanStarted, event_of
from forensic_cli.evidence.records import RESULTS_NAME, Manifest
from forensic_cli.provenance.audit import AUDIT_NAME, AuditEntry, read_entries
from forensic_cli.provenance.checks import Check, CheckState
from forensic_cli.provenance.lines import read_whole_lines
from forensic_cli.signing.examine import TrustLists
from forensic_cli.types import ItemResult
from forensic_cli.verification.evidence_files import check_evidence
from forensic_cli.verification.folder import ResultsFolder, file_checks, open_results
from forensic_cli.verification.records import LOG_AREA, chain_checks, log_checks, read_records
from forensic_cli.verification.reports import report_checks, signature_checks
from forensic_cli.verification.target import Target
from forensic_cli.verification.weights_file import weights_check

if TYPE_CHECKING:
    from forensic_cli.verification.rerun import Repetition


@dataclass(frozen=True, slots=True)
class Request:
    """What to check beyond the files themselves.

    Attributes:
        evidence: a folder that holds the evidence now; None for the recorded paths.
        weights: a folder that holds the weights; None for the installation.
        trust: lists of trusted roots.
        repetition: None analyses nothing again.
    """

    evidence: Path | None = None
    weights: Path | None = None
    trust: TrustLists = field(default_factory=TrustLists)
    repetition: Repetition | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """How it ended.

    Attributes:
        folder: the results that were checked; None where a report lay alone.
    """

    folder: Path | None
    checks: tuple[Check, ...]

    def of_state(self, state: CheckState) -> tuple[Check, ...]:
        """The checks that ended so."""
        return tuple(check for check in self.checks if check.state is state)

    @property
    def holds(self) -> bool:
        """True where no check failed."""
        return not self.of_state(CheckState.FAULT)


def verify(target: Target, request: Request) -> Verification:
    """Checks everything that can be checked. Reads only.

    Raises:
        UsageError: nothing can be checked: a PDF without signature and without its results; or a second
            analysis is asked for and its options are not known.
        WeightsError: a second analysis is asked for and the weights are not here.
    """
    if target.folder is not None:
        return Verification(target.folder, _folder_checks(target.folder, target.report, request))
    assert target.report is not None
    if request.repetition is not None:
        raise UsageError("--rerun needs the results folder.", "Give it, or name it with --results.")
    checks = signature_checks(target.report, target.report.name, request.trust, None)
    if all(check.state is CheckState.NOT_CHECKED for check in checks):
        why = " ".join(check.detail for check in checks)
        raise UsageError(
            f"Nothing of {target.report} can be checked: its results are not beside it. {why}",
            "Name the results folder with --results.",
        )
    return Verification(None, checks)


def verify_files(folder: Path, report: Path) -> tuple[Check, ...]:
    """Checks what a signature is to stand for: the files of the results, and a report drawn from them.

    Evidence and weights are not looked at: they may be elsewhere by now.
    """
    return _files(folder, report, Request()).checks


@dataclass(frozen=True, slots=True)
class _CheckedFiles:
    checks: tuple[Check, ...]
    events: Sequence[Event]
    manifest: Manifest | None
    items: Sequence[ItemResult] | None


def _files(folder: Path, report: Path | None, request: Request) -> _CheckedFiles:
    results = open_results(folder)
    checks = [*results.checks, *file_checks(results)]
    entries, events = _audit_log(folder, results, checks)
    items = None
    if results.manifest is not None:
        content = _read(folder / RESULTS_NAME)
        records = read_records(content, results.manifest)
        items = records.items
        checks += records.checks
        if entries:
            checks += log_checks(entries, records.lines, results.hashes.of(folder / RESULTS_NAME).sha256)
    checks += report_checks(results, report, request.trust, events)
    return _CheckedFiles(tuple(checks), events, results.manifest, items)


def _folder_checks(folder: Path, report: Path | None, request: Request) -> tuple[Check, ...]:
    files = _files(folder, report, request)
    manifest, items = files.manifest, files.items
    if manifest is None or items is None:
        reason = "The manifest or the records cannot be read."
        return (*files.checks, Check.not_made("evidence", "all items", "The evidence is unaltered", reason))
    evidence = check_evidence(items, manifest.run.working_folder, request.evidence)
    checks = (*files.checks, *evidence.checks, weights_check(manifest.model, request.weights))
    if request.repetition is None:
        return checks
    started = next((event for event in files.events if isinstance(event, ScanStarted)), None)
    if started is None:
        raise UsageError(
            f"The options of the scan are not known: {AUDIT_NAME} does not state them.",
            "Restore the audit log; without --rerun the rest can be checked.",
        )
    # Only here: this is what loads the model's libraries.
    from forensic_cli.verification.rerun import rerun_checks

    return (
        *checks,
        *rerun_checks(items, evidence.unaltered, started.options, manifest, request.repetition),
    )


def _audit_log(
    folder: Path, results: ResultsFolder, checks: list[Check]
) -> tuple[Sequence[AuditEntry], Sequence[Event]]:
    """Checks the chain; returns what the log tells, nothing where it cannot be read."""
    path = folder / AUDIT_NAME
    try:
        content = read_whole_lines(path)
    except OSError as error:
        detail = f"It cannot be read: {error.strerror}."
        checks.append(Check.fault(LOG_AREA, AUDIT_NAME, "The audit log is there", detail))
        return (), ()
    checks += chain_checks(content.lines, content.torn, results.manifest)
    try:
        entries = read_entries(path)
        return entries, [event_of(entry) for entry in entries]
    except (VerificationError, ValueError, KeyError, TypeError, AttributeError) as error:
        checks.append(
            Check.fault(LOG_AREA, AUDIT_NAME, "Every line is an entry of this version", f"{error!r}.")
        )
        return (), ()


def _read(path: Path) -> bytes:
    """The file's bytes; none where it cannot be read, which the manifest's check has named already."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
