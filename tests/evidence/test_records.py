"""Results survive their way through JSON, whatever is in them."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.errors import UsageError, VerificationError
from forensic_cli.evidence.output import add_report, is_in_sums, summary_csv
from forensic_cli.evidence.records import (
    SCHEMA,
    from_jsonable,
    item_line,
    item_of_line,
    load_results,
    to_jsonable,
)
from forensic_cli.model.weights import ModelCard
from forensic_cli.provenance.audit import check_chain, read_entries
from forensic_cli.types import Evidence, Finding, ItemResult, RunInfo, Verdict
from tests.evidence.saved import failed, result_of, saved

numbers = st.floats(allow_nan=False, allow_infinity=False)
# Lone surrogates are what undecodable bytes in file names become.
names = st.text(st.characters(), max_size=40)


def items() -> st.SearchStrategy[ItemResult]:
    return st.builds(
        ItemResult,
        item_id=names,
        evidence=st.builds(Evidence, names, st.integers(0, 2**50), names, names, names),
        finding=st.builds(
            Finding,
            st.sampled_from(Verdict),
            st.tuples(names),
            st.none() | numbers,
            st.none() | st.tuples(numbers, numbers),
        ),
    )


@settings(max_examples=60, deadline=None)
@given(items())
def test_an_item_comes_back_from_its_line_unchanged(item: ItemResult) -> None:
    document = json.loads(item_line(item))
    assert document.pop("schema") == SCHEMA == 3
    assert from_jsonable(ItemResult, document) == item
    assert item_of_line(item_line(item).encode()) == item
    assert "\n" not in item_line(item)
    item_line(item).encode("ascii")


def test_saved_results_are_read_back_equal(tmp_path, card: ModelCard) -> None:
    result = saved(tmp_path / "out", result_of(card, failed("a\udce9.mp4"), failed("b", 2)))
    assert load_results(tmp_path / "out") == result
    assert result.audit_head_sha256 == check_chain(tmp_path / "out" / "audit.jsonl").head_sha256


@pytest.mark.parametrize(
    "meddle",
    [
        lambda content: content.splitlines(keepends=True)[0],
        lambda content: content.replace(b"failed", b"no_support"),
    ],
    ids=["a lost line", "a changed verdict"],
)
def test_altered_results_are_refused(tmp_path, card: ModelCard, meddle) -> None:
    saved(tmp_path, result_of(card, failed("a"), failed("b", 2)))
    path = tmp_path / "results.jsonl"
    path.write_bytes(meddle(path.read_bytes()))
    with pytest.raises(VerificationError, match="was altered"):
        load_results(tmp_path)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(RunInfo, {"colour": 1}), (Evidence, {"path": 3, "n_bytes": 1, "mtime_utc": "", "sha256_before": ""})],
)
def test_a_record_of_another_shape_is_refused(kind: type, value: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        from_jsonable(kind, value)


def test_folder_without_results_names_the_remedy(tmp_path) -> None:
    with pytest.raises(UsageError) as caught:
        load_results(tmp_path)
    assert "scan --out" in caught.value.hint


def test_sums_are_checked_by_sha256sum(tmp_path, card: ModelCard) -> None:
    import shutil
    import subprocess

    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("there is no sha256sum here")
    saved(tmp_path, result_of(card, failed("a")))
    checked = subprocess.run([tool, "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count(": OK") == 4
    (tmp_path / "summary.csv").write_text("altered")
    assert subprocess.run([tool, "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True).returncode == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_name_that_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    import csv
    import io

    text = summary_csv([failed(f"{start}cmd|' /C calc'!A0")])
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[1][1] == f"'{start}cmd|' /C calc'!A0"


def test_a_report_is_noted_in_the_log_and_in_the_sums_and_the_stated_head_stays_in_the_chain(
    tmp_path, card: ModelCard
) -> None:
    folder = tmp_path / "out"
    head = saved(folder, result_of(card, failed("a"))).audit_head_sha256
    (tmp_path / "r.pdf").write_bytes(b"%PDF-")
    assert not is_in_sums(folder, tmp_path / "r.pdf")
    add_report(folder, tmp_path / "r.pdf")
    assert is_in_sums(folder, tmp_path / "r.pdf")
    check = check_chain(folder / "audit.jsonl")
    assert check.faults == ()
    assert head == check.line_sha256s[-2]
    last = read_entries(folder / "audit.jsonl")[-1]
    assert (last.event, last.details["file"]) == ("report-written", "../r.pdf")
    listed = dict(reversed(line.split("  ", 1)) for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert listed["../r.pdf"] == last.details["sha256"] == hashlib.sha256(b"%PDF-").hexdigest()
    content = (folder / "audit.jsonl").read_bytes()
    assert listed["audit.jsonl"] == hashlib.sha256(content).hexdigest()


def test_manifest_values_keep_their_types(card: ModelCard) -> None:
    assert from_jsonable(ModelCard, json.loads(json.dumps(to_jsonable(card)))) == card
