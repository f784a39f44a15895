"""What is said of a signed PDF, and of every way to tamper with one."""

from __future__ import annotations

import io
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from forensic_cli.provenance.checks import Check, CheckState
from forensic_cli.signing.certificates import load_trust_list
from forensic_cli.signing.certify import certify
from forensic_cli.signing.examine import TrustLists, examine_signature
from forensic_cli.signing.keys import pkcs12_signer
from forensic_cli.signing.timestamps import time_stamper
from tests.signing import pki

ONE = "The PDF holds one signature, of PAdES"
INTACT = "Signed bytes and signature are intact"
COVERS = "The signature covers the entire file"
CERTIFIES = "It certifies the document and allows no change (DocMDP level 1)"
LAST = "No revision follows the signature"
ALGORITHMS = "No SHA-1, no MD5, no short key"
ENCLOSED = "Its enclosed certificates and attributes are as they were made"
PERIOD = "The certificate was valid when it signed"
TRUSTED = "The signer is trusted"
STAMPED = "The time stamp is intact and of this signature"
STAMP_TRUSTED = "The time-stamp server is trusted"
CLOCK = "A time stamp attests the time of signing"


@pytest.fixture(scope="session")
def signed(plain_pdf: bytes, examiner: pki.Holder, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    key = examiner.p12(tmp_path_factory.mktemp("key") / "k.p12")
    return certify(plain_pdf, pkcs12_signer(key, pki.PASSPHRASE), "test")


@pytest.fixture(scope="session")
def stamped(
    plain_pdf: bytes, examiner: pki.Holder, stamper: pki.Holder, tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    key = examiner.p12(tmp_path_factory.mktemp("key") / "k.p12")
    with pki.stamp_server(stamper) as server:
        return certify(plain_pdf, pkcs12_signer(key, pki.PASSPHRASE), "test", time_stamper(server.url))


def states(checks: tuple[Check, ...]) -> dict[str, CheckState]:
    return {check.claim: check.state for check in checks}


def examined(pdf: bytes, **lists: pki.Holder) -> dict[str, Check]:
    trust = TrustLists(**{name: asn1(holder) for name, holder in lists.items()})
    return {check.claim: check for check in examine_signature(pdf, "r.pdf", trust)}


def asn1(*holders: pki.Holder):
    from asn1crypto import x509

    return tuple(x509.Certificate.load(holder.der) for holder in holders)


def faults(pdf: bytes) -> set[str]:
    return {claim for claim, check in examined(pdf).items() if check.state is CheckState.FAULT}


def sign_with(holder: pki.Holder, pdf: bytes, tmp_path: Path, **more: object) -> bytes:
    """Signs without the refusals of `keys`, as someone else's program would."""
    from pyhanko.sign.signers import SimpleSigner

    path = holder.p12(tmp_path / "other.p12")
    signer = SimpleSigner.load_pkcs12_data(path.read_bytes(), (), passphrase=pki.PASSPHRASE.encode())
    return certify(pdf, signer, "test", **more)  # type: ignore[arg-type]


def test_a_signature_holds_and_says_what_nobody_attests(signed: bytes) -> None:
    found = examined(signed)
    for claim in (INTACT, COVERS, CERTIFIES, LAST, ALGORITHMS, ENCLOSED, PERIOD):
        assert found[claim].state is CheckState.HOLDS
    assert found[TRUSTED].state is CheckState.NOT_CHECKED
    assert "not checked against any trust list" in found[TRUSTED].detail
    assert "Common Name: Examiner" in found[TRUSTED].detail
    assert found[CLOCK].state is CheckState.NOT_CHECKED
    assert found[CLOCK].detail.startswith("Clock not attested")


def test_it_is_a_pades_certification_appended_to_the_report(signed: bytes, plain_pdf: bytes) -> None:
    assert signed.startswith(plain_pdf)
    assert b"/SubFilter /ETSI.CAdES.detached" in signed
    assert re.search(rb"/DocMDP.{0,200}/P 1\b", signed, re.S)


def test_trust_is_told_apart_from_soundness(
    stamped: bytes, authority: pki.Holder, stamp_authority: pki.Holder
) -> None:
    found = examined(stamped, signers=authority, time_stampers=stamp_authority)
    assert found[TRUSTED].state is found[STAMPED].state is found[STAMP_TRUSTED].state is CheckState.HOLDS
    crossed = examined(stamped, signers=stamp_authority, time_stampers=authority)
    assert crossed[INTACT].state is crossed[STAMPED].state is CheckState.HOLDS
    assert crossed[TRUSTED].state is crossed[STAMP_TRUSTED].state is CheckState.FAULT
    assert "no chain leads from it" in crossed[TRUSTED].detail


def test_an_unsigned_pdf_is_said_to_be_unsigned(plain_pdf: bytes) -> None:
    (check,) = examine_signature(plain_pdf, "r.pdf", TrustLists())
    assert (check.state, check.detail) == (CheckState.NOT_CHECKED, "No signature.")


@pytest.mark.parametrize("tail", [b"\n", b"%", b"%%EOF\n", b"\0" * 4096])
def test_bytes_appended_after_the_signature_are_a_fault(signed: bytes, tail: bytes) -> None:
    # Some tails leave no PDF that a strict reader takes: then nothing else is said of it.
    assert faults(signed + tail) & {COVERS, ONE}


@pytest.mark.parametrize("share", [0.999, 0.9, 0.5, 0.1])
def test_a_truncated_file_is_a_fault(signed: bytes, share: float) -> None:
    assert faults(signed[: int(share * len(signed))])


def test_a_revision_after_the_signature_is_a_fault(signed: bytes) -> None:
    from pyhanko.pdf_utils.generic import pdf_name, pdf_string
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    writer.root[pdf_name("/Lang")] = pdf_string("de")
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    assert {COVERS, LAST} <= faults(out.getvalue())


def test_a_pdf_written_anew_without_its_signature_has_none(signed: bytes) -> None:
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(signed)) as document:
        del document.Root.AcroForm
        del document.Root.Perms
        document.save(out)
    assert examined(out.getvalue())["The PDF is signed"].state is not CheckState.HOLDS


def gap_of(pdf: bytes) -> tuple[int, int]:
    """Where the signature's hexadecimal digits begin and end."""
    match = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)", pdf)
    assert match is not None
    return int(match[2]) + 1, int(match[3]) - 1


def test_a_digit_in_the_padding_of_the_signature_is_a_fault(signed: bytes) -> None:
    _, end = gap_of(signed)
    assert COVERS in faults(signed[: end - 40] + b"1" + signed[end - 39 :])


def test_the_case_of_a_digit_of_the_signature_is_a_fault(signed: bytes) -> None:
    start, end = gap_of(signed)
    place = next(number for number in range(start, end) if signed[number : number + 1].isalpha())
    assert COVERS in faults(signed[:place] + signed[place : place + 1].swapcase() + signed[place + 1 :])


def test_an_altered_byte_anywhere_is_a_fault(stamped: bytes) -> None:
    rng = random.Random(20210)
    start, end = gap_of(stamped)
    for _ in range(40):
        place = rng.choice([rng.randrange(start), rng.randrange(end, len(stamped))])
        changed = bytearray(stamped)
        changed[place] ^= 1 << rng.randrange(8)
        assert faults(bytes(changed)), f"byte {place}"


def is_noticed(checks: dict[str, Check]) -> bool:
    """A fault; or, for the name of an issuer that is not enclosed, the statement that it is unknown."""
    found = {check.state for check in checks.values()}
    return CheckState.FAULT in found or checks[ENCLOSED].state is CheckState.NOT_CHECKED


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_an_altered_digit_of_the_signature_is_noticed(stamped: bytes, seed: int) -> None:
    rng = random.Random(seed)
    start, end = gap_of(stamped)
    end = start + len(stamped[start:end].rstrip(b"0"))
    for _ in range(150):
        place = rng.randrange(start, end)
        digit = rng.choice([d for d in b"0123456789ABCDEF" if d != stamped[place]])
        changed = stamped[:place] + bytes([digit]) + stamped[place + 1 :]
        assert is_noticed(examined(changed)), f"digit {place - start} to {digit:c}"


def test_two_signatures_are_a_fault(plain_pdf: bytes, examiner: pki.Holder, tmp_path: Path) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

    signer = pkcs12_signer(examiner.p12(tmp_path / "k.p12"), pki.PASSPHRASE)
    pdf = plain_pdf
    for name in ("First", "Second"):
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        pdf = PdfSigner(PdfSignatureMetadata(field_name=name), signer).sign_pdf(writer).getvalue()
    found = examined(pdf)
    assert list(found) == [ONE]
    assert found[ONE].detail == "It holds 2 signatures."


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        ({"certify": False}, CERTIFIES),
        ({"docmdp": "FILL_FORMS"}, CERTIFIES),
        ({"md_algorithm": "sha1"}, ALGORITHMS),
        ({"subfilter": "ADOBE_PKCS7_DETACHED"}, ONE),
    ],
    ids=["an approval", "changes allowed", "SHA-1", "another kind"],
)
def test_a_weaker_signature_is_a_fault(
    plain_pdf: bytes, examiner: pki.Holder, tmp_path: Path, change: dict[str, object], claim: str
) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

    signer = pkcs12_signer(examiner.p12(tmp_path / "k.p12"), pki.PASSPHRASE)
    metadata = PdfSignatureMetadata(
        field_name="F",
        md_algorithm=str(change.get("md_algorithm", "sha256")),
        certify=bool(change.get("certify", True)),
        docmdp_permissions=MDPPerm[str(change.get("docmdp", "NO_CHANGES"))],
        subfilter=SigSeedSubFilter[str(change.get("subfilter", "PADES"))],
    )
    out = PdfSigner(metadata, signer).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(plain_pdf)))
    assert claim in faults(out.getvalue())


@pytest.mark.parametrize("weak", ["short key", "SHA-1 certificate"])
def test_a_weak_certificate_is_a_fault(
    plain_pdf: bytes, authority: pki.Holder, tmp_path: Path, weak: str
) -> None:
    if weak == "short key":
        holder = pki.make_signer(authority, key=pki.rsa_key("short", 1024))
    else:
        holder = sha1_signer(authority)
    found = examined(sign_with(holder, plain_pdf, tmp_path))
    assert found[ALGORITHMS].state is CheckState.FAULT
    assert ("1024 bits" if weak == "short key" else "SHA1") in found[ALGORITHMS].detail


def sha1_signer(issuer: pki.Holder) -> pki.Holder:
    """cryptography makes no SHA-1 certificates any more: the signature is put in by hand."""
    from asn1crypto import x509
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.x509 import load_der_x509_certificate

    made = pki.make_signer(issuer, "Old")
    document = x509.Certificate.load(made.der)
    document["tbs_certificate"]["signature"] = document["signature_algorithm"] = {"algorithm": "sha1_rsa"}
    body = document["tbs_certificate"].dump(force=True)
    document["signature_value"] = issuer.key.sign(body, padding.PKCS1v15(), hashes.SHA1())
    return pki.Holder(load_der_x509_certificate(document.dump(force=True)), made.key, issuer)


def test_a_certificate_that_had_expired_when_it_signed_is_a_fault(
    plain_pdf: bytes, authority: pki.Holder, tmp_path: Path
) -> None:
    holder = pki.make_signer(authority, days=(-30, -10))
    found = examined(sign_with(holder, plain_pdf, tmp_path))
    assert found[PERIOD].state is CheckState.FAULT
    assert found[INTACT].state is CheckState.HOLDS


def test_a_trusted_time_stamp_keeps_an_expired_certificate_good(
    plain_pdf: bytes, authority: pki.Holder, stamp_authority: pki.Holder, stamper: pki.Holder, tmp_path: Path
) -> None:
    holder = pki.make_signer(authority, days=(-30, -10))
    when = datetime.now(UTC) - timedelta(days=20)

    def early(body: bytes):
        return 200, {"Content-Type": "application/timestamp-reply"}, pki.stamp_answer(stamper, body, when)

    with pki.stamp_server(answer=early) as server:
        pdf = sign_with(holder, plain_pdf, tmp_path, timestamper=time_stamper(server.url))
    found = examined(pdf, signers=authority, time_stampers=stamp_authority)
    assert found[PERIOD].state is found[TRUSTED].state is CheckState.HOLDS
    # The same file without trust in the stamp: nothing attests the time.
    untrusted = examined(pdf, signers=authority)
    assert untrusted[PERIOD].state is untrusted[TRUSTED].state is CheckState.FAULT


def test_a_signer_is_no_time_stamp_server(
    plain_pdf: bytes, authority: pki.Holder, examiner: pki.Holder, tmp_path: Path
) -> None:
    with pki.stamp_server(examiner) as server:
        pdf = sign_with(examiner, plain_pdf, tmp_path, timestamper=time_stamper(server.url))
    found = examined(pdf, signers=authority, time_stampers=authority)
    assert found[STAMPED].state is CheckState.HOLDS
    assert found[STAMP_TRUSTED].state is CheckState.FAULT


def test_an_elliptic_key_signs_too(plain_pdf: bytes, authority: pki.Holder, tmp_path: Path) -> None:
    holder = pki.make_signer(authority, key=ec.generate_private_key(ec.SECP256R1()))
    signer = pkcs12_signer(holder.p12(tmp_path / "k.p12"), pki.PASSPHRASE)
    assert not faults(certify(plain_pdf, signer, "test"))


def test_a_trust_list_is_read_from_pem_and_der(
    authority: pki.Holder, stamp_authority: pki.Holder, tmp_path: Path
) -> None:
    (tmp_path / "two.pem").write_bytes(authority.pem + stamp_authority.pem)
    (tmp_path / "one.der").write_bytes(authority.der)
    found = load_trust_list([tmp_path / "two.pem", tmp_path / "one.der"])
    assert [entry.subject.native["common_name"] for entry in found] == ["Root", "Stamp root", "Root"]


@pytest.mark.parametrize(
    "content", [b"", b"text", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_trust_list_without_certificates_is_refused(tmp_path: Path, content: bytes) -> None:
    from forensic_cli.errors import UsageError

    (tmp_path / "x.pem").write_bytes(content)
    with pytest.raises(UsageError, match="holds no certificates"):
        load_trust_list([tmp_path / "x.pem"])
