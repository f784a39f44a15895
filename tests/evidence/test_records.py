"""Results survive their way through JSON, whatever is in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.case.model import Case
from forensic_cli.errors import UsageError, VerificationError
from forensic_cli.evidence.output import ResultsWriter, summary_csv
from forensic_cli.evidence.records import ScanResult, from_jsonable, item_line, load_results, to_jsonable
from forensic_cli.model.weights import ModelCard
from forensic_cli.types import Evidence, Finding, ItemResult, RunInfo, Verdict

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
    assert document.pop("schema") == 1
    assert from_jsonable(ItemResult, document) == item
    assert "\n" not in item_line(item)
    item_line(item).encode("ascii")


def run_info(**changes: object) -> RunInfo:
    values: dict[str, object] = {
        "run_id": "0" * 8,
        "argv": ("lae-forensics", "scan"),
        "started_utc": "2026-01-01T00:00:00Z",
        "finished_utc": "2026-01-01T00:00:01Z",
        "tool_version": "0",
        "commit": "",
        "versions": (("torch", "2"),),
        "working_folder": "/tmp",
        "source_sha256": "0" * 64,
        "platform": "test",
        "device": "cpu",
        "precision": "fp32",
        "seed": 1,
    }
    return RunInfo(**{**values, **changes})  # type: ignore[arg-type]


def result_of(card: ModelCard, *some: ItemResult) -> ScanResult:
    return ScanResult(run_info(), Case(number="7/2026"), card, (("a", "b"),), ("One rule.",), some)


def failed(path: str, number: int = 1) -> ItemResult:
    return ItemResult(f"{number:04d}", Evidence(path, 1, "", ""), Finding(Verdict.FAILED, ("why",)))


def test_saved_results_are_read_back_equal(tmp_path, card: ModelCard) -> None:
    result = result_of(card, failed("a\udce9.mp4"), failed("b", 2))
    writer = ResultsWriter(tmp_path / "out")
    for item in result.items:
        writer.add(item)
    writer.finish(result)
    assert load_results(tmp_path / "out") == result


@pytest.mark.parametrize(
    "meddle",
    [
        lambda content: content.splitlines(keepends=True)[0],
        lambda content: content.replace(b"failed", b"no_support"),
    ],
    ids=["a lost line", "a changed verdict"],
)
def test_altered_results_are_refused(tmp_path, card: ModelCard, meddle) -> None:
    result = result_of(card, failed("a"), failed("b", 2))
    writer = ResultsWriter(tmp_path)
    for item in result.items:
        writer.add(item)
    writer.finish(result)
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
    writer = ResultsWriter(tmp_path)
    writer.add(failed("a"))
    writer.finish(result_of(card, failed("a")))
    checked = subprocess.run([tool, "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count(": OK") == 3
    (tmp_path / "summary.csv").write_text("altered")
    assert subprocess.run([tool, "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True).returncode == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_name_that_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    import csv
    import io

    text = summary_csv([failed(f"{start}cmd|' /C calc'!A0")])
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[1][1] == f"'{start}cmd|' /C calc'!A0"


def test_manifest_values_keep_their_types(card: ModelCard) -> None:
    assert from_jsonable(ModelCard, json.loads(json.dumps(to_jsonable(card)))) == card
