"""Throw-away keys and certificates, and a time-stamp server that lives as long as a test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PASSPHRASE = "größe 17"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Holder:
    """A certificate with its key and issuer."""

    certificate: x509.Certificate
    key: Key
    issuer: Holder | None = None

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def key_der(self) -> bytes:
        return self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def p12(self, path: Path, passphrase: str = PASSPHRASE) -> Path:
        encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        chain = [self.issuer.certificate] if self.issuer else None
        path.write_bytes(
            pkcs12.serialize_key_and_certificates(b"key", self.key, self.certificate, chain, encryption)
        )
        return path


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key a name in a test run: making them is what takes the time."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _builder(name: str, key: Key, issuer: Holder | None, first: datetime, last: datetime):
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
    )


def _usage(**given: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: given.get(name, False) for name in names})


def make_authority(name: str = "Root") -> Holder:
    now = datetime.now(UTC)
    key = rsa_key(name)
    builder = (
        _builder(name, key, None, now - timedelta(days=3650), now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    )
    return Holder(builder.sign(key, hashes.SHA256()), key)


def make_signer(
    issuer: Holder,
    name: str = "Examiner",
    *,
    key: Key | None = None,
    days: tuple[float, float] = (-30, 30),
    usage: x509.KeyUsage | None = None,
    hash_algorithm: hashes.HashAlgorithm | None = None,
) -> Holder:
    """A signing certificate, valid between two numbers of days from now."""
    now = datetime.now(UTC)
    key = key or rsa_key(name)
    first, last = (now + timedelta(days=number) for number in days)
    builder = (
        _builder(name, key, issuer, first, last)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage or _usage(digital_signature=True, content_commitment=True), critical=True)
    )
    return Holder(builder.sign(issuer.key, hash_algorithm or hashes.SHA256()), key, issuer)


def encipherment_only() -> x509.KeyUsage:
    return _usage(key_encipherment=True)


def make_time_stamper(
    issuer: Holder, name: str = "Time stamps", days: tuple[float, float] = (-30, 30)
) -> Holder:
    now = datetime.now(UTC)
    key = rsa_key(name)
    first, last = (now + timedelta(days=number) for number in days)
    builder = (
        _builder(name, key, issuer, first, last)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    )
    return Holder(builder.sign(issuer.key, hashes.SHA256()), key, issuer)


def stamp_answer(stamper: Holder, request: bytes, when: datetime | None = None) -> bytes:
    """The answer of an RFC 3161 server to a request."""
    from asn1crypto import keys, tsp
    from asn1crypto import x509 as asn1_x509
    from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

    dummy = DummyTimeStamper(
        asn1_x509.Certificate.load(stamper.der), keys.PrivateKeyInfo.load(stamper.key_der), fixed_dt=when
    )
    return dummy.request_tsa_response(tsp.TimeStampReq.load(request)).dump()


class StampServer(ThreadingHTTPServer):
    """Answers time-stamp requests, or misbehaves as told.

    Attributes:
        requests: bodies received.
        answer: request body -> (status, headers, body).
    """

    requests: list[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/stamp"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, StampServer)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.requests.append(body)
        status, headers, content = server.answer(body)  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, StampServer)
        server.requests.append(b"GET")
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


@contextmanager
def stamp_server(stamper: Holder | None = None, answer=None) -> Iterator[StampServer]:
    """A local server on a free port; `answer` overrides what it says."""

    def stamped(body: bytes):
        assert stamper is not None
        return 200, {"Content-Type": "application/timestamp-reply"}, stamp_answer(stamper, body)

    server = StampServer(("127.0.0.1", 0), _Handler)
    server.requests = []
    server.answer = answer or stamped  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
