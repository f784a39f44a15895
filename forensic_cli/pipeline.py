"""One scan: find the items, read each in a stream, write what was found. No Typer, no print.

Decoding runs ahead of detection, detection runs in threads, and the model reads batches of crops
as they fill. Memory grows with the number of readings, not with the number of frames' pixels.
"""

from __future__ import annotations

import os
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from forensic_cli import __version__
from forensic_cli.config import HeatmapChoice, ScanConfig
from forensic_cli.errors import (
    EvidenceChangedError,
    ForensicError,
    MediaError,
    NotMediaError,
    OutputError,
    UsageError,
)
from forensic_cli.evidence.aggregate import aggregation_rule, item_finding, track_finding
from forensic_cli.evidence.exhibits import MAX_TRACKS, N_TOP, ExhibitCollector, FrameView, view_of
from forensic_cli.evidence.output import ResultsWriter, add_to_sums
from forensic_cli.evidence.records import ScanResult
from forensic_cli.faces.crop import CROP_MARGIN, CROP_PX, cut_crop
from forensic_cli.faces.detect import Detection, detect_stream
from forensic_cli.faces.track import Tracker
from forensic_cli.media import open_media
from forensic_cli.media.discover import FoundItem, discover
from forensic_cli.model.inference import Examiner
from forensic_cli.provenance.files import FileState, hash_evidence
from forensic_cli.provenance.run import (
    command_line,
    commit,
    platform_description,
    utc_now,
    versions,
)
from forensic_cli.types import (
    Crop,
    CropReading,
    Evidence,
    Finding,
    ItemResult,
    RunInfo,
    ScanWarning,
    TrackResult,
    Verdict,
)


class ScanListener(Protocol):
    """Told of progress as it happens; called in the scanning thread."""

    def on_found(self, n_items: int) -> None:
        """All items are known."""

    def on_item(self, number: int, path: Path, n_frames: int) -> None:
        """Item `number` (from 1) begins; `n_frames` will be examined."""

    def on_frame(self) -> None:
        """One more frame of the item was examined."""

    def on_result(self, item: ItemResult) -> None:
        """The item is done."""


@dataclass(frozen=True, slots=True)
class _PendingCrop:
    crop: Crop
    view: FrameView


def run_scan(config: ScanConfig, listener: ScanListener) -> ScanResult:
    """Runs a scan to its end, or to Ctrl-C, and writes its results if `config.out_dir` is set.

    After Ctrl-C the items done are complete, the others are accounted for as skipped, and
    `result.run.was_interrupted` is true. The PDF is not drawn here: see `report`.

    Raises:
        UsageError, WeightsError, OutputError: before the first item is opened.
        OutputError: results can no longer be written.
        EvidenceChangedError: never; an item that changed is a failed item with that reason.
    """
    found = discover(config.paths).items
    _refuse_output_in_evidence(config)
    examiner = Examiner(config.model)
    writer = ResultsWriter(config.out_dir) if config.out_dir else None
    started_utc = utc_now()
    listener.on_found(len(found))
    items: list[ItemResult] = []

    def keep(item: ItemResult) -> None:
        items.append(item)
        if writer:
            writer.add(item)
        listener.on_result(item)

    was_interrupted = False
    try:
        for number, entry in enumerate(found, 1):
            keep(_examine(f"{number:04d}", entry, config, examiner, listener))
    except KeyboardInterrupt:
        was_interrupted = True
        for number, entry in enumerate(found[len(items) :], len(items) + 1):
            keep(_interrupted(f"{number:04d}", entry))
    run = RunInfo(
        run_id=str(uuid.uuid4()),
        argv=command_line(),
        started_utc=started_utc,
        finished_utc=utc_now(),
        tool_version=__version__,
        commit=commit(),
        versions=(*versions(), _ffmpeg_version()),
        platform=platform_description(),
        device=examiner.device_description,
        precision=examiner.precision,
        seed=config.seed,
        was_interrupted=was_interrupted,
    )
    card = examiner.card
    result = ScanResult(run, config.case, card, _parameters(config), aggregation_rule(card), tuple(items))
    if writer:
        writer.finish(result)
    return result


def _ffmpeg_version() -> tuple[str, str]:
    import av

    return "FFmpeg libavcodec", ".".join(str(part) for part in av.library_versions["libavcodec"])


def draw_report(result: ScanResult, results_dir: Path, target: Path) -> None:
    """Draws the PDF of saved results and adds its hash to SHA256SUMS.

    Raises:
        OutputError: it cannot be written.
    """
    from forensic_cli.report.build import build_report
    from forensic_cli.report.pdf import write_pdf

    write_pdf(build_report(result, results_dir), target)
    add_to_sums(results_dir, target)


def _refuse_output_in_evidence(config: ScanConfig) -> None:
    """Nothing may be written into the evidence tree, nor over anything that exists."""
    outputs = [path for path in (config.out_dir, config.report) if path is not None]
    for output in outputs:
        resolved = output.resolve()
        for path in config.paths:
            if path.is_dir() and resolved.is_relative_to(path.resolve()):
                raise UsageError(
                    f"{output} lies inside the evidence folder {path}.",
                    "Write the results somewhere else: evidence is never written to.",
                )
            if resolved == path.resolve():
                raise UsageError(f"{output} is the evidence itself.", "Give the output another name.")
    if config.report is not None and config.report.exists():
        raise OutputError(
            f"{config.report} exists; a report is never overwritten.", "Give --report another name."
        )


def _examine(
    item_id: str, found: FoundItem, config: ScanConfig, examiner: Examiner, listener: ScanListener
) -> ItemResult:
    """Examines one item; what is wrong with it becomes its finding."""
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


def _interrupted(item_id: str, found: FoundItem) -> ItemResult:
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


def _parameters(config: ScanConfig) -> tuple[tuple[str, str], ...]:
    faces, limits = config.faces, config.limits
    heatmaps = {
        HeatmapChoice.NONE: "none",
        HeatmapChoice.TOP: f"the {N_TOP} crops with the highest scores of each track",
        HeatmapChoice.ALL: "every crop",
    }
    return (
        ("Sampling of videos", config.sampling.description),
        ("Face detector", faces.detector.value),
        ("Smallest face searched", f"{faces.min_face_px} px"),
        ("Faces a frame, at most", str(faces.max_faces_per_frame)),
        ("Crop", f"square, {CROP_MARGIN:g} times the longer side of the face, {CROP_PX} x {CROP_PX} px"),
        ("Heatmaps", heatmaps[config.heatmaps]),
        ("Crops a batch", str(config.model.batch_size)),
        ("Pixels of a picture, at most", f"{limits.max_pixels:,}"),
        ("Frames of a video, at most", f"{limits.max_frames:,}"),
        ("Seconds of a video, at most", f"{limits.max_duration_s:g}"),
        ("Seed of the intervals", str(config.seed)),
    )
