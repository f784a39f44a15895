"""What holds for every hostile file at once: nothing written, nothing lost, nothing followed, a report drawn."""

from __future__ import annotations

import hashlib
import os
import stat

from forensic_cli.factsheet import Reason
from forensic_cli.types import Verdict
from tests.hostile.conftest import ENDLESS_DEVICE, Batch


def test_the_batch_is_done_with_exit_3_and_a_report(batch: Batch) -> None:
    assert batch.scanned.exit_code == 3, batch.scanned.stderr
    assert batch.scanned.report.read_bytes().startswith(b"%PDF-")
    assert batch.scanned.report_text().count("Page1of") == 1


def test_nothing_in_the_evidence_was_written_renamed_or_removed(batch: Batch) -> None:
    assert len(batch.scanned.before) > 100
    assert batch.scanned.after == batch.scanned.before


def test_every_entry_has_one_record_and_the_sum_holds(batch: Batch) -> None:
    folder = os.fsencode(batch.scanned.evidence) + b"/"
    entries = {
        os.fsdecode(path.removeprefix(folder))
        for path, entry in batch.scanned.before.items()
        if not stat.S_ISDIR(entry.mode)
    }
    assert entries | {str(ENDLESS_DEVICE)} == batch.items.keys()
    assert len(batch.scanned.result.items) == len(batch.items)
    verdicts = [item.finding.verdict for item in batch.items.values()]
    n_analysed = sum(verdict.is_analysed for verdict in verdicts)
    n_no_face, n_skipped, n_failed = (
        verdicts.count(verdict) for verdict in (Verdict.NO_FACE, Verdict.SKIPPED, Verdict.FAILED)
    )
    assert n_analysed + n_no_face + n_skipped + n_failed == len(verdicts)
    assert (
        f"{n_analysed} analysed + {n_no_face} without a face + {n_skipped} skipped + {n_failed} failed"
        f" = {len(verdicts)} found" in " ".join(batch.scanned.stderr.split())
    )


def test_no_file_meets_a_defect_of_the_program(batch: Batch) -> None:
    assert "Traceback" not in batch.scanned.stderr
    for name, item in batch.items.items():
        assert not any("That is a defect in it" in reason for reason in item.finding.reasons), name
        facts = item.media_facts.not_determined if item.media_facts else ()
        assert not [entry for entry in facts if entry.reason is Reason.DEFECT], name


def test_whatever_failed_or_was_skipped_says_why(batch: Batch) -> None:
    for name, item in batch.items.items():
        assert item.finding.reasons, name
        if item.finding.verdict in {Verdict.FAILED, Verdict.SKIPPED}:
            assert not item.tracks, name


def test_what_was_read_was_hashed_before_and_after(batch: Batch) -> None:
    n_hashed = 0
    for name, item in batch.items.items():
        entry = batch.scanned.before.get(os.fsencode(batch.scanned.evidence / name))
        is_regular = entry is not None and stat.S_ISREG(entry.mode)
        assert bool(item.evidence.sha256_before) == is_regular, name
        if entry is not None and is_regular:
            assert item.evidence.sha256_before == item.evidence.sha256_after == entry.content, name
            n_hashed += 1
    assert n_hashed > 90


def test_every_output_is_what_sha256sums_says(batch: Batch) -> None:
    lines = (batch.scanned.out / "SHA256SUMS").read_text().splitlines()
    named = {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)}
    assert {"results.jsonl", "manifest.json", "audit.jsonl", "../report.pdf"} <= named.keys()
    for name, sha256 in named.items():
        assert hashlib.sha256((batch.scanned.out / name).read_bytes()).hexdigest() == sha256, name
