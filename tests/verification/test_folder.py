"""A results folder against its manifest, SHA256SUMS and audit log."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensic_cli.errors import UsageError
from forensic_cli.provenance.audit import canonical_line, line_sha256
from forensic_cli.provenance.checks import CheckState
from forensic_cli.verification.sums import read_sums
from tests.verification.conftest import Verifier, faults, only
from tests.verification.material import MadeCase, flip_byte


def relist(case: MadeCase, name: str) -> None:
    """Writes a file's present hash into SHA256SUMS, as someone would who covers his traces."""
    sums = case.results / "SHA256SUMS"
    sha256 = hashlib.sha256((case.results / name).read_bytes()).hexdigest()
    pattern = rf"^[0-9a-f]{{64}}  {re.escape(name)}$"
    sums.write_text(re.sub(pattern, f"{sha256}  {name}", sums.read_text(), flags=re.M))


def test_an_untouched_case_holds_and_says_what_was_not_checked(case: MadeCase, checked: Verifier) -> None:
    done = checked(case.results)
    assert done.holds
    claims = {(check.area, check.subject) for check in done.of_state(CheckState.HOLDS)}
    assert {
        ("results", "results.jsonl"), ("results", "summary.csv"), ("exhibits", "exhibits/0001.png"),
        ("hashes", "SHA256SUMS"), ("hashes", "manifest.json"), ("audit log", "audit.jsonl"),
        ("report", "../out.pdf"), ("evidence", "0001 a.mp4"), ("evidence", "0002 b.jpg"),
    } <= claims  # fmt: skip
    not_checked = {(check.area, check.detail) for check in done.of_state(CheckState.NOT_CHECKED)}
    assert ("signature", "No signature.") in not_checked
    assert any(area == "weights" and "Weights not present" in detail for area, detail in not_checked)


@pytest.mark.parametrize(
    "named", [lambda case: case.results / "manifest.json", lambda case: case.report], ids=["manifest", "PDF"]
)
def test_manifest_and_report_lead_to_the_same_checks(case: MadeCase, checked: Verifier, named) -> None:
    whole = {(check.area, check.subject) for check in checked(case.results).checks}
    done = checked(named(case))
    assert done.holds
    assert done.folder == case.results
    assert whole <= {(check.area, check.subject) for check in done.checks} | {("signature", "../out.pdf")}


@pytest.mark.parametrize("at", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(
    ("file", "area"),
    [
        ("out.pdf", "report"),
        ("out-results/exhibits/0001.png", "exhibits"),
        ("out-results/results.jsonl", "results"),
        ("out-results/summary.csv", "results"),
        ("out-results/audit.jsonl", "audit log"),
        ("out-results/manifest.json", "hashes"),
        ("evidence/a.mp4", "evidence"),
    ],
)
def test_one_byte_changed_is_a_fault_of_that_file(
    case: MadeCase, checked: Verifier, file: str, area: str, at: float
) -> None:
    flip_byte(case.results.parent / file, at)
    done = checked(case.results)
    assert any(found == area and Path(file).name in subject for found, subject in faults(done))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_byte_of_any_file_counts(case: MadeCase, checked: Verifier, data: st.DataObject) -> None:
    files = sorted(path for path in case.results.parent.rglob("*") if path.is_file())
    path = data.draw(st.sampled_from(files))
    before = path.read_bytes()
    content = bytearray(before)
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(content))
    try:
        assert not checked(case.results).holds
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize(
    "name", ["exhibits/0001.png", "summary.csv", "audit.jsonl", "SHA256SUMS", "manifest.json"]
)
def test_a_missing_file_is_a_fault(case: MadeCase, checked: Verifier, name: str) -> None:
    (case.results / name).unlink()
    found = [check for check in checked(case.results).of_state(CheckState.FAULT) if check.subject == name]
    assert found
    assert any("missing" in check.detail or "No such file" in check.detail for check in found)


def test_a_report_that_is_gone_is_a_fault(case: MadeCase, checked: Verifier) -> None:
    case.report.unlink()
    assert ("report", "../out.pdf") in faults(checked(case.results))


def test_a_link_in_the_place_of_an_exhibit_is_a_fault(case: MadeCase, checked: Verifier) -> None:
    case.exhibit.rename(case.results.parent / "kept.png")
    case.exhibit.symlink_to(case.results.parent / "kept.png")
    assert ("exhibits", "exhibits/0001.png") in faults(checked(case.results))


def test_files_that_the_manifest_does_not_know_are_named(case: MadeCase, checked: Verifier) -> None:
    (case.results / "exhibits" / "0009.png").write_bytes(b"planted")
    (case.results / "link").symlink_to("/")
    done = checked(case.results)
    named = [check.subject for check in done.of_state(CheckState.NOT_CHECKED) if check.area == "files"]
    assert named == ["exhibits/0009.png", "link"]
    assert done.holds


def test_a_line_of_the_audit_log_removed_is_a_fault(case: MadeCase, checked: Verifier) -> None:
    log = case.results / "audit.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:2] + lines[3:]))
    relist(case, "audit.jsonl")
    check = only(checked(case.results), area="audit log", claim="Every line holds the hash of the one before")
    assert check.state is CheckState.FAULT
    assert "Line 3" in check.detail


def test_the_last_line_of_the_audit_log_removed_is_a_fault(case: MadeCase, checked: Verifier) -> None:
    log = case.results / "audit.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    relist(case, "audit.jsonl")
    check = only(checked(case.results), claim="The audit log tells of it")
    assert check.state is CheckState.FAULT


def rechained(lines: list[bytes]) -> bytes:
    """The lines with every sequence number and hash made to fit again."""
    out, previous = [], "0" * 64
    for number, line in enumerate(lines):
        document = {**json.loads(line), "sequence": number, "previous": previous}
        out.append(canonical_line(document))
        previous = line_sha256(out[-1])
    return b"".join(line + b"\n" for line in out)


def test_an_audit_log_chained_anew_differs_from_the_manifests_head(case: MadeCase, checked: Verifier) -> None:
    log = case.results / "audit.jsonl"
    lines = log.read_bytes().splitlines()
    log.write_bytes(rechained(lines[:3] + lines[4:]))
    relist(case, "audit.jsonl")
    done = checked(case.results)
    assert only(done, claim="Every line holds the hash of the one before").state is CheckState.HOLDS
    claim = "The line that ended the scan is the one whose hash the manifest states"
    assert only(done, claim=claim).state is CheckState.FAULT


def test_a_record_exchanged_with_its_hashes_differs_from_the_audit_log(
    case: MadeCase, checked: Verifier
) -> None:
    results, manifest = case.results / "results.jsonl", case.results / "manifest.json"
    before = hashlib.sha256(results.read_bytes()).hexdigest()
    results.write_bytes(results.read_bytes().replace(b"likely_forged", b"no_support"))
    after = hashlib.sha256(results.read_bytes()).hexdigest()
    document = json.loads(manifest.read_text().replace(before, after))
    for file in document["files"]:
        file["n_bytes"] = (case.results / file["path"]).stat().st_size
    manifest.write_text(json.dumps(document, indent=1) + "\n")
    relist(case, "results.jsonl")
    relist(case, "manifest.json")
    check = only(checked(case.results), claim="It tells of the same records as results.jsonl")
    assert check.state is CheckState.FAULT
    assert "0001, 0002" in check.detail


def test_truncated_results_are_a_fault(case: MadeCase, checked: Verifier) -> None:
    results = case.results / "results.jsonl"
    results.write_bytes(results.read_bytes()[:-40])
    assert ("results", "results.jsonl") in faults(checked(case.results))


def test_a_path_that_leads_out_of_the_folder_is_a_fault(case: MadeCase, checked: Verifier) -> None:
    manifest = case.results / "manifest.json"
    manifest.write_text(manifest.read_text().replace("exhibits/0001.png", "../evidence/a.mp4"))
    done = checked(case.results)
    assert ("results", "../evidence/a.mp4") in faults(done)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"schema": 99}', b"[" * 100_000, b"\xff\xfe"])
def test_a_manifest_that_is_none_is_a_fault(case: MadeCase, checked: Verifier, content: bytes) -> None:
    (case.results / "manifest.json").write_bytes(content)
    done = checked(case.results)
    assert ("manifest", "manifest.json") in faults(done)
    assert only(done, area="evidence").state is CheckState.NOT_CHECKED


def test_evidence_elsewhere_is_found_by_its_path(case: MadeCase, checked: Verifier, tmp_path: Path) -> None:
    shutil.move(case.evidence, tmp_path / "copy")
    done = checked(case.results)
    checks = [check for check in done.checks if check.area == "evidence"]
    assert done.holds
    assert all(check.state is CheckState.NOT_CHECKED for check in checks)
    assert all("not at its path. --evidence DIR" in check.detail for check in checks)
    again = checked(case.results, evidence=tmp_path / "copy")
    assert [check.state for check in again.checks if check.area == "evidence"] == [CheckState.HOLDS] * 2


def test_evidence_that_the_scan_could_not_hash_is_not_checked(
    tmp_path: Path, checked: Verifier, card
) -> None:
    from tests.evidence.saved import failed, result_of, saved

    saved(tmp_path / "r", result_of(card, failed("/gone/x.mp4")))
    check = only(checked(tmp_path / "r"), area="evidence")
    assert check.state is CheckState.NOT_CHECKED
    assert "no hash was recorded" in check.detail


def test_evidence_is_opened_through_no_link(case: MadeCase, checked: Verifier, tmp_path: Path) -> None:
    path = case.evidence / "a.mp4"
    path.rename(tmp_path / "real.mp4")
    path.symlink_to(tmp_path / "real.mp4")
    check = only(checked(case.results), subject="0001 a.mp4")
    assert check.state is CheckState.NOT_CHECKED
    assert "no symbolic link" not in check.detail
    assert "cannot be opened" in check.detail


def test_nothing_is_written(case: MadeCase, checked: Verifier) -> None:
    def stamps() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in case.results.parent.rglob("*")}

    before = stamps()
    checked(case.results)
    assert stamps() == before


def test_a_folder_without_results_is_a_usage_error(tmp_path: Path, checked: Verifier) -> None:
    with pytest.raises(UsageError, match="holds no results"):
        checked(tmp_path)


def test_a_report_alone_and_unsigned_is_a_usage_error(
    case: MadeCase, checked: Verifier, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    lonely = shutil.copy(case.report, tmp_path / "elsewhere" / "x.pdf")
    with pytest.raises(UsageError, match="Nothing of"):
        checked(Path(lonely))
    assert checked(Path(lonely), results=case.results).holds


def test_a_report_of_another_name_is_found_by_what_lists_it(case: MadeCase, checked: Verifier) -> None:
    from forensic_cli.evidence.output import add_report
    from tests.verification.material import draw_pdf

    final = case.report.with_name("final.pdf")
    final.write_bytes(draw_pdf("Final"))
    with pytest.raises(UsageError, match="Nothing of"):
        checked(final)
    add_report(case.results, final)
    assert checked(final).folder == case.results


def test_a_pdf_that_is_no_report_of_the_results_is_a_fault(case: MadeCase, checked: Verifier) -> None:
    from tests.verification.material import draw_pdf

    other = case.results / "other.pdf"
    other.write_bytes(draw_pdf("Another"))
    check = only(checked(other), claim="It is a report of these results")
    assert check.state is CheckState.FAULT
    assert "lists no file with its hash" in check.detail


@given(name=st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1).filter(str.strip))
def test_sums_are_read_as_they_are_written(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    from forensic_cli.evidence.output import _sum_line

    path = tmp_path_factory.mktemp("sums") / "SHA256SUMS"
    path.write_bytes(_sum_line("a" * 64, name))
    sums = read_sums(path)
    assert sums.sha256_of == {name: "a" * 64}
    assert not sums.faults


def test_sums_with_two_hashes_for_one_file_are_faulty(tmp_path: Path) -> None:
    path = tmp_path / "SHA256SUMS"
    path.write_text(f"{'a' * 64}  x\n{'b' * 64}  x\nnonsense\n")
    assert [fault.split()[1] for fault in read_sums(path).faults] == ["2", "3"]


def test_a_fifo_in_the_place_of_evidence_does_not_hang(case: MadeCase, checked: Verifier) -> None:
    path = case.evidence / "a.mp4"
    path.unlink()
    os.mkfifo(path)
    check = only(checked(case.results), subject="0001 a.mp4")
    assert check.state is CheckState.NOT_CHECKED
    assert "not a regular file" in check.detail
