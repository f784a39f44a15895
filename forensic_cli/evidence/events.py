"""What the audit log says of each event: the shape of its `details`.

These classes are the one source of the shapes: the log is written from them, read into them, and the
published schema is made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from forensic_cli.config import ScanConfig
from forensic_cli.evidence.records import from_jsonable, to_jsonable
from forensic_cli.provenance.audit import AuditEntry, AuditEvent
from forensic_cli.types import Resumption


@dataclass(frozen=True, slots=True)
class Conditions:
    """What results depend on besides evidence and options. A scan is resumed under the same alone.

    Attributes:
        source_sha256: over the program's own Python files; see `provenance.run`.
        versions: (component, version).
        device: what the model ran on.
    """

    tool_version: str
    source_sha256: str
    versions: tuple[tuple[str, str], ...]
    weights: str
    weights_sha256: str
    device: str
    precision: str


@dataclass(frozen=True, slots=True)
class ScanStarted:
    """The scan began.

    Attributes:
        run_id: UUID, also the report's.
        argv: the command line, word by word.
        clock: what the times are worth.
        options: every option, given or not.
    """

    event: ClassVar[AuditEvent] = AuditEvent.SCAN_STARTED
    run_id: str
    argv: tuple[str, ...]
    working_folder: str
    clock: str
    commit: str
    platform: str
    conditions: Conditions
    options: ScanConfig
    n_items: int


@dataclass(frozen=True, slots=True)
class ItemFound:
    """An item that must be accounted for. Nothing of it was opened yet.

    Attributes:
        refusal: why it may not be opened; "" where it may.
        n_bytes, mtime_ns: of a regular file when it was found; None for anything else.
    """

    event: ClassVar[AuditEvent] = AuditEvent.ITEM_FOUND
    item: str
    path: str
    named_explicitly: bool
    refusal: str
    n_bytes: int | None
    mtime_ns: int | None


@dataclass(frozen=True, slots=True)
class ItemStarted:
    """The item is being examined from now on."""

    event: ClassVar[AuditEvent] = AuditEvent.ITEM_STARTED
    item: str
    path: str


@dataclass(frozen=True, slots=True)
class ItemDone:
    """The item's record is on the disk. The event's name says whether it was finished, failed or skipped.

    Attributes:
        record_sha256: of the item's line in results.jsonl, without the line feed.
        is_unfinished: True where an interruption alone kept the item from being examined.
        node: of a cluster, that examined the item; "" for the machine that ran the scan.
    """

    item: str
    verdict: str
    evidence_sha256: str
    record_sha256: str
    reasons: tuple[str, ...]
    is_unfinished: bool
    node: str = ""


@dataclass(frozen=True, slots=True)
class ItemFinished(ItemDone):
    """It was read, with or without a face in it."""

    event: ClassVar[AuditEvent] = AuditEvent.ITEM_FINISHED


@dataclass(frozen=True, slots=True)
class ItemFailed(ItemDone):
    """It could not be read."""

    event: ClassVar[AuditEvent] = AuditEvent.ITEM_FAILED


@dataclass(frozen=True, slots=True)
class ItemSkipped(ItemDone):
    """It is of no kind that is examined, or the scan was interrupted before it."""

    event: ClassVar[AuditEvent] = AuditEvent.ITEM_SKIPPED


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """A worker of a cluster is gone, or did not start. What it examined is examined by another.

    Attributes:
        reason: one sentence.
        items: that it examined.
    """

    event: ClassVar[AuditEvent] = AuditEvent.WORKER_LOST
    node: str
    reason: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvidenceChanged:
    """A file of evidence is not what it was.

    Attributes:
        when: "while it was read", or "since the scan began".
        sha256_before, sha256_after: "" where there is none.
        change: one sentence.
    """

    event: ClassVar[AuditEvent] = AuditEvent.EVIDENCE_CHANGED
    item: str
    path: str
    when: str
    change: str
    sha256_before: str
    sha256_after: str


@dataclass(frozen=True, slots=True)
class ExhibitWritten:
    """A picture of the item lies in the results folder.

    Attributes:
        file: below the results folder.
    """

    event: ClassVar[AuditEvent] = AuditEvent.EXHIBIT_WRITTEN
    item: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Ctrl-C.

    Attributes:
        items: that were being examined.
    """

    event: ClassVar[AuditEvent] = AuditEvent.INTERRUPTED
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resumed:
    """The scan goes on.

    Attributes:
        report: the PDF that is to be written; None for none.
        removed: temporary files of the stopped run that were deleted.
    """

    event: ClassVar[AuditEvent] = AuditEvent.RESUMED
    resumption: Resumption
    report: Path | None
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetAside:
    """Something in the results folder no longer counts, and was moved away.

    Attributes:
        file: what it was, or was part of, below the results folder.
        kept_as: where it lies now, below the results folder.
        reason: one sentence.
    """

    event: ClassVar[AuditEvent] = AuditEvent.SET_ASIDE
    file: str
    kept_as: str
    n_bytes: int
    sha256: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScanFinished:
    """Every item has its record. The hash of this event's line is the head that the manifest states.

    Attributes:
        n_unfinished: items that an interruption kept from being examined.
    """

    event: ClassVar[AuditEvent] = AuditEvent.SCAN_FINISHED
    n_items: int
    n_analysed: int
    n_without_face: int
    n_skipped: int
    n_failed: int
    n_unfinished: int
    results_sha256: str


@dataclass(frozen=True, slots=True)
class ReportWritten:
    """A PDF was drawn from the results.

    Attributes:
        file: relative to the results folder.
    """

    event: ClassVar[AuditEvent] = AuditEvent.REPORT_WRITTEN
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ReportSigned:
    """A report was signed.

    Attributes:
        file: relative to the results folder.
        sha256: of the signed file.
        signer: subject of the certificate.
    """

    event: ClassVar[AuditEvent] = AuditEvent.REPORT_SIGNED
    file: str
    sha256: str
    signer: str


Event = (
    ScanStarted
    | ItemFound
    | ItemStarted
    | ItemFinished
    | ItemFailed
    | ItemSkipped
    | WorkerLost
    | EvidenceChanged
    | ExhibitWritten
    | Interrupted
    | Resumed
    | SetAside
    | ScanFinished
    | ReportWritten
    | ReportSigned
)
EVENT_TYPES: dict[str, type[Event]] = {kind.event.value: kind for kind in Event.__args__}


def as_logged(event: Event) -> tuple[AuditEvent, Mapping[str, Any]]:
    """The event as `AuditLog.append_all` takes it."""
    return event.event, to_jsonable(event)


def event_of(entry: AuditEntry) -> Event:
    """The inverse: an entry of the log as a value.

    Raises:
        ValueError, KeyError, TypeError: its event is unknown, or its details do not fit.
    """
    event: Event = from_jsonable(EVENT_TYPES[entry.event], entry.details)
    return event
