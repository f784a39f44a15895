"""Who signed, when, and who says so: apart from whether the file is intact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from forensic_cli.provenance.checks import Check
from forensic_cli.signing.algorithms import time_stamp_tokens
from forensic_cli.signing.certificates import name_of, utc_text

if TYPE_CHECKING:
    from asn1crypto import x509
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
    from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureStatus

AREA = "signature"
STAMP_AREA = "time stamp"
NOT_ATTESTED = "Clock not attested: the time of signing is what the signer's computer said."


@dataclass(frozen=True, slots=True)
class StampFindings:
    """What the time stamp shows.

    Attributes:
        attested_time: when the signature existed at the latest; None unless the stamp is intact and its
            server trusted.
    """

    checks: tuple[Check, ...]
    attested_time: datetime | None


def time_stamp_checks(
    signature: EmbeddedPdfSignature, status: PdfSignatureStatus, subject: str, has_list: bool
) -> StampFindings:
    """Checks the time stamp, its soundness apart from the trust in its server.

    Args:
        status: against the user's list of time-stamp roots.
        has_list: False where the user gave none.
    """
    n_tokens = len(time_stamp_tokens(signature))
    stamp = status.timestamp_validity
    if n_tokens == 0 or stamp is None:
        reported = status.signer_reported_dt
        said = f" It said {utc_text(reported)}." if reported else ""
        missing = Check.not_made(
            STAMP_AREA, subject, "A time stamp attests the time of signing", NOT_ATTESTED + said
        )
        return StampFindings((missing,), None)
    when = utc_text(stamp.timestamp)
    is_sound = n_tokens == 1 and stamp.intact and stamp.valid
    sound = Check(
        STAMP_AREA,
        subject,
        "The time stamp is intact and of this signature",
        Check.of("", "", "", is_sound).state,
        f"It says {when}." if is_sound else "It is altered, of another signature, or not the only one.",
    )
    claim = "The time-stamp server is trusted"
    if not has_list:
        reason = f"Time-stamp server not checked against any trust list: {name_of(stamp.signing_cert)}."
        return StampFindings((sound, Check.not_made(STAMP_AREA, subject, claim, reason)), None)
    trusted = Check.of(STAMP_AREA, subject, claim, stamp.trusted, distrust(stamp))
    return StampFindings((sound, trusted), stamp.timestamp if is_sound and stamp.trusted else None)


def period_check(
    certificate: x509.Certificate,
    attested: datetime | None,
    reported: datetime | None,
    now: datetime,
    subject: str,
) -> Check:
    """Was the certificate valid when it signed?

    Args:
        attested: by a trusted time stamp.
        reported: by the signer's own clock.
    """
    claim = "The certificate was valid when it signed"
    first, last = certificate.not_valid_before, certificate.not_valid_after
    period = f"{utc_text(first)} to {utc_text(last)}"
    when = attested or reported
    if when is None:
        return Check.not_made(AREA, subject, claim, f"The signature states no time; valid from {period}.")
    if not first <= when <= last:
        return Check.fault(AREA, subject, claim, f"Signed {utc_text(when)}, valid from {period}.")
    if attested is None and not first <= now <= last:
        reason = f"It is no longer valid ({period}), and no trusted time stamp attests when it signed."
        return Check.not_made(AREA, subject, claim, reason)
    return Check.holds(AREA, subject, claim, f"Valid from {period}.")


def trust_checks(
    status: PdfSignatureStatus, certificate: x509.Certificate, subject: str, has_list: bool
) -> tuple[Check, ...]:
    """Is the signer's certificate issued by someone the user trusts?

    Args:
        status: against the user's list of roots.
        has_list: False where the user gave none.
    """
    claim = "The signer is trusted"
    name = name_of(certificate)
    if not has_list:
        reason = f"Signer not checked against any trust list: {name}."
        return (Check.not_made(AREA, subject, claim, reason),)
    revocation = Check.not_made(
        AREA, subject, "The certificate was not revoked", "Revocation lists are not fetched from the network."
    )
    if status.trusted:
        return (Check.holds(AREA, subject, claim, f"{name}."), revocation)
    return (Check.fault(AREA, subject, claim, f"{name}: {distrust(status)}"), revocation)


def distrust(status: SignatureStatus) -> str:
    """Why a certificate is not trusted, in a sentence."""
    if not (status.intact and status.valid):
        return "nothing can be said of a signature that is not intact."
    reason = status.trust_problem_indic
    known = {
        "NO_CERTIFICATE_CHAIN_FOUND": "no chain leads from it to a certificate of the trust list.",
        "OUT_OF_BOUNDS_NO_POE": "it was not valid at the time that counts, and nothing attests an earlier one.",
        "CHAIN_CONSTRAINTS_FAILURE": "its key usage, or that of an issuer, does not allow this.",
        "SIG_CONSTRAINTS_FAILURE": "its key usage does not allow this.",
        "CRYPTO_CONSTRAINTS_FAILURE": "it rests on an algorithm that is too weak.",
    }
    name = getattr(reason, "name", str(reason))
    return known.get(name, f"the chain to the trust list does not hold ({name}).")
