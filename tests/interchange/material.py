"""Made-up results with everything that an export has to carry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from forensic_cli.case.model import Case, CaseItem
from forensic_cli.evidence.records import ScanResult
from forensic_cli.model.weights import ModelCard
from forensic_cli.types import (
    CropReading,
    Evidence,
    Exhibit,
    Finding,
    FrameCounts,
    ItemResult,
    LatentActivation,
    MediaFacts,
    MediaKind,
    ScanWarning,
    TrackResult,
    VerbalTerm,
    Verdict,
)
from tests.evidence.saved import result_of, saved

HASH = {name: digit * 64 for name, digit in zip(("clip", "face", "odd", "exhibit"), "1234", strict=True)}
ODD_NAME = "=cmd|' /C calc'!A0\udce9\u202e.png"


def _track(number: int, score: float) -> TrackResult:
    readings = tuple(
        CropReading(
            frame_index=frame,
            pts=frame,
            time_s=frame / 25,
            box_xyxy=(0.0, 0.0, 90.0, 90.0),
            crop_box_xyxy=(-5.0, -5.0, 95.0, 95.0),
            confidence=1.0,
            sharpness=10.0,
            activation=LatentActivation(1.0, 1.0 + score),
        )
        for frame in (0, 25)
    )
    verdict = Verdict.LIKELY_FORGED if score > 0 else Verdict.NO_SUPPORT
    finding = Finding(
        verdict,
        ("Sentence one.", "-sentence two"),
        score=score,
        interval=(score - 0.125, score + 0.125),
        log10_lr=-0.5,
        lr_is_bounded=True,
        lr_term=VerbalTerm.WEAK,
    )
    exhibit = Exhibit(f"exhibits/{number}.png", HASH["exhibit"], "heatmap", 0, 0.0, score)
    return TrackResult(number, readings, finding, (exhibit,))


def results(card: ModelCard, **case: object) -> ScanResult:
    """A clip with two tracks, a photograph without a face, a file that failed."""
    time = "2026-01-01T00:00:00Z"
    clip = ItemResult(
        "0001",
        Evidence("/evidence/usb/clip.mp4", 1000, time, HASH["clip"], HASH["clip"]),
        Finding(Verdict.LIKELY_FORGED, ("Why.",), 0.75, (0.5, 1.0)),
        MediaFacts(MediaKind.VIDEO, "MP4/QuickTime", "h264", 640, 480, 640, 480, n_frames=50),
        FrameCounts(50, 2, 2, 48, 0),
        (_track(1, 0.75), _track(2, -0.113)),
        (ScanWarning("suffix-differs", "The name promises something else."),),
    )
    photograph = ItemResult(
        "0002",
        Evidence(f"/evidence/{ODD_NAME}", 2000, time, HASH["odd"], HASH["odd"]),
        Finding(Verdict.NO_FACE, ("No face was found.",)),
        MediaFacts(MediaKind.IMAGE, "PNG", "RGB", 64, 64, 64, 64),
        FrameCounts(1, 1, 1, 0, 0),
    )
    failed = ItemResult("0003", Evidence("broken.jpg", 0, "", ""), Finding(Verdict.FAILED, ("Gone.",)))
    result = result_of(replace(card, sha256="a" * 64), clip, photograph, failed)
    about = (CaseItem(file="usb/clip.mp4", exhibit="KTU-7", received_from="Station 4"),)
    supplied = Case(
        number="7/2026", examiner="E. Examiner", role="Expert", laboratory="Laboratory", items=about
    )
    return replace(result, case=replace(supplied, **case))  # type: ignore[arg-type]


def saved_results(folder: Path, result: ScanResult) -> ScanResult:
    """Writes the results folder, the exhibits among it."""
    for track in result.items[0].tracks:
        for exhibit in track.exhibits:
            (folder / exhibit.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / exhibit.file).write_bytes(b"a picture")
    return saved(folder, result)
