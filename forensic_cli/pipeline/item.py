"""One item: opened once, hashed, read, hashed again. What is wrong with it becomes its finding."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from forensic_cli.config import HeatmapChoice, ScanConfig
from forensic_cli.errors import EvidenceChangedError, ForensicError, MediaError, NotMediaError
from forensic_cli.evidence.aggregate import item_finding
from forensic_cli.evidence.exhibits import ExhibitCollector
from forensic_cli.isolation import FaceReader, FaceReading, make_reader
from forensic_cli.isolation.endings import WorkerDefectError
from forensic_cli.media.discover import FoundItem
from forensic_cli.model.batching import BatchQueue
from forensic_cli.model.weights import ModelCard
from forensic_cli.pipeline.engine import FrameDone, Hashed, Planned, Step
from forensic_cli.pipeline.reading import CropExaminer
from forensic_cli.provenance.files import hash_open_file, is_still_at, open_read_only
from forensic_cli.types import Evidence, Finding, ItemResult, Verdict

logger = logging.getLogger(__name__)


def face_reader(config: ScanConfig) -> FaceReader:
    """The reader of a scan's items, isolated where the system can.

    Raises:
        UsageError, WeightsError: there is no detector.
    """
    wants_views = config.out_dir is not None and config.heatmaps is not HeatmapChoice.NONE
    reading = FaceReading(config.sampling, config.limits, config.faces, wants_views)
    return make_reader(reading, config.isolation)


class ItemExaminer:
    """Examines items one after the other.

    Args:
        config: of the scan.
        batches: the model, which others may use at the same time.
        card: of its weights.
        reader: decodes the items and finds their faces; used by this alone.
        tell: told of every step.
    """

    def __init__(
        self,
        config: ScanConfig,
        batches: BatchQueue,
        card: ModelCard,
        reader: FaceReader,
        tell: Callable[[Step], None],
    ) -> None:
        self._config, self._batches, self._card, self._reader = config, batches, card, reader
        self._tell = tell

    def examine(self, item_id: str, found: FoundItem) -> ItemResult:
        """Examines one item.

        Raises:
            OutputError: an exhibit cannot be written.
        """
        if found.refusal:
            verdict = Verdict.FAILED if found.named_explicitly else Verdict.SKIPPED
            return ItemResult(item_id, _unread(found.path), Finding(verdict, (found.refusal,)))
        try:
            with open_read_only(found.path) as file:
                return self._examine_open(item_id, found, file)
        except MediaError as error:
            # It cannot be opened, or not be hashed: the storage, not the content, is at fault.
            return ItemResult(item_id, _unread(found.path), Finding(Verdict.FAILED, _reasons(error)))

    def _examine_open(self, item_id: str, found: FoundItem, file: BinaryIO) -> ItemResult:
        self._reader.prepare()
        before = hash_open_file(file, found.path.name)
        evidence = Evidence(os.fspath(found.path), before.n_bytes, before.mtime_utc, before.sha256)
        self._tell(Hashed(item_id, evidence))
        with self._reader.media_facts(file, found.path.name) as media_facts:
            item, is_media = self._read_safely(item_id, evidence, found, file)
            if is_media:
                # Also of an item that could not be decoded: that is when they are asked for.
                item = replace(item, media_facts=media_facts())
        return self._checked_again(item, found.path, file)

    def _read_safely(
        self, item_id: str, evidence: Evidence, found: FoundItem, file: BinaryIO
    ) -> tuple[ItemResult, bool]:
        """The item without its media facts, and whether it is an image or a video at all."""
        exhibits = self._collector(item_id)
        is_media = True
        try:
            item = self._read(item_id, evidence, found.path, file, exhibits)
        except NotMediaError as error:
            is_media = False
            verdict = Verdict.FAILED if found.named_explicitly else Verdict.SKIPPED
            item = ItemResult(item_id, evidence, Finding(verdict, _reasons(error)))
        except MediaError as error:
            item = ItemResult(item_id, evidence, Finding(Verdict.FAILED, _reasons(error)))
        except ForensicError:
            raise
        except Exception as error:
            # The edge of an item: a defect that one file provokes must not cost the batch. The traceback
            # goes to the log, the item is failed, and the report says that the program is to blame.
            kind, detail = type(error).__name__, ""
            if isinstance(error, WorkerDefectError):
                kind, detail = error.kind, f"\nin the worker:\n{error.detail}"
            logger.exception("defect while reading item %s%s", item_id, detail)
            reason = f"The program failed on this item ({kind}). That is a defect in it."
            hint = "Report it with the traceback on the terminal; the other items are not affected."
            item = ItemResult(item_id, evidence, Finding(Verdict.FAILED, (reason, hint)))
        finally:
            if exhibits:
                exhibits.discard()
        return item, is_media

    def _collector(self, item_id: str) -> ExhibitCollector | None:
        if self._config.out_dir is None:
            return None
        scale = self._card.attention_scale
        return ExhibitCollector(self._config.out_dir, item_id, self._config.heatmaps, scale)

    def _read(
        self, item_id: str, evidence: Evidence, path: Path, file: BinaryIO, exhibits: ExhibitCollector | None
    ) -> ItemResult:
        config = self._config
        crops = CropExaminer(self._batches, self._card, config.faces, exhibits, config.seed)
        with self._reader.open(file, path.name) as stream:
            self._tell(Planned(item_id, path, stream.n_planned))
            crops.take(stream, lambda: self._tell(FrameDone(item_id)))
            facts, counts, warnings = stream.facts, stream.counts, stream.warnings
        tracks = crops.finish(facts, counts.n_used)
        return ItemResult(
            item_id,
            evidence,
            item_finding(tracks),
            facts,
            counts,
            tracks,
            (*warnings, *crops.warnings),
        )

    def _checked_again(self, item: ItemResult, path: Path, file: BinaryIO) -> ItemResult:
        """Hashes the open file again; a difference, or another file in its place, is a failure."""
        try:
            after = hash_open_file(file, path.name).sha256
        except MediaError as error:
            after, fault = "", f"The file could not be hashed again after it was read: {error.message}"
        else:
            fault = "The file changed while it was being read: its SHA-256 before and after differ."
        item = replace(item, evidence=replace(item.evidence, sha256_after=after))
        if item.evidence.is_unchanged:
            if is_still_at(file, path):
                return item
            fault = "Another file took the place of this one while it was being read."
            item = replace(item, evidence=replace(item.evidence, sha256_after=""))
        change = EvidenceChangedError(fault, "Work on a copy that nothing else writes to, and scan again.")
        for exhibit in (exhibit for track in item.tracks for exhibit in track.exhibits):
            if self._config.out_dir is not None:
                (self._config.out_dir / exhibit.file).unlink(missing_ok=True)
        finding = Finding(Verdict.FAILED, _reasons(change))
        return replace(item, finding=finding, tracks=(), media_facts=None)


def interrupted_item(item_id: str, found: FoundItem, evidence: Evidence | None) -> ItemResult:
    """The record of an item that an interruption kept from being finished.

    Args:
        evidence: None where it was not hashed yet.
    """
    reason = "The scan was interrupted before this item was finished."
    return ItemResult(item_id, evidence or _unread(found.path), Finding(Verdict.SKIPPED, (reason,)))


def _unread(path: Path) -> Evidence:
    return Evidence(os.fspath(path), 0, "", "")


def _reasons(error: ForensicError) -> tuple[str, ...]:
    return tuple(part for part in (error.message, error.hint) if part)
