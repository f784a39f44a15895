"""Keys that may sign and keys that may not; time-stamp servers that answer and those that do not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from forensic_cli.errors import OutputError, UsageError
from forensic_cli.provenance.checks import CheckState
from forensic_cli.signing.certify import certify
from forensic_cli.signing.examine import TrustLists, examine_signature
from forensic_cli.signing.keys import TokenKey, pkcs11_signer, pkcs12_signer
from forensic_cli.signing.timestamps import time_stamper
from tests.signing import pki

_SOFTHSM = next(
    (
        path
        for path in map(Path, ("/usr/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"))
        if path.exists()
    ),
    None,
)


def is_sound(pdf: bytes) -> bool:
    return all(check.state is not CheckState.FAULT for check in examine_signature(pdf, "x", TrustLists()))


def test_a_wrong_passphrase_is_a_usage_error(key_file: Path) -> None:
    with pytest.raises(UsageError, match="passphrase is wrong"):
        pkcs12_signer(key_file, "guess")


def test_a_key_without_passphrase_opens(examiner: pki.Holder, tmp_path: Path, plain_pdf: bytes) -> None:
    signer = pkcs12_signer(examiner.p12(tmp_path / "bare.p12", ""), "")
    assert is_sound(certify(plain_pdf, signer, "test"))


@pytest.mark.parametrize("content", [b"", b"not a key", b"\x30\x80"])
def test_a_file_that_is_no_key_is_a_usage_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.p12").write_bytes(content)
    with pytest.raises(UsageError, match="no PKCS#12 file"):
        pkcs12_signer(tmp_path / "x.p12", "")


def test_a_missing_key_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        pkcs12_signer(tmp_path / "gone.p12", "")


def test_a_certificate_without_key_is_a_usage_error(authority: pki.Holder, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

    path = tmp_path / "x.p12"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(b"x", None, None, [authority.certificate], NoEncryption())
    )
    with pytest.raises(UsageError, match="no private key"):
        pkcs12_signer(path, "")


def test_a_certificate_that_may_not_sign_is_refused(authority: pki.Holder, tmp_path: Path) -> None:
    cases = {
        "not now": pki.make_signer(authority, days=(-20, -10)),
        "not now ": pki.make_signer(authority, days=(10, 20)),
        "1024 bits": pki.make_signer(authority, key=pki.rsa_key("short", 1024)),
        "not made for signatures": pki.make_signer(authority, usage=pki.encipherment_only()),
    }
    for message, holder in cases.items():
        with pytest.raises(UsageError, match=message.strip()):
            pkcs12_signer(holder.p12(tmp_path / "k.p12"), pki.PASSPHRASE)


@pytest.mark.parametrize("url", ["tsa.example.org", "ftp://tsa.example.org", "http://", "file:///etc/passwd"])
def test_what_is_no_server_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match="no address of a time-stamp server"):
        time_stamper(url)


def test_one_request_to_the_server_and_none_elsewhere(
    plain_pdf: bytes, key_file: Path, stamper: pki.Holder
) -> None:
    with pki.stamp_server(stamper) as server:
        pdf = certify(plain_pdf, pkcs12_signer(key_file, pki.PASSPHRASE), "x", time_stamper(server.url))
        assert len(server.requests) == 1
    assert is_sound(pdf)


def test_a_redirection_is_not_followed(plain_pdf: bytes, key_file: Path, stamper: pki.Holder) -> None:
    with pki.stamp_server(stamper) as elsewhere:

        def redirect(_: bytes):
            return 302, {"Location": elsewhere.url}, b""

        with (
            pki.stamp_server(answer=redirect) as server,
            pytest.raises(OutputError, match="does not answer"),
        ):
            certify(plain_pdf, pkcs12_signer(key_file, pki.PASSPHRASE), "x", time_stamper(server.url))
        assert elsewhere.requests == []


@pytest.mark.parametrize("answer", ["error", "text", "rubbish", "empty", "other nonce"])
def test_a_server_that_misbehaves_is_an_output_error(
    plain_pdf: bytes, key_file: Path, stamper: pki.Holder, answer: str
) -> None:
    reply = {"Content-Type": "application/timestamp-reply"}
    stored: list[bytes] = []

    def behave(body: bytes):
        if answer == "other nonce":
            # The first request's answer, whatever is asked: another nonce.
            stored.append(pki.stamp_answer(stamper, (stored and b"") or other_request()))
            return 200, reply, stored[0]
        return {
            "error": (500, reply, b""),
            "text": (200, {"Content-Type": "text/html"}, b"<html>"),
            "rubbish": (200, reply, b"rubbish"),
            "empty": (200, reply, b""),
        }[answer]

    with pki.stamp_server(answer=behave) as server, pytest.raises(OutputError) as caught:
        certify(plain_pdf, pkcs12_signer(key_file, pki.PASSPHRASE), "x", time_stamper(server.url))
    assert "--timestamp-url" in caught.value.hint


def other_request() -> bytes:
    """A request for another file's stamp."""
    from pyhanko.sign.timestamps import TimeStamper

    return TimeStamper().request_cms(b"\0" * 32, "sha256")[1].dump()  # type: ignore[no-any-return]


def test_a_server_that_is_not_there_is_an_output_error(plain_pdf: bytes, key_file: Path) -> None:
    with pki.stamp_server(answer=lambda _: None) as server:
        url = server.url
    with pytest.raises(OutputError, match="does not answer"):
        certify(plain_pdf, pkcs12_signer(key_file, pki.PASSPHRASE), "x", time_stamper(url))


def test_a_driver_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "driver.so").write_bytes(b"no library")
    key = TokenKey(tmp_path / "driver.so", "", "Signature")
    with pytest.raises(UsageError, match="token cannot be opened"), pkcs11_signer(key, "1234"):
        pytest.fail("the token opened")


@pytest.fixture
def token(authority: pki.Holder, examiner: pki.Holder, tmp_path: Path, monkeypatch) -> TokenKey:
    """A software token with the examiner's key and chain."""
    if _SOFTHSM is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM is not installed (apt-get install softhsm2)")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "Lab", "--so-pin", "5678", "--pin", "1234"],
        check=True,
        capture_output=True,
        env=dict(os.environ),
    )
    import pkcs11
    from pkcs11 import Attribute, ObjectClass
    from pkcs11.util.rsa import decode_rsa_private_key

    library = pkcs11.lib(str(_SOFTHSM))
    library.reinitialize()
    with library.get_token(token_label="Lab").open(user_pin="1234", rw=True) as session:
        private = decode_rsa_private_key(_pkcs1(examiner))
        session.create_object(
            {**private, Attribute.TOKEN: True, Attribute.LABEL: "Signature", Attribute.SIGN: True}
        )
        for label, holder in (("Signature", examiner), ("Root", authority)):
            session.create_object(
                {
                    Attribute.CLASS: ObjectClass.CERTIFICATE,
                    Attribute.CERTIFICATE_TYPE: pkcs11.constants.CertificateType.X_509,
                    Attribute.TOKEN: True,
                    Attribute.LABEL: label,
                    Attribute.SUBJECT: holder.certificate.subject.public_bytes(),
                    Attribute.VALUE: holder.der,
                }
            )
    return TokenKey(_SOFTHSM, "Lab", "Signature")


def _pkcs1(holder: pki.Holder) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return holder.key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def test_a_key_on_a_token_signs_and_its_faults_are_named(token: TokenKey, plain_pdf: bytes) -> None:
    # One test: the driver reads its configuration once a process.
    with pkcs11_signer(token, "1234") as signer:
        pdf = certify(plain_pdf, signer, "test")
    assert is_sound(pdf)
    for key, pin, message in (
        (token, "9999", "cannot be opened"),
        (TokenKey(token.library, "Another", "Signature"), "1234", "cannot be opened"),
        (TokenKey(token.library, "Lab", "Nobody"), "1234", "holds no such key"),
    ):
        with pytest.raises(UsageError, match=message), pkcs11_signer(key, pin):
            pytest.fail("the token opened")
