"""Signed reports: made from a results folder, and every way in which one no longer fits it."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from forensic_cli.errors import OutputError, UsageError
from forensic_cli.provenance.audit import read_entries
from forensic_cli.provenance.checks import CheckState
from forensic_cli.signing.attachments import Attachment, attach, read_attachments
from forensic_cli.signing.certify import certify
from forensic_cli.signing.keys import pkcs12_signer
from forensic_cli.signing.report import sign_report
from tests.signing import pki
from tests.verification.conftest import Verifier, only
from tests.verification.material import MadeCase, draw_pdf, flip_byte


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pki.make_signer(pki.make_authority()).p12(tmp_path_factory.mktemp("key") / "k.p12")


@pytest.fixture
def signed(case: MadeCase, key: Path) -> Path:
    target = case.report.with_name("out-signed.pdf")
    sign_report(case.report, case.results, target, pkcs12_signer(key, pki.PASSPHRASE), None)
    return target


def faulty_claims(done) -> set[str]:
    return {check.claim for check in done.of_state(CheckState.FAULT)}


def test_the_data_is_inside_byte_for_byte(case: MadeCase, signed: Path) -> None:
    before = {name: (case.results / name).read_bytes() for name in ("results.jsonl", "manifest.json")}
    attached = read_attachments(signed.read_bytes())
    assert set(attached) == {"results.jsonl", "audit.jsonl", "manifest.json"}
    assert {name: attached[name] for name in before} == before


def test_the_report_itself_is_left_as_it_was(case: MadeCase, signed: Path) -> None:
    assert case.report.read_bytes() == draw_pdf()


def test_the_pages_are_those_of_the_report(case: MadeCase, signed: Path) -> None:
    import pypdfium2

    def drawn(path: Path) -> list[bytes]:
        with pypdfium2.PdfDocument(path) as document:
            return [page.render(scale=1).to_pil().tobytes() for page in document]

    assert drawn(signed) == drawn(case.report)


def test_the_folder_records_the_signature_and_still_holds(
    case: MadeCase, signed: Path, checked: Verifier
) -> None:
    last = read_entries(case.results / "audit.jsonl")[-1]
    assert last.event == "report-signed"
    assert last.details["file"] == "../out-signed.pdf"
    assert "Examiner" in last.details["signer"]
    for path in (case.results, case.report, signed):
        assert checked(path).holds
    assert only(checked(signed), claim="The attached audit.jsonl is the one beside the report").detail == (
        "The one beside it goes on for 1 lines."
    )


def test_a_report_can_be_signed_twice_over_but_never_over_another(
    case: MadeCase, signed: Path, key: Path, checked: Verifier
) -> None:
    signer = pkcs12_signer(key, pki.PASSPHRASE)
    before = signed.read_bytes()
    with pytest.raises(OutputError, match="not overwritten"):
        sign_report(case.report, case.results, signed, signer, None)
    assert signed.read_bytes() == before
    sign_report(case.report, case.results, case.report.with_name("second.pdf"), signer, None)
    assert checked(case.results).holds


def test_a_signed_report_is_not_signed_again(case: MadeCase, signed: Path, key: Path) -> None:
    with pytest.raises(UsageError, match="signed, encrypted"):
        sign_report(signed, case.results, signed.with_name("x.pdf"), pkcs12_signer(key, pki.PASSPHRASE), None)


def test_it_can_be_checked_alone(signed: Path, checked: Verifier, tmp_path: Path) -> None:
    (tmp_path / "court").mkdir()
    lonely = Path(shutil.copy(signed, tmp_path / "court" / "exhibit-7.pdf"))
    done = checked(lonely)
    assert done.holds
    assert done.folder is None
    claims = {check.claim for check in done.of_state(CheckState.HOLDS)}
    assert "The attached results.jsonl is the one that the attached manifest names" in claims
    assert "The line that ended the scan is the one whose hash the manifest states" in claims
    assert only(done, claim="Exhibits and evidence").state is CheckState.NOT_CHECKED


@pytest.mark.parametrize("at", [0.0, 0.02, 0.5, 0.99, 1.0])
def test_one_byte_changed_in_the_signed_report_is_a_fault(
    signed: Path, checked: Verifier, tmp_path: Path, at: float
) -> None:
    flip_byte(signed, at)
    assert not checked(signed).holds
    (tmp_path / "court").mkdir()
    # Alone, too: at the middle lies the padding of the signature.
    lonely = Path(shutil.copy(signed, tmp_path / "court" / "x.pdf"))
    assert not checked(lonely).holds


@pytest.mark.parametrize("name", ["results.jsonl", "manifest.json", "audit.jsonl"])
def test_a_file_changed_beside_the_signed_report_is_a_fault(
    case: MadeCase, signed: Path, checked: Verifier, name: str
) -> None:
    flip_byte(case.results / name, 0.1)
    assert f"The attached {name} is the one beside the report" in faulty_claims(checked(signed))


@pytest.mark.parametrize("name", ["results.jsonl", "manifest.json", "audit.jsonl"])
def test_an_attachment_swapped_before_signing_is_a_fault(
    case: MadeCase, key: Path, checked: Verifier, name: str, tmp_path: Path
) -> None:
    """Signed by a valid key, but over data that is not the folder's."""
    names = ("results.jsonl", "audit.jsonl", "manifest.json")
    files = {entry: (case.results / entry).read_bytes() for entry in names}
    changed = bytearray(files[name])
    changed[len(changed) // 3] ^= 1
    files[name] = bytes(changed)
    pdf = attach(
        draw_pdf(),
        tuple(Attachment(entry, content, "application/json", "") for entry, content in files.items()),
    )
    target = tmp_path / "swapped.pdf"
    target.write_bytes(certify(pdf, pkcs12_signer(key, pki.PASSPHRASE), "x"))
    found = faulty_claims(checked(target, results=case.results))
    assert f"The attached {name} is the one beside the report" in found
    (tmp_path / "alone").mkdir()
    assert not checked(Path(shutil.copy(target, tmp_path / "alone" / "x.pdf"))).holds


def test_an_attachment_swapped_after_signing_is_a_fault(
    case: MadeCase, signed: Path, checked: Verifier
) -> None:
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(signed) as document:
        document.attachments["results.jsonl"] = pikepdf.AttachedFileSpec(
            document, b"{}\n", filename="results.jsonl"
        )
        document.save(out)
    signed.write_bytes(out.getvalue())
    found = faulty_claims(checked(signed))
    assert "The attached results.jsonl is the one beside the report" in found or (
        "The PDF holds one signature, of PAdES" in found
    )


def test_an_attachment_that_is_missing_is_a_fault(
    case: MadeCase, key: Path, checked: Verifier, tmp_path: Path
) -> None:
    pdf = attach(draw_pdf(), (Attachment("results.jsonl", b"", "application/json", ""),))
    target = tmp_path / "x.pdf"
    target.write_bytes(certify(pdf, pkcs12_signer(key, pki.PASSPHRASE), "x"))
    found = faulty_claims(checked(target, results=case.results))
    assert {"It holds audit.jsonl", "It holds manifest.json"} <= found


def test_without_the_extra_a_signature_is_not_checked(
    case: MadeCase, signed: Path, checked: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensic_cli.signing import extra

    monkeypatch.setattr(extra, "_PACKAGES", ("a_package_that_is_not_there",))
    done = checked(case.results)
    check = only(done, area="signature", subject="../out-signed.pdf")
    assert check.state is CheckState.NOT_CHECKED
    assert "pip install 'lae-forensics[sign]'" in check.detail
    with pytest.raises(UsageError) as caught:
        extra.require_signing_packages()
    assert "pip install 'lae-forensics[sign]'" in caught.value.hint
