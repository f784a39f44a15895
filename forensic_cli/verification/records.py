"""The records in results.jsonl, against the manifest and the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forensic_cli.evidence.events import EVENT_TYPES, ItemDone, ScanFinished, event_of
from forensic_cli.evidence.records import RESULTS_NAME, Manifest, item_of_line
from forensic_cli.provenance.audit import AUDIT_NAME, AuditEntry, check_lines, line_sha256
from forensic_cli.provenance.checks import Check
from forensic_cli.types import ItemResult

LOG_AREA = "audit log"


@dataclass(frozen=True, slots=True)
class ReadRecords:
    """What results.jsonl holds.

    Attributes:
        items: None where a record cannot be read.
        lines: without line feeds.
    """

    items: tuple[ItemResult, ...] | None
    lines: tuple[bytes, ...]
    checks: tuple[Check, ...]


def read_records(content: bytes, manifest: Manifest) -> ReadRecords:
    """Reads every record, and holds their number and exhibits to the manifest."""
    lines = tuple(content.removesuffix(b"\n").split(b"\n")) if content else ()
    claim = "Every record can be read"
    try:
        items = tuple(map(item_of_line, lines))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        fault = Check.fault("results", RESULTS_NAME, claim, f"One cannot: {error!r}.")
        return ReadRecords(None, lines, (fault,))
    n, n_stated = len(items), manifest.n_items
    stated = {file.path: file.sha256 for file in manifest.files}
    strays = [
        exhibit.file
        for item in items
        for track in item.tracks
        for exhibit in track.exhibits
        if stated.get(exhibit.file) != exhibit.sha256
    ]
    return ReadRecords(
        items,
        lines,
        (
            Check.holds("results", RESULTS_NAME, claim),
            Check.of(
                "results", RESULTS_NAME, "It holds a record for every item", n == n_stated,
                f"It holds {n} records; the manifest states {n_stated} items.",
            ),
            Check.of(
                "results", RESULTS_NAME, "Its exhibits are those of the manifest", not strays,
                f"They differ in {', '.join(strays)}.",
            ),
        ),
    )  # fmt: skip


def chain_checks(lines: Sequence[bytes], torn: bytes, manifest: Manifest | None) -> tuple[Check, ...]:
    """Is every line of the audit log bound to the one before, and the scan's end to the manifest?

    Args:
        lines: of the log, without line feeds.
        torn: a last line that is not whole.
        manifest: None where there is none: then the chain alone is checked.
    """
    chain = check_lines(lines)
    faults = [*chain.faults, *(["Its last line is torn."] if torn else [])]
    claim = "Every line holds the hash of the one before"
    checks = [Check.of(LOG_AREA, AUDIT_NAME, claim, not faults, " ".join(faults))]
    claim = "The line that ended the scan is the one whose hash the manifest states"
    if manifest is None:
        checks.append(Check.not_made(LOG_AREA, AUDIT_NAME, claim, "There is no manifest to compare with."))
    else:
        detail = f"No line has the hash {manifest.audit_head_sha256 or 'that it should state'}."
        does_hold = manifest.audit_head_sha256 in chain.line_sha256s
        checks.append(Check.of(LOG_AREA, AUDIT_NAME, claim, does_hold, detail))
    return tuple(checks)


def log_checks(
    entries: Sequence[AuditEntry], records: Sequence[bytes], results_sha256: str
) -> tuple[Check, ...]:
    """Do the records agree with what the audit log noted of each?

    Args:
        records: lines of results.jsonl, without line feeds.
        results_sha256: of the whole results.jsonl.
    """
    claim = "It tells of the same records as results.jsonl"
    try:
        events = [event_of(entry) for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        known = ", ".join(sorted(EVENT_TYPES))
        reason = f"An event is unknown or malformed ({error!r}); known are {known}."
        return (Check.fault(LOG_AREA, AUDIT_NAME, claim, reason),)
    noted = {event.item: event.record_sha256 for event in events if isinstance(event, ItemDone)}
    ends = [event.results_sha256 for event in events if isinstance(event, ScanFinished)]
    found = {line_sha256(line) for line in records}
    missing = [item for item, sha256 in noted.items() if sha256 not in found]
    faults = []
    if missing:
        faults.append(f"The records of {', '.join(missing)} are not those that it notes.")
    if len(found) != len(noted):
        faults.append(f"It notes {len(noted)} records; results.jsonl holds {len(found)}.")
    if not ends or ends[-1] != results_sha256:
        faults.append("It ends with another results.jsonl.")
    return (Check.of(LOG_AREA, AUDIT_NAME, claim, not faults, " ".join(faults)),)
