"""The signature itself: PAdES baseline B-B, or B-T with a time stamp (ETSI EN 319 142-1)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from forensic_cli.errors import OutputError, UsageError
from forensic_cli.signing.extra import library_logs_muted

if TYPE_CHECKING:
    from pyhanko.sign.signers import Signer
    from pyhanko.sign.timestamps import TimeStamper

FIELD_NAME = "LaeForensicsReport"
# Half of it holds a signature with a chain of several certificates and a time stamp with its own.
_RESERVED_HEX_DIGITS = 64 * 1024


def certify(pdf: bytes, signer: Signer, reason: str, timestamper: TimeStamper | None = None) -> bytes:
    """Certifies a PDF: nothing may be changed after this signature (DocMDP level 1).

    Args:
        pdf: without signature.
        signer: from `keys`.
        reason: a line that readers show with the signature.
        timestamper: from `timestamps`; None makes no connection.

    Returns:
        The PDF with the signature as an increment; its first bytes are `pdf`.

    Raises:
        UsageError: the PDF cannot be signed.
        OutputError: the token or the time-stamp server fails.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

    metadata = PdfSignatureMetadata(
        field_name=FIELD_NAME,
        md_algorithm=_digest_for(signer),
        reason=reason,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        subfilter=SigSeedSubFilter.PADES,
    )
    failures: tuple[type[Exception], ...] = (SigningError, *_token_errors())
    try:
        with library_logs_muted():
            writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
            out = PdfSigner(metadata, signer, timestamper=timestamper).sign_pdf(
                writer, bytes_reserved=_RESERVED_HEX_DIGITS
            )
    except PdfError as error:
        raise UsageError(f"The PDF cannot be signed: {error}.", "Draw the report again.") from error
    except failures as error:
        raise OutputError(
            f"The signature could not be made: {str(error) or type(error).__name__}.",
            "Check that the key belongs to the certificate, and that the token is still there.",
        ) from error
    return bytes(out.getbuffer())


def _digest_for(signer: Signer) -> str:
    """SHA-256, except where the signature scheme brings its own."""
    certificate = signer.signing_cert
    if certificate is None:
        raise UsageError("The key has no certificate.", "Give one that has.")
    algorithm: str = certificate.public_key.algorithm
    return {"ed25519": "sha512", "ed448": "shake256"}.get(algorithm, "sha256")


def _token_errors() -> tuple[type[Exception], ...]:
    try:
        from pkcs11.exceptions import PKCS11Error
    except ImportError:
        return ()
    return (PKCS11Error,)
