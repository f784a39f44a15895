"""The examiner's key: from a PKCS#12 file, or on a PKCS#11 token. None is ever made here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from forensic_cli.errors import UsageError
from forensic_cli.signing.certificates import require_usable

if TYPE_CHECKING:
    from pyhanko.sign.signers import Signer


@dataclass(frozen=True, slots=True)
class TokenKey:
    """Where a key lies on a PKCS#11 token.

    Attributes:
        library: the token's driver, a shared library.
        token_label: "" takes the only token.
        certificate_label: of the certificate; the chain is taken from the token as well.
        key_label: of the private key, "" where it is the certificate's.
    """

    library: Path
    token_label: str
    certificate_label: str
    key_label: str = ""


def pkcs12_signer(path: Path, passphrase: str) -> Signer:
    """Opens a PKCS#12 file (RFC 7292).

    Args:
        passphrase: "" where the file has none.

    Raises:
        UsageError: it cannot be read, the passphrase is wrong, it holds no key with a certificate, or the
            certificate cannot be used.
    """
    from cryptography.hazmat.primitives.serialization import pkcs12
    from pyhanko.sign.signers import SimpleSigner

    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Check --p12.") from error
    secret = passphrase.encode("utf-8") or None
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(content, secret)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{path} cannot be opened: the passphrase is wrong, or it is no PKCS#12 file.",
            "Check the passphrase and the file.",
        ) from error
    if key is None or certificate is None:
        raise UsageError(
            f"{path} holds no private key with its certificate.", "Export both into the PKCS#12 file."
        )
    signer: SimpleSigner = SimpleSigner.load_pkcs12_data(content, other_certs=(), passphrase=secret)
    require_usable(signer.signing_cert, datetime.now(UTC))
    return signer


@contextmanager
def pkcs11_signer(key: TokenKey, pin: str) -> Iterator[Signer]:
    """Opens a session on a PKCS#11 token, which keeps the key.

    Args:
        pin: of the token's user.

    Raises:
        UsageError: the driver or the token cannot be used, the PIN is wrong, the labels lead to no key, or
            the certificate cannot be used.
    """
    try:
        from pkcs11.exceptions import PKCS11Error
    except ImportError as error:
        raise UsageError(f"PKCS#11 cannot be used here: {error}.", "pip install python-pkcs11") from error
    from pyhanko.config.pkcs11 import TokenCriteria
    from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session

    criteria = TokenCriteria(label=key.token_label) if key.token_label else None
    try:
        session = open_pkcs11_session(str(key.library), token_criteria=criteria, user_pin=pin)
    except (PKCS11Error, OSError, RuntimeError) as error:
        raise UsageError(
            f"The token cannot be opened: {_describe(error)}.",
            "Check --pkcs11-lib, --token-label and the PIN.",
        ) from error
    with session:
        signer = PKCS11Signer(
            session,
            cert_label=key.certificate_label,
            key_label=key.key_label or None,
            other_certs_to_pull=None,
        )
        try:
            certificate = signer.signing_cert
        except PKCS11Error as error:
            raise UsageError(
                f"The token holds no such key: {_describe(error)}.", "Check --cert-label and --key-label."
            ) from error
        require_usable(certificate, datetime.now(UTC))
        yield signer


def _describe(error: Exception) -> str:
    """The library's errors often have no text but their name."""
    return str(error).rstrip(".") or type(error).__name__
