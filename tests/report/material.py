"""Made results for the report's tests: a case with every kind of item, and its exhibits on disk."""

from __future__ import annotations

import hashlib
import io
import math
from pathlib import Path

import numpy as np
from PIL import Image

from forensic_cli.case.model import Case
from forensic_cli.evidence.records import ScanResult
from forensic_cli.model.weights import ErrorRate, ModelCard
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
    RunInfo,
    ScanWarning,
    TrackResult,
    Verdict,
)

UGLY_NAME = 'foo<b>&"\u202e.mp4'
BROKEN_BYTES_NAME = "\udcff\udcfe kamera.avi"
GREEK_NAME = "Συνέντευξη στην Αθήνα.mp4"
CYRILLIC_NAME = "Паспорт Иванов.jpg"
CJK_NAME = "監視カメラ_東京駅_한국어.mkv"
FORGED_THRESHOLD = 0.25
NO_SUPPORT_THRESHOLD = -0.05


def sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def make_evidence(name: str, n_bytes: int = 4_812_345, is_changed: bool = False) -> Evidence:
    after = sha(name + "!") if is_changed else sha(name)
    return Evidence(f"/media/evidence/2026-0042/{name}", n_bytes, "2026-10-30T07:12:09Z", sha(name), after)


def make_reading(frame: int, score: float, rate: float = 25.0, face_px: float = 142.0) -> CropReading:
    real = 0.9 - score / 2
    half = face_px / 2
    return CropReading(
        frame_index=frame,
        pts=frame * 512,
        time_s=frame / rate,
        box_xyxy=(300 - half, 200 - half, 300 + half, 200 + half),
        crop_box_xyxy=(300 - 1.3 * half, 200 - 1.3 * half, 300 + 1.3 * half, 200 + 1.3 * half),
        confidence=1.42 + 0.01 * (frame % 7),
        sharpness=180.0 + frame % 41,
        activation=LatentActivation(real=real, fake=real + score),
    )


def make_picture(size: tuple[int, int], seed: int, kind: str) -> bytes:
    """A smooth picture of (width, height); PNG for a heatmap, JPEG for a frame."""
    width, height = size
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 220, (6, 6, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "PNG" if kind == "heatmap" else "JPEG")
    return buffer.getvalue()


def make_exhibit(folder: Path, name: str, kind: str, reading: CropReading, content: bytes) -> Exhibit:
    file = f"exhibits/{name}-{kind}.{'png' if kind == 'heatmap' else 'jpg'}"
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Exhibit(
        file=file,
        sha256=hashlib.sha256(content).hexdigest(),
        kind=kind,
        frame_index=reading.frame_index,
        time_s=reading.time_s,
        score=reading.score,
    )


def make_track(
    folder: Path,
    item_id: str,
    track_id: int,
    level: float,
    n_readings: int = 17,
    n_shown: int = 2,
    first: int = 0,
) -> TrackResult:
    """A track whose score swings around `level`; its highest readings are shown."""
    readings = tuple(
        make_reading(first + 12 * n, level + 0.09 * math.sin(1.7 * n + track_id)) for n in range(n_readings)
    )
    best = sorted(readings, key=lambda reading: -reading.score)[:n_shown]
    exhibits = []
    for number, reading in enumerate(best):
        name = f"{item_id}-track{track_id:03d}-frame{reading.frame_index:07d}"
        if number == 0:
            content = make_picture((480, 270), track_id, "frame")
            exhibits.append(make_exhibit(folder, name, "frame", reading, content))
        content = make_picture((784, 256), number, "heatmap")
        exhibits.append(make_exhibit(folder, name, "heatmap", reading, content))
    if level >= FORGED_THRESHOLD:
        verdict = Verdict.LIKELY_FORGED
    else:
        verdict = Verdict.NO_SUPPORT if level < NO_SUPPORT_THRESHOLD else Verdict.INCONCLUSIVE
    interval = (level - 0.04, level + 0.05) if n_readings >= 5 else None
    reason = f"The face was found in {n_readings} of 20 frames examined."
    return TrackResult(track_id, readings, Finding(verdict, (reason,), level, interval), tuple(exhibits))


def make_video_facts(**changes: object) -> MediaFacts:
    values: dict[str, object] = {
        "kind": MediaKind.VIDEO,
        "container": "mov,mp4,m4a,3gp,3g2,mj2",
        "codec": "h264",
        "profile": "High",
        "pixel_format": "yuv420p",
        "width_px": 1080,
        "height_px": 1920,
        "coded_width_px": 1920,
        "coded_height_px": 1080,
        "rotation_deg": 90,
        "n_frames": 250,
        "n_frames_declared": 250,
        "n_key_frames": 11,
        "duration_s": 10.0,
        "frame_rate": 25.0,
        "is_variable_frame_rate": False,
        "n_video_streams": 1,
        "n_audio_streams": 1,
        "encoder": "Lavc61.19.100 libx264",
        "creation_time": "2026-10-28T18:03:11.000000Z",
        "tags": (("handler_name", "VideoHandler"), ("major_brand", "isom")),
    }
    return MediaFacts(**{**values, **changes})  # type: ignore[arg-type]


def make_image_facts() -> MediaFacts:
    return MediaFacts(
        MediaKind.IMAGE, "JPEG", "RGB", 1600, 1200, 1600, 1200,
        exif=(("DateTime", "2026:10:20 10:11:12"), ("Make", "Fujifilm"), ("Model", "X-T30")),
    )  # fmt: skip


def make_card(**changes: object) -> ModelCard:
    values: dict[str, object] = {
        "name": "lae-face-v0",
        "arch": "lae",
        "file": "lae-face-v0.safetensors",
        "sha256": sha("weights"),
        "forged_threshold": FORGED_THRESHOLD,
        "no_support_threshold": NO_SUPPORT_THRESHOLD,
        "threshold_rule": "false-positive rates of 2% and 20% on the validation split, 612 genuine faces.",
        "attention_scale": 0.8,
        "training": (
            ("data", "Open-licence portraits, one person each"),
            ("images", "4,210 genuine, forged on the fly"),
            ("methods", "self-blend, landmark swap"),
            ("held-out method", "Poisson swap"),
            ("recipe", "stage1-256.toml"),
            ("hours", "6.4"),
            ("device", "one GPU"),
            ("date", "2026-11-20"),
        ),
        "error_rates": (
            ErrorRate(
                "JPEG 90", "in-domain", "portraits, test split", 612, 612, 0.941,
                0.021, (0.012, 0.036), 0.184, (0.155, 0.217),
            ),
            ErrorRate(
                "H.264 CRF 40", "in-domain", "portraits, test split", 612, 612, 0.873,
                0.046, (0.032, 0.066), 0.391, (0.353, 0.430),
            ),
            ErrorRate(
                "Poisson swap (never trained), JPEG 90", "out-of-domain", "portraits, test split", 612, 612, 0.842,
                0.021, (0.012, 0.036), 0.472, (0.433, 0.512),
            ),
            ErrorRate(
                "genuine only, webcam", "out-of-domain", "webcam clips", 80, 0, None,
                0.113, (0.060, 0.200), None, None,
            ),
        ),
        "limitations": ("Trained without the perceptual loss.", "Few faces above the age of 70 in the training data."),
    }  # fmt: skip
    return ModelCard(**{**values, **changes})  # type: ignore[arg-type]


def make_run(**changes: object) -> RunInfo:
    values: dict[str, object] = {
        "run_id": "3f0c6a52-8c1e-4b2a-9c57-5d2f0d1b7e11",
        "argv": ("lae-forensics", "scan", "/media/evidence/2026-0042", "--case", "case.toml", "--report", "out.pdf"),
        "started_utc": "2026-11-21T04:40:02Z",
        "finished_utc": "2026-11-21T04:46:12Z",
        "tool_version": "0.1.0",
        "commit": "8d4c1f0b2a6e",
        "versions": (("Python", "3.11.9"), ("torch", "2.15.0"), ("OpenCV", "5.0.0"), ("dlib", "20.0.1")),
        "working_folder": "/cases/17",
        "source_sha256": "5" * 64,
        "platform": "Linux 6.1, AMD EPYC 9654, 2 processors",
        "device": "cpu (AMD EPYC 9654, 2 threads)",
        "precision": "fp32",
        "seed": 20200,
    }  # fmt: skip
    return RunInfo(**{**values, **changes})  # type: ignore[arg-type]


CASE = Case(
    number="K-2026/0042",
    exhibit_prefix="AB-",
    examiner="Dr. Zoë Müller",
    role="Forensic examiner, images and video",
    laboratory="Forensic Institute, Digital Traces",
    requester="District Court, chamber 4",
    question="Was the face of the person speaking replaced or altered in any of the items?",
    received_from="Evidence store 2",
    received_utc="2026-11-19T09:00:00Z",
    original_or_copy="Copy",
)  # fmt: skip


def make_items(folder: Path) -> tuple[ItemResult, ...]:
    """One item of every kind: video with three tracks, image, no face, skipped, failed, odd names."""
    tracks = (
        make_track(folder, "0001", 0, 0.41, n_readings=20, n_shown=3),
        make_track(folder, "0001", 1, 0.11, n_readings=9, first=60),
        make_track(folder, "0001", 2, -0.30, n_readings=4, n_shown=1, first=150),
    )
    photo = make_track(folder, "0002", 0, -0.22, n_readings=1, n_shown=1)
    plain = Finding(Verdict.NO_FACE, ("No face was found in the frames examined.",))
    return (
        ItemResult(
            "0001",
            make_evidence(GREEK_NAME),
            Finding(
                Verdict.LIKELY_FORGED,
                ("Read from 1 of 3 tracks; track 0 leads.", "The score 0.410 reaches the threshold 0.250."),
                0.41,
                (0.37, 0.46),
            ),
            make_video_facts(),
            FrameCounts(250, 250, 20, 229, 1),
            tracks,
            (ScanWarning("frames-failed", "A frame could not be decoded.", 1),),
        ),
        ItemResult(
            "0002",
            make_evidence(CYRILLIC_NAME, 812_004),
            Finding(Verdict.NO_SUPPORT, ("The score -0.220 lies below -0.050.",), -0.22),
            make_image_facts(),
            FrameCounts(1, 1, 1, 0, 0),
            (photo,),
        ),
        ItemResult(
            "0003",
            make_evidence(CJK_NAME),
            plain,
            make_video_facts(container="matroska,webm"),
            FrameCounts(250, 250, 20, 230, 0),
        ),
        ItemResult(
            "0004",
            make_evidence("notes.txt", 311),
            Finding(Verdict.SKIPPED, ("The file is no image or video that this program examines.",)),
        ),
        ItemResult(
            "0005",
            make_evidence(UGLY_NAME, 96_210),
            Finding(Verdict.FAILED, ("The container ends before its index: moov atom not found.",)),
        ),
        ItemResult(
            "0006",
            make_evidence(BROKEN_BYTES_NAME, 1_310),
            Finding(Verdict.FAILED, ("No stream can be decoded.",)),
        ),
    )


def make_result(folder: Path, **changes: object) -> ScanResult:
    values: dict[str, object] = {
        "run": make_run(),
        "case": CASE,
        "model": make_card(),
        "parameters": (
            ("Sampling", "2 frames a second of presentation time"),
            ("Detector", "dlib-hog"),
            ("Smallest face", "80 px"),
            ("Frame limit", "20000"),
            ("Batch size", "16"),
            ("Heatmaps", "top"),
        ),
        "aggregation_rule": (
            "The score of a track is the mean of its crops' scores.",
            "An item reads as its most incriminating track does.",
        ),
        "items": (),
    }
    if "items" not in changes:
        values["items"] = make_items(folder)
    return ScanResult(**{**values, **changes})  # type: ignore[arg-type]
