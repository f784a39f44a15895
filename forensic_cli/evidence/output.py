"""Closing a scan's results: the records in order, summary, manifest, hashes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from forensic_cli.errors import OutputError
from forensic_cli.evidence.aside import ASIDE_FOLDER
from forensic_cli.evidence.events import ReportWritten, ScanFinished, as_logged
from forensic_cli.evidence.journal import PARTIAL_NAME, ScanJournal
from forensic_cli.evidence.records import (
    MANIFEST_NAME,
    RESULTS_NAME,
    SCHEMA,
    Manifest,
    ManifestFile,
    ScanResult,
    to_jsonable,
)
from forensic_cli.evidence.tolerance import tolerance_of
from forensic_cli.provenance.audit import AUDIT_NAME, continue_audit
from forensic_cli.provenance.files import write_atomically
from forensic_cli.provenance.lines import read_whole_lines
from forensic_cli.types import ItemResult, Verdict

SUMMARY_NAME = "summary.csv"
SUMS_NAME = "SHA256SUMS"
_SUMMARY_HEADER = (
    "item", "path", "sha256", "verdict", "score", "score_low", "score_high",
    "log10_lr", "lr_is_bounded", "lr_term", "lr_note", "tracks",
    "frames_in_stream", "frames_used", "frames_failed", "warnings", "reason",
)  # fmt: skip
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def close_results(result: ScanResult, journal: ScanJournal, n_unfinished: int) -> ScanResult:
    """Writes results.jsonl whole, then summary.csv, manifest.json and SHA256SUMS.

    SHA256SUMS is the last: a folder that has one is complete.

    Args:
        result: without the head of its audit log.
        journal: of the same scan.
        n_unfinished: items that an interruption kept from being examined.

    Returns:
        `result` with the head of the audit log.

    Raises:
        OutputError: one of them cannot be written.
    """
    folder = journal.folder
    partial = folder / PARTIAL_NAME
    content = b"".join(line + b"\n" for line in _in_order(partial))
    write_atomically(folder / RESULTS_NAME, content)
    write_atomically(folder / SUMMARY_NAME, summary_csv(result.items).encode("utf-8"))
    journal.log(_finished(result.items, n_unfinished, hashlib.sha256(content).hexdigest()))
    result = replace(result, audit_head_sha256=journal.head_sha256)
    exhibits = [e.file for item in result.items for track in item.tracks for e in track.exhibits]
    aside = sorted(path.relative_to(folder).as_posix() for path in (folder / ASIDE_FOLDER).glob("*"))
    files = tuple(_entry(folder, path) for path in (RESULTS_NAME, SUMMARY_NAME, *exhibits, *aside))
    manifest = Manifest(
        SCHEMA,
        result.run,
        result.case,
        result.model,
        result.parameters,
        result.aggregation_rule,
        len(result.items),
        files,
        result.audit_head_sha256,
        tolerance_of(result.run.precision),
    )
    text = json.dumps(to_jsonable(manifest), indent=1, allow_nan=False) + "\n"
    write_atomically(folder / MANIFEST_NAME, text.encode("ascii"))
    partial.unlink(missing_ok=True)
    sums = [_sum_line(file.sha256, file.path) for file in files]
    own = [_sum_line(_sha256(folder / name), name) for name in (MANIFEST_NAME, AUDIT_NAME)]
    write_atomically(folder / SUMS_NAME, b"".join((*own, *sums)))
    return result


def _in_order(partial: Path) -> list[bytes]:
    """The records by item. They were written in that order, but for those of a resumed scan."""
    try:
        lines = read_whole_lines(partial).lines
    except OSError as error:
        raise OutputError(f"{partial} cannot be read back: {error.strerror}.", "Scan again.") from error
    return sorted(lines, key=lambda line: int(json.loads(line)["item_id"]))


def _finished(items: Sequence[ItemResult], n_unfinished: int, results_sha256: str) -> ScanFinished:
    verdicts = [item.finding.verdict for item in items]
    return ScanFinished(
        n_items=len(items),
        n_analysed=sum(verdict.is_analysed for verdict in verdicts),
        n_without_face=verdicts.count(Verdict.NO_FACE),
        n_skipped=verdicts.count(Verdict.SKIPPED),
        n_failed=verdicts.count(Verdict.FAILED),
        n_unfinished=n_unfinished,
        results_sha256=results_sha256,
    )


def _entry(folder: Path, path: str) -> ManifestFile:
    target = folder / path
    return ManifestFile(path, _sha256(target), target.stat().st_size)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise OutputError(f"{path} cannot be read back: {error.strerror}.", "Scan again.") from error


def _sum_line(sha256: str, relative: str) -> bytes:
    """One line of SHA256SUMS, which `sha256sum -c` checks from inside the folder."""
    escaped = relative.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != relative else ""
    return os.fsencode(f"{mark}{sha256}  {escaped}\n")


def add_report(folder: Path, report: Path) -> None:
    """Notes a report in the audit log, and adds it to SHA256SUMS.

    Args:
        folder: of the results, complete.
        report: below the folder, or beside it.

    Raises:
        VerificationError: the audit log does not hold.
        OutputError: one of them cannot be written.
    """
    relative = _relative(folder, report)
    with continue_audit(folder / AUDIT_NAME) as audit:
        audit.append_all([as_logged(ReportWritten(relative, _sha256(report)))])
    add_to_sums(folder, folder / AUDIT_NAME, report)


def add_to_sums(folder: Path, *paths: Path) -> None:
    """Adds files to SHA256SUMS, or their new hashes in the place of the old ones.

    Args:
        paths: below the folder, or beside it.

    Raises:
        OutputError: SHA256SUMS cannot be read or written.
    """
    new = {_sum_line("", relative): relative for relative in (_relative(folder, path) for path in paths)}
    kept = [line for line in _sums(folder) if _without_hash(line) not in new]
    added = [_sum_line(_sha256(folder / relative), relative) for relative in new.values()]
    write_atomically(folder / SUMS_NAME, b"".join((*kept, *added)))


def is_in_sums(folder: Path, path: Path) -> bool:
    """True where SHA256SUMS names the file, whatever hash it gives.

    Raises:
        OutputError: SHA256SUMS cannot be read.
    """
    wanted = _sum_line("", _relative(folder, path))
    return any(_without_hash(line) == wanted for line in _sums(folder))


def _sums(folder: Path) -> list[bytes]:
    try:
        return (folder / SUMS_NAME).read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise OutputError(f"{folder / SUMS_NAME} cannot be read: {error.strerror}.", "Scan again.") from error


def _relative(folder: Path, path: Path) -> str:
    return os.path.relpath(path, folder).replace(os.sep, "/")


def _without_hash(line: bytes) -> bytes:
    mark = b"\\" if line.startswith(b"\\") else b""
    return mark + line.removeprefix(mark)[64:]


def summary_csv(items: Iterable[ItemResult]) -> str:
    """A row an item, for a spreadsheet. The authority is results.jsonl."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(_SUMMARY_HEADER)
    for item in items:
        finding, counts = item.finding, item.counts
        low, high = finding.interval or ("", "")
        row = (
            item.item_id,
            item.evidence.path,
            item.evidence.sha256_before,
            finding.verdict.value,
            "" if finding.score is None else finding.score,
            low,
            high,
            "" if finding.log10_lr is None else finding.log10_lr,
            "" if finding.log10_lr is None else finding.lr_is_bounded,
            finding.lr_term.value if finding.lr_term else "",
            finding.lr_note,
            len(item.tracks),
            counts.n_in_stream if counts else "",
            counts.n_used if counts else "",
            counts.n_failed if counts else "",
            "; ".join(warning.code for warning in item.warnings),
            " ".join(finding.reasons),
        )
        writer.writerow([spreadsheet_cell(value) for value in row])
    return buffer.getvalue()


def spreadsheet_cell(value: object) -> object:
    """Text that a spreadsheet will not take for a formula, and that UTF-8 can hold."""
    if not isinstance(value, str):
        return value
    text = value.encode("utf-8", "backslashreplace").decode("utf-8")
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
