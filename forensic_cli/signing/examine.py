"""What a PDF's signature holds, and what it does not: every statement a check of its own.

Stricter than pyHanko's summary, which still reads well when bytes were appended: the signature must
cover the whole file, be the only one, and allow no change.
"""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from forensic_cli.provenance.checks import Check
from forensic_cli.signing.algorithms import algorithm_checks
from forensic_cli.signing.certificates import SIGNING_USES
from forensic_cli.signing.container import coverage_faults, has_traces_of_signature
from forensic_cli.signing.enclosed import enclosed_checks
from forensic_cli.signing.extra import library_logs_muted
from forensic_cli.signing.trust import period_check, time_stamp_checks, trust_checks

if TYPE_CHECKING:
    from asn1crypto import x509
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
    from pyhanko.sign.validation.status import PdfSignatureStatus

AREA = "signature"
_PADES = "/ETSI.CAdES.detached"


@dataclass(frozen=True, slots=True)
class TrustLists:
    """Roots that the user trusts, the signer's apart from the time-stamp server's.

    Attributes:
        signers, time_stampers: None where no list was given: then trust is not checked.
    """

    signers: tuple[x509.Certificate, ...] | None = None
    time_stampers: tuple[x509.Certificate, ...] | None = None


def examine_signature(pdf: bytes, subject: str, trust: TrustLists) -> tuple[Check, ...]:
    """Examines the signature of a PDF.

    Nothing is fetched from the network: neither certificates nor revocation lists.

    Args:
        subject: names the file in the checks.

    Returns:
        Checks; the first is a fault where the signature cannot be read, and says "not checked" where the
        PDF has none.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.fields import enumerate_sig_fields
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

    claim = "The PDF holds one signature, of PAdES"
    with library_logs_muted():
        try:
            reader = PdfFileReader(io.BytesIO(pdf), strict=True)
            fields = list(enumerate_sig_fields(reader, filled_status=True))
            if not fields:
                return (_unsigned(pdf, subject),)
            if len(fields) > 1:
                return (Check.fault(AREA, subject, claim, f"It holds {len(fields)} signatures."),)
            name, _, field = fields[0]
            signature = EmbeddedPdfSignature(reader, field, name)
            subfilter = signature.sig_object.get("/SubFilter")
            if subfilter != _PADES:
                return (Check.fault(AREA, subject, claim, f"It is of the kind {subfilter}."),)
            return (Check.holds(AREA, subject, claim), *_checks(pdf, signature, subject, trust))
        except Exception as error:  # noqa: BLE001
            # The edge to two parsers that a damaged file can make fail anywhere, with any error; whatever
            # it is, the signature could not be read, and that is the finding.
            return (Check.fault(AREA, subject, claim, f"It cannot be read: {_in_words(error)}."),)


def _unsigned(pdf: bytes, subject: str) -> Check:
    claim = "The PDF is signed"
    if has_traces_of_signature(pdf):
        return Check.fault(AREA, subject, claim, "It holds parts of a signature that cannot be read.")
    return Check.not_made(AREA, subject, claim, "No signature.")


def _checks(
    pdf: bytes, signature: EmbeddedPdfSignature, subject: str, trust: TrustLists
) -> tuple[Check, ...]:
    now = datetime.now(UTC)
    status = _status(signature, trust, now)
    stamps = time_stamp_checks(signature, status, subject, trust.time_stampers is not None)
    attested = stamps.attested_time
    if attested is not None:
        # The signer's certificate is held to the time that the stamp attests, not to the present.
        status = _status(signature, trust, attested)
    is_sound = status.intact and status.valid
    covering = coverage_faults(pdf, [int(n) for n in signature.byte_range], signature.pkcs7_content)
    return (
        Check.of(AREA, subject, "Signed bytes and signature are intact", is_sound, _unsound(status)),
        Check.of(AREA, subject, "The signature covers the entire file", not covering, " ".join(covering)),
        *_change_checks(signature, subject),
        *algorithm_checks(signature, subject),
        *enclosed_checks(signature, subject),
        period_check(signature.signer_cert, attested, status.signer_reported_dt, now, subject),
        *trust_checks(status, signature.signer_cert, subject, trust.signers is not None),
        *stamps.checks,
    )


def _status(signature: EmbeddedPdfSignature, trust: TrustLists, moment: datetime) -> PdfSignatureStatus:
    from pyhanko.sign.validation.pdf_embedded import async_validate_pdf_signature
    from pyhanko.sign.validation.settings import KeyUsageConstraints
    from pyhanko_certvalidator import ValidationContext

    def context(roots: tuple[x509.Certificate, ...] | None, at: datetime | None) -> ValidationContext:
        # An empty list trusts nobody; None would ask the operating system.
        return ValidationContext(trust_roots=list(roots or ()), moment=at, allow_fetching=False)

    return asyncio.run(
        async_validate_pdf_signature(
            signature,
            signer_validation_context=context(trust.signers, moment),
            ts_validation_context=context(trust.time_stampers, None),
            key_usage_settings=KeyUsageConstraints(key_usage=SIGNING_USES),
        )
    )


def _unsound(status: PdfSignatureStatus) -> str:
    if not status.intact:
        return "The bytes of the file are not those that were signed."
    return "The signature does not belong to the certificate's key."


def _change_checks(signature: EmbeddedPdfSignature, subject: str) -> tuple[Check, ...]:
    """DocMDP (ISO 32000-2, 12.8.2.2) and revisions after the signature."""
    from pyhanko.sign.fields import MDPPerm
    from pyhanko.sign.validation.pdf_embedded import read_certification_data

    reader = signature.reader
    certification = read_certification_data(reader)
    level = signature.docmdp_level
    is_author = certification is not None and _same_object(certification.author_sig, signature.sig_object)
    n_later = reader.total_revisions - 1 - signature.signed_revision
    return (
        Check.of(
            AREA,
            subject,
            "It certifies the document and allows no change (DocMDP level 1)",
            is_author and level is MDPPerm.NO_CHANGES,
            "It does not certify the document."
            if not is_author or level is None
            else f"It allows changes of level {level.value}.",
        ),
        Check.of(
            AREA,
            subject,
            "No revision follows the signature",
            n_later == 0,
            f"{n_later} revisions of the document follow it.",
        ),
    )


def _same_object(first: Any, second: Any) -> bool:
    return bool(first.get_object().container_ref == second.container_ref)


def _in_words(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text[:200] or type(error).__name__
