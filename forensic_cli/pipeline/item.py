"""One item: hashed, decoded, searched for faces, read by the model, hashed again.

Decoding runs ahead of detection, detection runs in threads, and the model reads batches of crops
as they fill. Memory grows with the number of readings, not with the number of frames' pixels.
"""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from forensic_cli.config import ScanConfig
from forensic_cli.errors import EvidenceChangedError, ForensicError, MediaError, NotMediaError
from forensic_cli.evidence.aggregate import item_finding, track_finding
from forensic_cli.evidence.exhibits import MAX_TRACKS, ExhibitCollector, FrameView, view_of
from forensic_cli.faces.crop import cut_crop
from forensic_cli.faces.detect import Detection, detect_stream
from forensic_cli.faces.track import Tracker
from forensic_cli.media import open_media
from forensic_cli.media.discover import FoundItem
from forensic_cli.model.inference import Examiner
from forensic_cli.pipeline.listener import ScanListener
from forensic_cli.provenance.files import FileState, hash_evidence
from forensic_cli.types import (
    Crop,
    CropReading,
    Evidence,
    Finding,
    ItemResult,
    ScanWarning,
    TrackResult,
    Verdict,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _PendingCrop:
    crop: Crop
    view: FrameView


def examine_item(
    item_id: str, found: FoundItem, config: ScanConfig, examiner: Examiner, listener: ScanListener
) -> ItemResult:
    """Examines one item; what is wrong with it becomes its finding.

    Raises:
        OutputError: an exhibit cannot be written.
    """
    path = found.path
    if found.refusal:
        evidence = Evidence(os.fspath(path), 0, "", "")
        verdict = Verdict.FAILED if found.named_explicitly else Verdict.SKIPPED
        return ItemResult(item_id, evidence, Finding(verdict, (found.refusal,)))
    try:
        state = hash_evidence(path)
    except MediaError as error:
        listener.on_item(int(item_id), path, 0)
        return ItemResult(
            item_id, Evidence(os.fspath(path), 0, "", ""), Finding(Verdict.FAILED, _reasons(error))
        )
    evidence = Evidence(os.fspath(path), state.n_bytes, state.mtime_utc, state.sha256)
    try:
        item = _read(item_id, evidence, path, config, examiner, listener)
    except NotMediaError as error:
        verdict = Verdict.FAILED if found.named_explicitly else Verdict.SKIPPED
        item = ItemResult(item_id, evidence, Finding(verdict, _reasons(error)))
    except MediaError as error:
        item = ItemResult(item_id, evidence, Finding(Verdict.FAILED, _reasons(error)))
    except ForensicError:
        raise
    except Exception as error:
        # The edge of an item: a defect that one file provokes must not cost the batch. The traceback
        # goes to the log, the item is failed, and the report says that the program is to blame.
        logger.exception("defect while reading item %s", item_id)
        reason = f"The program failed on this item ({type(error).__name__}). That is a defect in it."
        hint = "Report it with the traceback on the terminal; the other items are not affected."
        item = ItemResult(item_id, evidence, Finding(Verdict.FAILED, (reason, hint)))
    return _hash_again(item, path, state)


def _reasons(error: ForensicError) -> tuple[str, ...]:
    return tuple(part for part in (error.message, error.hint) if part)


def _hash_again(item: ItemResult, path: Path, before: FileState) -> ItemResult:
    try:
        after = hash_evidence(path).sha256
    except MediaError as error:
        after = ""
        reason = f"The file could not be hashed again after it was read: {error.message}"
    else:
        reason = "The file changed while it was being read: its SHA-256 before and after differ."
    item = replace(item, evidence=replace(item.evidence, sha256_after=after))
    if after == before.sha256:
        return item
    change = EvidenceChangedError(reason, "Work on a copy that nothing else writes to, and scan again.")
    return replace(item, finding=Finding(Verdict.FAILED, _reasons(change)), tracks=())


def interrupted_item(item_id: str, found: FoundItem) -> ItemResult:
    """The record of an item that an interruption kept from being finished."""
    reason = "The scan was interrupted before this item was finished."
    evidence = Evidence(os.fspath(found.path), 0, "", "")
    return ItemResult(item_id, evidence, Finding(Verdict.SKIPPED, (reason,)))


def _read(
    item_id: str,
    evidence: Evidence,
    path: Path,
    config: ScanConfig,
    examiner: Examiner,
    listener: ScanListener,
) -> ItemResult:
    exhibits = (
        ExhibitCollector(config.out_dir, item_id, config.heatmaps, examiner.card.attention_scale)
        if config.out_dir
        else None
    )
    tracker = Tracker()
    readings: dict[int, list[CropReading]] = defaultdict(list)
    waiting: list[_PendingCrop] = []
    n_faces_dropped, smallest_px = 0, 0.0
    with open_media(path, config.sampling, config.limits) as source:
        listener.on_item(int(item_id), path, source.n_planned)
        for detection in detect_stream(source.frames(), config.faces):
            n_faces_dropped += detection.n_dropped
            smallest_px = max(smallest_px, detection.smallest_face_px)
            waiting += _crops(detection, tracker)
            if len(waiting) >= config.model.batch_size:
                _infer(waiting, examiner, readings, exhibits)
                waiting.clear()
            listener.on_frame()
        _infer(waiting, examiner, readings, exhibits)
        warnings = list(source.warnings)
        facts, counts = source.facts, source.counts
    if n_faces_dropped:
        message = (
            f"{n_faces_dropped} faces were left out: more than {config.faces.max_faces_per_frame} in a frame."
        )
        warnings.append(ScanWarning("cap-faces", message, n_faces_dropped))
    if smallest_px > config.faces.min_face_px:
        message = (
            f"The frames are too large to be enlarged for faces of {config.faces.min_face_px} px: "
            f"they were searched from {smallest_px:.0f} px on."
        )
        warnings.append(ScanWarning("min-face-raised", message))
    pictures = exhibits.write() if exhibits else {}
    if exhibits and exhibits.n_tracks_dropped:
        message = (
            f"Exhibits are shown for the {MAX_TRACKS} tracks with the highest scores; "
            f"{exhibits.n_tracks_dropped} tracks have none."
        )
        warnings.append(ScanWarning("cap-exhibits", message, exhibits.n_tracks_dropped))
    tracks = tuple(
        TrackResult(
            track_id,
            tuple(rows),
            track_finding(rows, examiner.card, counts.n_used, config.seed),
            pictures.get(track_id, ()),
        )
        for track_id, rows in sorted(readings.items())
    )
    return ItemResult(item_id, evidence, item_finding(tracks), facts, counts, tracks, tuple(warnings))


def _crops(detection: Detection, tracker: Tracker) -> list[_PendingCrop]:
    frame = detection.frame
    track_ids = tracker.update(frame, detection.faces)
    if not track_ids:
        return []
    # The full frame is let go here: what waits for the model is the crop and a reduced view.
    placed = list(zip(track_ids, detection.faces, strict=True))
    view = view_of(frame, [(track_id, face.box_xyxy) for track_id, face in placed])
    return [_PendingCrop(cut_crop(frame, face, track_id), view) for track_id, face in placed]


def _infer(
    waiting: Sequence[_PendingCrop],
    examiner: Examiner,
    readings: dict[int, list[CropReading]],
    exhibits: ExhibitCollector | None,
) -> None:
    answers = examiner.read([pending.crop.image for pending in waiting])
    for pending, answer in zip(waiting, answers, strict=True):
        crop = pending.crop
        readings[crop.track_id].append(
            CropReading(
                frame_index=crop.frame_index,
                pts=crop.pts,
                time_s=crop.time_s,
                box_xyxy=crop.face.box_xyxy,
                crop_box_xyxy=crop.crop_box_xyxy,
                confidence=crop.face.confidence,
                sharpness=crop.sharpness,
                activation=answer.activation,
            )
        )
        if exhibits:
            exhibits.add(pending.view, crop, answer.activation.score, answer.attention)
