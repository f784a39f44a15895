"""The results of a scan that is running: each record and each event on the disk before the next step."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from forensic_cli.evidence.events import (
    Event,
    EvidenceChanged,
    ExhibitWritten,
    Interrupted,
    ItemFailed,
    ItemFinished,
    ItemFound,
    ItemSkipped,
    ItemStarted,
    ScanStarted,
    as_logged,
)
from forensic_cli.evidence.records import RESULTS_NAME, item_line
from forensic_cli.provenance.audit import AUDIT_NAME, AuditLog, continue_audit, line_sha256, start_audit
from forensic_cli.provenance.closing import Closing
from forensic_cli.provenance.files import write_atomically
from forensic_cli.provenance.lines import LineFile
from forensic_cli.types import ItemResult, Verdict

PARTIAL_NAME = f"{RESULTS_NAME}.partial"
_DONE: dict[Verdict, type[ItemFailed | ItemSkipped]] = {
    Verdict.FAILED: ItemFailed,
    Verdict.SKIPPED: ItemSkipped,
}


class ScanJournal(Closing):
    """The audit log and the records of one results folder, open for more.

    A record is written before the event that names its hash. A record without such an event was not
    finished, whatever it looks like: see `past`.

    Args:
        folder: the results folder.
        audit: its log.
        records: its results.jsonl.partial.
    """

    def __init__(self, folder: Path, audit: AuditLog, records: LineFile) -> None:
        self.folder = folder
        self._audit, self._records = audit, records

    @property
    def head_sha256(self) -> str:
        """Of the audit log's last line."""
        return self._audit.head_sha256

    def log(self, *events: Event) -> None:
        """Adds events to the audit log.

        Raises:
            OutputError: they cannot be written.
        """
        self._audit.append_all(map(as_logged, events))

    def item_started(self, item_id: str, path: str) -> None:
        """Notes which item is being examined, in case nothing more comes of it.

        Raises:
            OutputError: it cannot be written.
        """
        self.log(ItemStarted(item_id, path))

    def item_done(self, item: ItemResult, *, is_unfinished: bool = False, node: str = "") -> None:
        """Adds a record and what led to it.

        Args:
            is_unfinished: an interruption alone kept the item from being examined.
            node: of a cluster, that examined it; "" for this machine.

        Raises:
            OutputError: the disk is full or gone.
        """
        line = item_line(item).encode("ascii")
        self._records.append([line])
        evidence, finding = item.evidence, item.finding
        events: list[Event] = [
            ExhibitWritten(item.item_id, exhibit.file, exhibit.sha256)
            for track in item.tracks
            for exhibit in track.exhibits
        ]
        if finding.verdict is Verdict.FAILED and evidence.sha256_before and not evidence.is_unchanged:
            events.append(
                EvidenceChanged(
                    item.item_id,
                    evidence.path,
                    "while it was read",
                    finding.reasons[0],
                    evidence.sha256_before,
                    evidence.sha256_after,
                )
            )
        kind: type[ItemFinished | ItemFailed | ItemSkipped] = _DONE.get(finding.verdict, ItemFinished)
        events.append(
            kind(
                item=item.item_id,
                verdict=finding.verdict.value,
                evidence_sha256=evidence.sha256_before,
                record_sha256=line_sha256(line),
                reasons=finding.reasons if issubclass(kind, ItemFailed | ItemSkipped) else (),
                is_unfinished=is_unfinished,
                node=node,
            )
        )
        self.log(*events)

    def interrupted(self, running: Iterable[str]) -> None:
        """Notes Ctrl-C, and the items that were being examined.

        Raises:
            OutputError: it cannot be written.
        """
        self.log(Interrupted(tuple(running)))

    def close(self) -> None:
        """Closes both files."""
        self._audit.close()
        self._records.close()


def begin_journal(folder: Path, started: ScanStarted, found: Iterable[ItemFound]) -> ScanJournal:
    """Begins the journal of a new scan. Its first lines come into being together, or not at all.

    Raises:
        OutputError: there is one, or it cannot be written.
    """
    records = LineFile(folder / PARTIAL_NAME, is_new=True)
    events: list[Event] = [started, *found]
    audit = start_audit(folder / AUDIT_NAME, map(as_logged, events))
    return ScanJournal(folder, audit, records)


def keep_records(folder: Path, lines: Iterable[bytes]) -> None:
    """Makes results.jsonl.partial hold these records and nothing else.

    Raises:
        OutputError: it cannot be written.
    """
    write_atomically(folder / PARTIAL_NAME, b"".join(line + b"\n" for line in lines))


def continue_journal(folder: Path) -> ScanJournal:
    """Continues the journal of a stopped scan, after `keep_records`.

    Raises:
        VerificationError: the audit log does not hold.
        OutputError: it cannot be written.
    """
    audit = continue_audit(folder / AUDIT_NAME)
    return ScanJournal(folder, audit, LineFile(folder / PARTIAL_NAME, is_new=False))
