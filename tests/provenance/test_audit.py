"""The audit log: every change to it shows."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.errors import OutputError, VerificationError
from forensic_cli.provenance.audit import (
    FIRST_PREVIOUS,
    AuditEvent,
    check_chain,
    continue_audit,
    read_entries,
    start_audit,
)


def written(folder: Path, n_items: int = 3) -> Path:
    path = folder / "audit.jsonl"
    with start_audit(path) as log:
        log.append(AuditEvent.SCAN_STARTED, argv=["lae-forensics", "scan"], n_items=n_items)
        for number in range(n_items):
            log.append(AuditEvent.ITEM_STARTED, item=f"{number:04d}", path=f"clip-\udcff{number}.mp4")
    return path


def test_a_log_holds_and_its_head_is_the_hash_of_the_last_line(tmp_path: Path) -> None:
    path = written(tmp_path)
    last = path.read_bytes().split(b"\n")[-2]
    check = check_chain(path)
    assert check.faults == ()
    assert check.n_lines == 4
    assert check.head_sha256 == hashlib.sha256(last).hexdigest() == check.line_sha256s[-1]


def test_each_line_is_canonical_and_names_the_one_before(tmp_path: Path) -> None:
    previous = FIRST_PREVIOUS
    for number, line in enumerate(written(tmp_path).read_bytes().splitlines()):
        entry = json.loads(line)
        assert entry["sequence"] == number
        assert entry["previous"] == previous
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time_utc"])
        assert line == json.dumps(entry, sort_keys=True, separators=(",", ":")).encode("ascii")
        previous = hashlib.sha256(line).hexdigest()


def test_a_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = written(tmp_path)
    with continue_audit(path) as log:
        head = log.append(AuditEvent.RESUMED)
    check = check_chain(path)
    assert (check.faults, check.n_lines, check.head_sha256) == ((), 5, head)
    assert read_entries(path)[-1].event == "resumed"


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_one_changed_byte_anywhere_breaks_the_chain_or_moves_the_head(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = written(Path(name))
        before = check_chain(path)
        content = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        after = check_chain(path)
        assert after.faults or after.head_sha256 != before.head_sha256


@pytest.mark.parametrize("victim", [0, 1, 2])
def test_a_line_that_was_taken_out_is_missed(tmp_path: Path, victim: int) -> None:
    path = written(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[victim]
    path.write_bytes(b"".join(lines))
    assert "hash of the line before it" in " ".join(check_chain(path).faults)


def test_a_torn_last_line_is_a_fault_and_never_continued(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    assert "not written to its end" in check_chain(path).faults[0]
    with pytest.raises(VerificationError, match="does not hold"):
        continue_audit(path)


def test_a_log_is_never_begun_over_another(tmp_path: Path) -> None:
    path = written(tmp_path)
    with pytest.raises(OutputError, match="exists"):
        start_audit(path)


def test_a_missing_an_empty_and_a_hostile_log_are_faults_not_errors(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    assert "cannot be read" in check_chain(path).faults[0]
    path.write_bytes(b"")
    assert "no whole line" in check_chain(path).faults[0]
    path.write_bytes(b"[" * 100_000 + b"\n" + b'{"sequence":NaN}\n')
    faults = check_chain(path).faults
    assert "Line 1 is not JSON" in faults[0]
    assert "Line 2 does not hold exactly" in faults[1]
