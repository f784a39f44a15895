"""A report signed: its data attached, certified, checked again, noted in the results folder.

The signed PDF is a file of its own beside the report. It is recorded as a report is: in the audit log and
in SHA256SUMS. manifest.json stays as it is, since it lies within the signature. The audit log goes on with
the line that tells of the signature; the attached copy is therefore a beginning of the one in the folder.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from forensic_cli.errors import OutputError, UsageError
from forensic_cli.evidence.events import ReportSigned, as_logged
from forensic_cli.evidence.output import add_to_sums
from forensic_cli.evidence.records import MANIFEST_NAME, RESULTS_NAME
from forensic_cli.provenance.audit import AUDIT_NAME, continue_audit
from forensic_cli.provenance.checks import CheckState
from forensic_cli.provenance.files import write_atomically
from forensic_cli.provenance.lock import folder_lock
from forensic_cli.signing.attachments import Attachment, attach
from forensic_cli.signing.certify import certify
from forensic_cli.signing.examine import TrustLists, examine_signature

if TYPE_CHECKING:
    from pyhanko.sign.signers import Signer
    from pyhanko.sign.timestamps import TimeStamper

REASON = "Report of lae-forensics, with its results, audit log and manifest attached"
_ATTACHED = {
    RESULTS_NAME: ("application/x-ndjson", "The results, one JSON record an item"),
    AUDIT_NAME: ("application/x-ndjson", "The audit log when the report was signed"),
    MANIFEST_NAME: ("application/json", "The manifest: hashes of every output, and how they came about"),
}


def sign_report(
    report: Path, folder: Path, target: Path, signer: Signer, timestamper: TimeStamper | None
) -> None:
    """Writes a signed copy of a report and records it in the results folder.

    The caller has made sure that the report and the folder belong together and are unaltered.

    Args:
        folder: the results that the report was drawn from.
        target: of the signed PDF; never overwritten.

    Raises:
        UsageError: the PDF is signed already, or is none.
        OutputError: the target exists or cannot be written, the token or the time-stamp server fails, or
            what came out does not stand up to `verify`.
        VerificationError: the audit log does not hold.
    """
    if target.exists():
        raise OutputError(f"{target} exists and is not overwritten.", "Give --out another name.")
    with folder_lock(folder):
        attachments = tuple(
            Attachment(name, _read(folder / name), *about) for name, about in _ATTACHED.items()
        )
        signed = certify(attach(_read(report), attachments), signer, REASON, timestamper)
        _require_sound(signed, target.name)
        write_atomically(target, signed, overwrite=False)
        _record(folder, target, signer)


def _record(folder: Path, target: Path, signer: Signer) -> None:
    relative = os.path.relpath(target, folder).replace(os.sep, "/")
    subject = signer.signing_cert.subject.human_friendly if signer.signing_cert else ""
    sha256 = hashlib.sha256(target.read_bytes()).hexdigest()
    with continue_audit(folder / AUDIT_NAME) as audit:
        audit.append_all([as_logged(ReportSigned(relative, sha256, subject))])
    add_to_sums(folder, folder / AUDIT_NAME, target)


def _require_sound(signed: bytes, name: str) -> None:
    checks = examine_signature(signed, name, TrustLists())
    faults = [check for check in checks if check.state is CheckState.FAULT]
    if faults:
        what = "; ".join(f"{check.claim}: {check.detail}" for check in faults)
        raise OutputError(
            f"The signature that was made does not hold, and nothing was written. {what}",
            "Check the certificate, its chain and the time-stamp server.",
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
