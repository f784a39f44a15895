"""The audit log: what the program did, in order, each line bound to the one before by its hash.

`audit.jsonl` holds one JSON object a line in one canonical form: keys sorted, no spaces, ASCII. The
SHA-256 of a line is taken over its bytes without the line feed. A line that is altered, removed or
put in breaks the chain at the next one; the last line is held by the head hash, which manifest.json
and the report state, and by SHA256SUMS.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from forensic_cli.errors import VerificationError
from forensic_cli.provenance.closing import Closing
from forensic_cli.provenance.files import write_atomically
from forensic_cli.provenance.lines import LineFile, read_whole_lines

AUDIT_NAME = "audit.jsonl"
FIRST_PREVIOUS = "0" * 64
CLOCK_NOTE = (
    "Times are those of this computer's clock, in UTC. Nothing attests that the clock was right; a time "
    "stamp of RFC 3161 on the signed report does."
)
_KEYS = frozenset({"sequence", "time_utc", "event", "details", "previous"})


class AuditEvent(StrEnum):
    """What can have happened. The `details` of each are described in the schema `audit`."""

    SCAN_STARTED = "scan-started"
    ITEM_FOUND = "item-found"
    ITEM_STARTED = "item-started"
    ITEM_FINISHED = "item-finished"
    ITEM_FAILED = "item-failed"
    ITEM_SKIPPED = "item-skipped"
    WORKER_LOST = "worker-lost"
    EVIDENCE_CHANGED = "evidence-changed"
    EXHIBIT_WRITTEN = "exhibit-written"
    INTERRUPTED = "interrupted"
    RESUMED = "resumed"
    SET_ASIDE = "set-aside"
    SCAN_FINISHED = "scan-finished"
    REPORT_WRITTEN = "report-written"
    REPORT_SIGNED = "report-signed"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the log.

    Attributes:
        sequence: from 0.
        time_utc: ISO 8601 with milliseconds, by this computer's clock.
        previous: SHA-256 of the line before, lower-case hex; 64 zeros in the first.
    """

    sequence: int
    time_utc: str
    event: str
    details: Mapping[str, Any]
    previous: str


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """What a look at a whole log found.

    Attributes:
        n_lines: whole lines.
        head_sha256: of the last whole line; 64 zeros where there is none.
        faults: one sentence each; empty where the chain holds.
        line_sha256s: of every whole line, in order: the head that a manifest states is one of them, and
            lines after it tell of the report.
    """

    n_lines: int
    head_sha256: str
    faults: tuple[str, ...]
    line_sha256s: tuple[str, ...] = ()


def canonical_line(document: Mapping[str, Any]) -> bytes:
    """The one form in which an entry is written, without its line feed.

    Raises:
        ValueError: it holds a number that JSON does not know.
    """
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode("ascii")


def line_sha256(line: bytes) -> str:
    """SHA-256 of a line's bytes without its line feed, lower-case hex."""
    return hashlib.sha256(line).hexdigest()


class AuditLog(Closing):
    """A log that is open for more. See `start_audit` and `continue_audit`.

    Args:
        file: the lines.
        n_lines: written so far.
        head_sha256: of the last of them.
    """

    def __init__(self, file: LineFile, n_lines: int, head_sha256: str) -> None:
        self._file, self._n_lines, self._head = file, n_lines, head_sha256

    @property
    def head_sha256(self) -> str:
        """Of the last line."""
        return self._head

    def append(self, event: AuditEvent, **details: Any) -> str:
        """Adds one event, and returns its line's SHA-256 when it is on the disk.

        Raises:
            OutputError: it cannot be written.
        """
        return self.append_all([(event, details)])

    def append_all(self, events: Iterable[tuple[AuditEvent, Mapping[str, Any]]]) -> str:
        """Adds events with one write; returns the new head.

        Raises:
            OutputError: they cannot be written; then none is in the log.
        """
        lines = _chained(events, self._n_lines, self._head)
        self._file.append(lines)
        self._n_lines += len(lines)
        self._head = line_sha256(lines[-1]) if lines else self._head
        return self._head

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def start_audit(path: Path, events: Iterable[tuple[AuditEvent, Mapping[str, Any]]] = ()) -> AuditLog:
    """Begins a new log. Either the log with all of `events` comes into being, or none.

    Raises:
        OutputError: one is there, or it cannot be written.
    """
    lines = _chained(events, 0, FIRST_PREVIOUS)
    write_atomically(path, b"".join(line + b"\n" for line in lines), overwrite=False)
    head = line_sha256(lines[-1]) if lines else FIRST_PREVIOUS
    return AuditLog(LineFile(path, is_new=False), len(lines), head)


def continue_audit(path: Path) -> AuditLog:
    """Continues a log whose chain holds.

    Raises:
        VerificationError: it does not hold, or its last line is torn: see `lines.cut_torn_line`.
        OutputError: it cannot be written.
    """
    check = check_chain(path)
    if check.faults:
        raise VerificationError(
            f"The audit log {path} does not hold: {check.faults[0]}",
            "Restore the results folder as it was, or scan the evidence again into a new one.",
        )
    return AuditLog(LineFile(path, is_new=False), check.n_lines, check.head_sha256)


def check_chain(path: Path) -> ChainCheck:
    """Checks every line of a log, and that each holds the hash of the one before.

    A log that cannot be read is a fault, not an error.
    """
    try:
        content = read_whole_lines(path)
    except OSError as error:
        return ChainCheck(0, FIRST_PREVIOUS, (f"{path.name} cannot be read: {error.strerror}.",))
    check = check_lines(content.lines)
    if not content.torn:
        return check
    fault = f"The last {len(content.torn)} bytes are a line that was not written to its end."
    return replace(check, faults=(*check.faults, fault))


def check_lines(lines: Sequence[bytes]) -> ChainCheck:
    """Checks whole lines, given without their line feeds."""
    faults, hashes, previous = [], [], FIRST_PREVIOUS
    for number, line in enumerate(lines):
        faults += [f"Line {number + 1} {fault}." for fault in _line_faults(line, number, previous)]
        previous = line_sha256(line)
        hashes.append(previous)
    if not lines:
        faults.append("The log holds no whole line.")
    return ChainCheck(len(lines), previous, tuple(faults), tuple(hashes))


def read_entries(path: Path) -> tuple[AuditEntry, ...]:
    """Reads the entries of a log, a torn last line left out. The chain is not checked here.

    Raises:
        OSError: it cannot be read.
        VerificationError: a whole line is no entry.
    """
    entries = []
    for number, line in enumerate(read_whole_lines(path).lines, 1):
        try:
            entries.append(AuditEntry(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise VerificationError(
                f"Line {number} of {path} is no entry of an audit log.", "Restore the results folder."
            ) from error
    return tuple(entries)


def _line_faults(line: bytes, number: int, previous: str) -> list[str]:
    faults = []
    try:
        document = json.loads(line)
        if not isinstance(document, dict) or set(document) != _KEYS:
            return [f"does not hold exactly {', '.join(sorted(_KEYS))}"]
        if canonical_line(document) != line:
            faults.append("is not in canonical form")
    except (ValueError, RecursionError):
        return ["is not JSON"]
    if document["sequence"] != number:
        faults.append(f"has the sequence number {document['sequence']!r} instead of {number}")
    if document["previous"] != previous:
        faults.append("does not hold the hash of the line before it")
    return faults


def _chained(events: Iterable[tuple[AuditEvent, Mapping[str, Any]]], n_before: int, head: str) -> list[bytes]:
    lines = []
    for number, (event, details) in enumerate(events, n_before):
        document = {
            "sequence": number,
            "time_utc": _now(),
            "event": event.value,
            "details": dict(details),
            "previous": head,
        }
        lines.append(canonical_line(document))
        head = line_sha256(lines[-1])
    return lines


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
