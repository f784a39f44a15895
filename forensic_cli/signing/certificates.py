"""What is asked of certificates, of the signer's and of a trust list's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from forensic_cli.errors import UsageError

if TYPE_CHECKING:
    from asn1crypto import x509

WEAK_HASHES = frozenset({"md2", "md5", "sha1"})
MIN_RSA_BITS = 2048
# Either says that a signature stands for its holder (RFC 5280, 4.2.1.3).
SIGNING_USES = frozenset({"digital_signature", "non_repudiation"})


def name_of(certificate: x509.Certificate) -> str:
    """The subject in one line, with the certificate's SHA-256 shortened."""
    return f"{certificate.subject.human_friendly} (SHA-256 {certificate.sha256.hex()[:16]}…)"


def utc_text(moment: datetime) -> str:
    """ISO 8601 UTC to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def weakness(certificate: x509.Certificate) -> str:
    """What makes a certificate too weak to rely on, "" where nothing does.

    A self-signed one is not held to its own signature's hash: nothing rests on that.
    """
    key = certificate.public_key
    if key.algorithm == "rsa" and key.bit_size < MIN_RSA_BITS:
        return f"its RSA key has {key.bit_size} bits, fewer than {MIN_RSA_BITS}"
    try:
        hash_name = certificate["signature_algorithm"].hash_algo
    except ValueError:
        # Ed25519 and its like name no hash apart from the scheme.
        return ""
    if hash_name in WEAK_HASHES and certificate.issuer != certificate.subject:
        return f"it is signed with {hash_name.upper()}"
    return ""


def require_usable(certificate: x509.Certificate, now: datetime) -> None:
    """Refuses to sign with a certificate that no one could rely on.

    Raises:
        UsageError: not valid now, too weak, or not made for signing.
    """
    name = name_of(certificate)
    if not certificate.not_valid_before <= now <= certificate.not_valid_after:
        raise UsageError(
            f"The certificate of {name} is valid from {utc_text(certificate.not_valid_before)} to "
            f"{utc_text(certificate.not_valid_after)}, not now.",
            "Sign with a valid certificate, or set this computer's clock.",
        )
    weak = weakness(certificate)
    if weak:
        raise UsageError(f"The certificate of {name} is too weak: {weak}.", "Sign with another certificate.")
    usage = certificate.key_usage_value
    if usage is not None and not SIGNING_USES & usage.native:
        raise UsageError(
            f"The certificate of {name} is not made for signatures: its key usage is "
            f"{', '.join(sorted(usage.native)) or 'empty'}.",
            "Sign with a certificate for digital signatures or non-repudiation.",
        )


def load_trust_list(paths: Iterable[Path]) -> tuple[x509.Certificate, ...]:
    """Reads the certificates of one or several PEM or DER files.

    Raises:
        UsageError: one cannot be read, or holds no certificate.
    """
    from asn1crypto import pem, x509

    certificates: list[x509.Certificate] = []
    for path in paths:
        try:
            content = path.read_bytes()
            blocks = (
                [der for _, _, der in pem.unarmor(content, multiple=True)]
                if pem.detect(content)
                else [content]
            )
            loaded = [x509.Certificate.load(der, strict=True) for der in blocks]
            # Parsing is lazy; a certificate that is none shows itself here.
            certificates += [certificate for certificate in loaded if certificate.subject.native is not None]
        except (OSError, ValueError, TypeError) as error:
            raise UsageError(
                f"{path} holds no certificates: {error}.", "Give a PEM or DER file of the trusted roots."
            ) from error
    return tuple(certificates)
