"""An item on a cluster: progress when it begins anew, evidence as seen from here, its record when it is given up."""

from __future__ import annotations

import os
from dataclasses import replace

from forensic_cli.errors import MediaError, UsageError
from forensic_cli.media.discover import FoundItem
from forensic_cli.pipeline.engine import FrameDone, Planned
from forensic_cli.provenance.files import hash_evidence, hash_open_file, open_read_only, utc_iso
from forensic_cli.types import Evidence, Finding, ItemResult, Verdict

_REMEDY = "Mount the shared storage at the same place on every node, readable for the user that Ray runs as."


class Progress:
    """What was told of each item: nothing is told twice when an item begins anew."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}
        self._now: dict[str, int] = {}

    def is_new(self, step: Planned | FrameDone) -> bool:
        """True where nobody was told of this step."""
        item_id = step.item_id
        if isinstance(step, Planned):
            self._now[item_id] = 0
            return self._told.setdefault(item_id, -1) < 0
        self._now[item_id] += 1
        if self._now[item_id] <= self._told[item_id]:
            return False
        self._told[item_id] = self._now[item_id]
        return True

    def forget(self, item_id: str) -> None:
        """The item is done."""
        self._told.pop(item_id, None)
        self._now.pop(item_id, None)


def require_seen_alike(item: ItemResult, found: FoundItem, node: str) -> None:
    """Makes sure that a node saw the file that is seen from here, not another one in its place.

    An item that changed while it was read has its own finding, and is left alone.

    Raises:
        UsageError: the node cannot read it, or saw a file of another size or time.
    """
    evidence = item.evidence
    if found.refusal or (evidence.sha256_before and not evidence.is_unchanged):
        return
    try:
        if not evidence.sha256_before:
            hash_evidence(found.path)
            raise UsageError(f"{node} cannot read {found.path}, which can be read from here.", _REMEDY)
        with open_read_only(found.path) as file:
            status = os.fstat(file.fileno())
    except MediaError:
        # Nor can it be read from here.
        return
    mtime_utc = utc_iso(status.st_mtime)
    if (evidence.n_bytes, evidence.mtime_utc) != (status.st_size, mtime_utc):
        raise UsageError(
            f"{node} read {found.path} as a file of {evidence.n_bytes:,} bytes, last changed {evidence.mtime_utc}; "
            f"from here it has {status.st_size:,} bytes and was last changed {mtime_utc}.",
            _REMEDY,
        )


def lost_item(item_id: str, found: FoundItem, n_losses: int, reason: str) -> ItemResult:
    """The record of an item that ended its worker again and again. It is hashed, and not decoded.

    Args:
        reason: how the last worker was lost.
    """
    reasons = (
        f"The worker that examined this item was lost {n_losses} times. The last time: {reason}",
        "Treat the file as damaged or hostile; examine it alone, on one machine.",
    )
    finding = Finding(Verdict.FAILED, reasons)
    unread = Evidence(os.fspath(found.path), 0, "", "")
    try:
        with open_read_only(found.path) as file:
            before = hash_open_file(file, found.path.name)
            evidence = Evidence(unread.path, before.n_bytes, before.mtime_utc, before.sha256)
            after = hash_open_file(file, found.path.name).sha256
    except MediaError as error:
        return ItemResult(item_id, unread, replace(finding, reasons=(*reasons, error.message)))
    return ItemResult(item_id, replace(evidence, sha256_after=after), finding)
