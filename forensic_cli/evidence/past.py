"""What a stopped scan had done: read from its audit log, and from the records that the log vouches for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.errors import OutputError, UsageError, VerificationError
from forensic_cli.evidence.events import (
    ItemDone,
    ItemFound,
    ItemStarted,
    ReportWritten,
    Resumed,
    ScanFinished,
    ScanStarted,
    event_of,
)
from forensic_cli.evidence.journal import PARTIAL_NAME
from forensic_cli.evidence.output import SUMS_NAME
from forensic_cli.evidence.records import RESULTS_NAME
from forensic_cli.provenance.audit import AUDIT_NAME, check_lines, line_sha256, read_entries
from forensic_cli.provenance.lines import read_whole_lines
from forensic_cli.types import Resumption


@dataclass(frozen=True, slots=True)
class PastScan:
    """A scan as its audit log tells of it.

    Attributes:
        started: its first event.
        started_utc: when that was, to the millisecond.
        found: every item so far, by id, in order.
        done: the outcome of every item that was finished, by id.
        stopped: items that were being examined when the scan stopped, in the order in which they were begun.
        resumptions: so far.
        is_complete: nothing is left to be examined, and every file of the results is in place.
        report: the PDF that was asked for last; None for none.
        reports: that were written, relative to the results folder.
    """

    started: ScanStarted
    started_utc: str
    found: Mapping[str, ItemFound]
    done: Mapping[str, ItemDone]
    stopped: tuple[ItemStarted, ...]
    resumptions: tuple[Resumption, ...]
    is_complete: bool
    report: Path | None
    reports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeptRecords:
    """The records that lie in a results folder.

    Attributes:
        lines: by item id, those whose hash the audit log holds; without their line feeds.
        others: every other line, whole or torn, without its line feed. Never to be parsed.
        source: the file that they lie in.
    """

    lines: Mapping[str, bytes]
    others: tuple[bytes, ...]
    source: str


def read_past(folder: Path) -> PastScan:
    """Reads the audit log of a results folder, a torn last line left out.

    Raises:
        UsageError: the folder holds no scan that began, or one of another version.
        VerificationError: the log was altered.
    """
    path = folder / AUDIT_NAME
    try:
        lines = read_whole_lines(path).lines
    except OSError as error:
        raise UsageError(
            f"{folder} holds no scan that could be resumed: {AUDIT_NAME} cannot be read ({error.strerror}).",
            "Give the folder of a scan, or scan anew into a new folder.",
        ) from error
    if not lines:
        raise UsageError(
            f"The scan in {folder} was stopped before it began.", "Scan anew, with --out a new folder."
        )
    faults = check_lines(lines).faults
    if faults:
        raise VerificationError(
            f"The audit log {path} was altered: {faults[0]}",
            "Restore the results folder as it was, or scan the evidence again into a new one.",
        )
    try:
        return _replayed(folder, path)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"The audit log {path} does not fit this version: {error}.", "Use the version that wrote it."
        ) from error


def _replayed(folder: Path, path: Path) -> PastScan:
    first, *entries = read_entries(path)
    started = event_of(first)
    if not isinstance(started, ScanStarted):
        raise ValueError("it does not begin with the start of a scan")
    found: dict[str, ItemFound] = {}
    done: dict[str, ItemDone] = {}
    resumptions: list[Resumption] = []
    reports: list[str] = []
    running: dict[str, ItemStarted] = {}
    is_complete, report = False, started.options.report
    for entry in entries:
        match event_of(entry):
            case ItemFound() as item:
                found[item.item] = item
            case ItemStarted() as begun:
                running[begun.item] = begun
                done.pop(begun.item, None)
            case Resumed(resumption, report):
                resumptions.append(resumption)
                running.clear()
                is_complete = False
            case ItemDone() as outcome if not outcome.is_unfinished:
                done[outcome.item] = outcome
                running.pop(outcome.item, None)
            case ScanFinished() as end:
                is_complete = end.n_unfinished == 0
            case ReportWritten(file):
                reports.append(file)
    return PastScan(
        started,
        first.time_utc,
        found,
        done,
        tuple(running.values()),
        tuple(resumptions),
        is_complete and (folder / SUMS_NAME).exists(),
        report,
        tuple(reports),
    )


def kept_records(folder: Path, past: PastScan) -> KeptRecords:
    """Sorts the records of a stopped scan into those that the audit log vouches for, and the others.

    Raises:
        OutputError: they cannot be read.
    """
    source = PARTIAL_NAME if (folder / PARTIAL_NAME).exists() else RESULTS_NAME
    if not (folder / source).exists():
        return KeptRecords({}, (), source)
    try:
        content = read_whole_lines(folder / source)
    except OSError as error:
        raise OutputError(
            f"{folder / source} cannot be read: {error.strerror}.", "Check the folder's permissions."
        ) from error
    item_of = {outcome.record_sha256: item for item, outcome in past.done.items()}
    lines: dict[str, bytes] = {}
    others = []
    for line in content.lines:
        item = item_of.get(line_sha256(line))
        if item is None:
            others.append(line)
        else:
            lines[item] = line
    torn = (content.torn,) if content.torn else ()
    return KeptRecords(lines, (*others, *torn), source)
