"""The evidence of a stopped scan as it is now, against what the scan had found and hashed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.errors import MediaError
from forensic_cli.evidence.events import EvidenceChanged, ItemFound
from forensic_cli.evidence.past import KeptRecords, PastScan
from forensic_cli.evidence.records import item_of_line
from forensic_cli.media.discover import FoundItem
from forensic_cli.provenance.files import hash_evidence
from forensic_cli.types import ItemResult


@dataclass(frozen=True, slots=True)
class Comparison:
    """What can be trusted, and what is different.

    Attributes:
        kept: items whose records stand: their evidence is unchanged, or gone.
        repeated: ids of items that had been finished, but whose record or exhibits are lost.
        new: entries that were not there before.
        missing: items that are no longer there.
        changed: items whose files are not what they were.
    """

    kept: tuple[ItemResult, ...]
    repeated: tuple[str, ...]
    new: tuple[FoundItem, ...]
    missing: tuple[ItemFound, ...]
    changed: tuple[EvidenceChanged, ...]


def item_found(item_id: str, entry: FoundItem) -> ItemFound:
    """The entry as the audit log notes it, with size and time of a regular file."""
    n_bytes, mtime_ns = _size_and_time(entry)
    return ItemFound(item_id, os.fspath(entry.path), entry.named_explicitly, entry.refusal, n_bytes, mtime_ns)


def compare(folder: Path, past: PastScan, records: KeptRecords, entries: Iterable[FoundItem]) -> Comparison:
    """Hashes the evidence of every finished item again, and looks for what came, went and changed.

    An item that was not finished has no hash yet: its size and modification time are compared. An item
    whose record already says that its file changed while it was read is left at that.

    Args:
        folder: of the results.
        entries: what is found now.

    Raises:
        ValueError, KeyError, TypeError: a record is of another schema.
    """
    now = {os.fspath(entry.path): entry for entry in entries}
    kept, repeated, missing, changed = [], [], [], []
    for item_id, before in past.found.items():
        line = records.lines.get(item_id)
        item = item_of_line(line) if line is not None else None
        entry = now.pop(before.path, None)
        change = None
        if entry is None:
            missing.append(before)
        elif item is None or item.evidence.is_unchanged or not item.evidence.sha256_before:
            change = _change(before, entry, past)
        if change is not None:
            changed.append(change)
        elif item is not None and _are_intact(folder, item):
            kept.append(item)
        elif item_id in past.done:
            repeated.append(item_id)
    return Comparison(tuple(kept), tuple(repeated), tuple(now.values()), tuple(missing), tuple(changed))


def _change(before: ItemFound, entry: FoundItem, past: PastScan) -> EvidenceChanged | None:
    """What is different about an item; None where nothing is."""
    outcome = past.done.get(before.item)
    recorded = outcome.evidence_sha256 if outcome else ""
    sentence, sha256 = "", ""
    if entry.refusal != before.refusal:
        sentence = f"Then: {before.refusal or 'a regular file.'} Now: {entry.refusal or 'a regular file.'}"
    elif recorded:
        try:
            sha256 = hash_evidence(entry.path).sha256
        except MediaError as error:
            sentence = f"It can no longer be read: {error.message}"
        else:
            sentence = "Its SHA-256 is another." if sha256 != recorded else ""
    elif outcome is None and _size_and_time(entry) != (before.n_bytes, before.mtime_ns):
        sentence = "Its size or its time of modification is another."
    if not sentence:
        return None
    return EvidenceChanged(before.item, before.path, "since the scan began", sentence, recorded, sha256)


def _size_and_time(entry: FoundItem) -> tuple[int | None, int | None]:
    if entry.refusal:
        return None, None
    try:
        status = entry.path.lstat()
    except OSError:
        # It vanished, or may not be looked at: what reads it will say so.
        return None, None
    return status.st_size, status.st_mtime_ns


def _are_intact(folder: Path, item: ItemResult) -> bool:
    """True where every exhibit of the item lies there as it was recorded."""
    for exhibit in (exhibit for track in item.tracks for exhibit in track.exhibits):
        try:
            with (folder / exhibit.file).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != exhibit.sha256:
                    return False
        except OSError:
            # Lost with the last writes before the power went.
            return False
    return True


def exhibits_of(items: Sequence[ItemResult]) -> set[str]:
    """The files that the items' exhibits are, below the results folder."""
    return {exhibit.file for item in items for track in item.tracks for exhibit in track.exhibits}
