"""The PDFs drawn from the results: their hash, their signature, and the files inside them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from forensic_cli.errors import VerificationError
from forensic_cli.evidence.events import ReportSigned, ReportWritten
from forensic_cli.evidence.records import MANIFEST_NAME, RESULTS_NAME
from forensic_cli.provenance.audit import AUDIT_NAME
from forensic_cli.provenance.checks import Check, CheckState
from forensic_cli.signing.attachments import read_attachments
from forensic_cli.signing.container import has_traces_of_signature
from forensic_cli.signing.examine import TrustLists, examine_signature
from forensic_cli.signing.extra import REMEDY, has_signing_packages
from forensic_cli.verification.folder import ResultsFolder, is_report, read_manifest
from forensic_cli.verification.records import chain_checks

AREA = "report"
ATTACHED = (RESULTS_NAME, AUDIT_NAME, MANIFEST_NAME)


def listed_reports(results: ResultsFolder) -> dict[str, Path]:
    """The PDFs that SHA256SUMS names, by the name that it gives them."""
    return {
        name: Path(os.path.normpath(results.path / name))
        for name in results.sums.sha256_of
        if is_report(name)
    }


def report_checks(
    results: ResultsFolder, named: Path | None, trust: TrustLists, events: Iterable[object]
) -> tuple[Check, ...]:
    """Checks the PDF that was named and every other that SHA256SUMS lists.

    Args:
        named: on the command line; None checks the listed ones alone.
        events: of the audit log; each report must be in it as it is.
    """
    noted = {event.sha256 for event in events if isinstance(event, ReportWritten | ReportSigned)}
    sums, checks = results.sums.sha256_of, []
    beside = {name: results.path / name for name in ATTACHED}
    named_sha256 = results.hashes.of(named).sha256 if named else ""
    for name, path in listed_reports(results).items():
        claim = "It is the file that SHA256SUMS names"
        if named_sha256 == sums[name]:
            # The named file is this one, wherever it lies now.
            checks.append(Check.holds(AREA, name, claim))
        else:
            fault = results.hashes.mismatch(path, sums[name])
            checks.append(Check.of(AREA, name, claim, not fault, fault))
            checks += signature_checks(path, name, trust, beside)
        logged = "The audit log tells of it"
        missing = "No line of the audit log has its hash."
        checks.append(Check.of(AREA, name, logged, sums[name] in noted, missing))
    if named is not None:
        if named_sha256 not in set(sums.values()):
            detail = f"{results.hashes.of(named).fault or 'SHA256SUMS lists no file with its hash.'}"
            checks.append(Check.fault(AREA, named.name, "It is a report of these results", detail))
        checks += signature_checks(named, named.name, trust, beside)
    return tuple(checks)


def signature_checks(
    path: Path, subject: str, trust: TrustLists, beside: Mapping[str, Path] | None
) -> tuple[Check, ...]:
    """Checks a PDF's signature and attachments.

    Args:
        beside: the files that the attachments must equal, by name; None holds the attachments to the
            attached manifest instead.
    """
    try:
        pdf = path.read_bytes()
    except OSError:
        # Its hash could not be taken either, and that is a fault already.
        return ()
    if not has_signing_packages():
        if has_traces_of_signature(pdf):
            reason = f"Signatures cannot be read without the extra `sign`: {REMEDY}."
            return (Check.not_made("signature", subject, "The signature holds", reason),)
        return (Check.not_made("signature", subject, "The PDF is signed", "No signature."),)
    checks = examine_signature(pdf, subject, trust)
    if len(checks) == 1 and checks[0].state is CheckState.NOT_CHECKED:
        return checks
    return (*checks, *_attachment_checks(pdf, subject, beside))


def _attachment_checks(pdf: bytes, subject: str, beside: Mapping[str, Path] | None) -> tuple[Check, ...]:
    area = "attachments"
    try:
        attached = read_attachments(pdf)
    except VerificationError as error:
        return (Check.fault(area, subject, "The attached files can be read", error.message),)
    checks = []
    for name in ATTACHED:
        claim = f"It holds {name}"
        checks.append(Check.of(area, subject, claim, name in attached, "It is not attached."))
    for name in sorted(set(attached) - set(ATTACHED)):
        reason = f"{name} is no file of the results."
        checks.append(Check.not_made(area, subject, "Other attached files", reason))
    if beside is None:
        return (*checks, *_embedded_checks(attached, subject))
    for name, path in beside.items():
        if name in attached:
            checks.append(_same_bytes(attached[name], path, name, subject))
    return tuple(checks)


def _same_bytes(attached: bytes, path: Path, name: str, subject: str) -> Check:
    """The log beside a report goes on after it was attached: with the signature itself."""
    area = "attachments"
    claim = f"The attached {name} is the one beside the report"
    try:
        content = path.read_bytes()
    except OSError as error:
        return Check.fault(area, subject, claim, f"{path} cannot be read: {error.strerror}.")
    if content == attached:
        return Check.holds(area, subject, claim)
    if name == AUDIT_NAME and attached.endswith(b"\n") and content.startswith(attached):
        n_more = content[len(attached) :].count(b"\n")
        return Check.holds(area, subject, claim, f"The one beside it goes on for {n_more} lines.")
    return Check.fault(area, subject, claim, "They differ.")


def _embedded_checks(attached: Mapping[str, bytes], subject: str) -> Sequence[Check]:
    """Without the folder: the attached files against the attached manifest."""
    area = "attachments"
    if MANIFEST_NAME not in attached:
        return ()
    try:
        manifest = read_manifest(attached[MANIFEST_NAME])
    except ValueError as error:
        return (Check.fault(area, subject, "The attached manifest can be read", f"{error}."),)
    stated = {file.path: file.sha256 for file in manifest.files}.get(RESULTS_NAME)
    found = hashlib.sha256(attached.get(RESULTS_NAME, b"")).hexdigest()
    claim = f"The attached {RESULTS_NAME} is the one that the attached manifest names"
    lines, _, torn = attached.get(AUDIT_NAME, b"").rpartition(b"\n")
    return (
        Check.of(area, subject, claim, found == stated, f"Its SHA-256 is {found}, stated is {stated}."),
        *chain_checks(lines.split(b"\n") if lines else (), torn, manifest),
        Check.not_made(
            "results",
            subject,
            "Exhibits and evidence",
            "The results folder is not beside the report; --results DIR names it.",
        ),
    )
