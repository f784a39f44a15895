"""A scan, stage by stage, against floors measured in the same run; and against the straight-line version.

    python benchmarks/scan_throughput.py --json scan_throughput.json
    python benchmarks/scan_throughput.py --clip video.mp4 --repeats 5

The clip is made here unless one is given: 1080p, 30 s, H.264, the face of `skimage.data.astronaut()` swaying
by 60 px before a wall (a speaker and a fixed camera), or wandering through the picture before a wall that
moves too (`--camera moving`). Measured, each in turn, again and
again, medians kept:

- every stage alone, on the very frames and crops that the scan examines: hashing twice, decoding the
  sampled frames, finding and following faces, tracking and cutting, the model, the media facts;
- the scan as a user runs it, but for the program's start: model and decoders are loaded before;
- the straight-line version: OpenCV decodes every frame, the detector searches each sampled frame whole,
  one crop a forward pass of plain torch, fp32.

Wall time and CPU time are both taken, of all processes that take part.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from skimage.data import astronaut

from forensic_cli.cli.options import default_jobs
from forensic_cli.config import FaceSettings, MediaLimits, ModelSettings, Sampling, ScanConfig
from forensic_cli.faces.crop import cut_crop
from forensic_cli.faces.detect import Detection, detect_stream, make_detector
from forensic_cli.faces.track import Tracker
from forensic_cli.isolation.isolated import IsolatedReader
from forensic_cli.isolation.stream import use_one_opencv_thread
from forensic_cli.media import open_media
from forensic_cli.media.discover import discover
from forensic_cli.media.facts import collect_facts
from forensic_cli.model.backends.base import head
from forensic_cli.model.inference import Examiner, build_encoder
from forensic_cli.model.lae import normalise
from forensic_cli.model.weights import read_verified, resolve
from forensic_cli.pipeline.engine import Broken, Examined
from forensic_cli.pipeline.lanes import Lanes, begun_reader
from forensic_cli.provenance.files import hash_open_file, open_read_only
from forensic_cli.types import Crop, Frame

_FPS = 30
_SIZE = (1920, 1080)
_FACE_SIDE_PX = 640
_SWAY_PX = 60
_WALL_PX_PER_S = 8.0


def make_clip(path: Path, duration_s: float, is_moving: bool) -> None:
    """Writes the clip: a portrait that wanders before a finely structured background."""
    width, height = _SIZE
    rng = np.random.default_rng(20200)
    coarse = rng.integers(40, 200, (height // 30 + 1, width // 30 + 40, 3)).astype(np.uint8)
    wall = cv2.resize(coarse, None, fx=30, fy=30, interpolation=cv2.INTER_CUBIC)
    wall = np.clip(wall + rng.normal(0, 6, wall.shape), 0, 255).astype(np.uint8)
    reach = 0.4 if is_moving else _SWAY_PX / (width - _FACE_SIDE_PX)
    portrait = cv2.resize(astronaut()[:300, 70:370], (_FACE_SIDE_PX, _FACE_SIDE_PX))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=_FPS, options={"crf": "23", "preset": "fast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(round(duration_s * _FPS)):
            seconds = number / _FPS
            left = round((width - _FACE_SIDE_PX) * (0.5 + reach * np.sin(seconds / 3)))
            top = round((height - _FACE_SIDE_PX) * (0.5 + reach * np.cos(seconds / 4)))
            shift = round(_WALL_PX_PER_S * seconds) if is_moving else 0
            picture = wall[:height, shift : shift + width].copy()
            picture[top : top + _FACE_SIDE_PX, left : left + _FACE_SIDE_PX] = portrait
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, _FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@dataclass(frozen=True)
class Time:
    """Seconds on the wall, and of all processors."""

    wall_s: float
    cpu_s: float


def _cpu_s() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def timed(action: Callable[[], object], other_cpu_s: Callable[[], float]) -> Time:
    """Runs it once.

    Args:
        other_cpu_s: CPU time so far of processes that work for this one.
    """
    cpu_s, wall_s = _cpu_s() + other_cpu_s(), time.perf_counter()
    action()
    return Time(time.perf_counter() - wall_s, _cpu_s() + other_cpu_s() - cpu_s)


class Bench:
    """The stages of one clip, with what each needs from the one before kept in memory."""

    def __init__(self, clip: Path, config: ScanConfig, examiner: Examiner) -> None:
        self.clip, self.config, self.examiner = clip, config, examiner
        self._n_opencv_threads = cv2.getNumThreads()
        use_one_opencv_thread()
        self.frames: list[Frame] = self.decode()
        self.detections: list[Detection] = self.detect()
        self.crops: list[Crop] = self.cut()
        reader = begun_reader(config)
        assert isinstance(reader, IsolatedReader)
        self._reader = reader
        catalogue, card = resolve(config.model.weights, config.model.allow_foreign_weights)
        self._plain = build_encoder(card, read_verified(catalogue, card)).eval()
        self._lanes = Lanes(config, examiner, reader)
        self.scan()  # now the decoders are loaded, and the model has built what later passes reuse

    def close(self) -> None:
        """Ends the decoding process."""
        self._lanes.close()

    @property
    def decoder_cpu_s(self) -> float:
        """CPU time of the decoding process and of its workers, which have all ended."""
        fields = Path(f"/proc/{self._reader.nursery_pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def hash_twice(self) -> None:
        """As evidence is: before and after."""
        with open_read_only(self.clip) as file:
            for _ in range(2):
                hash_open_file(file, self.clip.name)

    def decode(self) -> list[Frame]:
        """The sampled frames, upright RGB."""
        with open_media(self.clip, self.config.sampling, self.config.limits) as source:
            return list(source.frames())

    def detect(self) -> list[Detection]:
        """Faces of decoded frames, as a scan looks for them."""
        return list(detect_stream(self.frames, self.config.faces))

    def cut(self) -> list[Crop]:
        """Tracks and crops of what was found."""
        tracker, crops = Tracker(), []
        for detection in self.detections:
            ids = tracker.update(detection.frame, detection.faces)
            crops += [
                cut_crop(detection.frame, face, k) for k, face in zip(ids, detection.faces, strict=True)
            ]
        return crops

    def infer(self) -> None:
        """The model on all crops."""
        self.examiner.read([crop.image for crop in self.crops])

    def facts(self) -> None:
        """What the container says."""
        with open_read_only(self.clip) as file:
            collect_facts(file, self.clip.name, self.config.limits)

    def scan(self) -> None:
        """Hashing to record, without the program's start."""
        self._lanes.begin("0001", discover(self.config.paths).items[0])
        while not isinstance(report := self._lanes.next_report(), Examined | Broken):
            pass
        n_read = (
            sum(len(track.readings) for track in report.item.tracks) if isinstance(report, Examined) else 0
        )
        if n_read != len(self.crops):
            raise SystemExit(f"The scan read {n_read} faces, the stages {len(self.crops)}.")

    def straight_line(self) -> None:
        """What a plain script does: one thing after the other, on the same sampled frames."""
        cv2.setNumThreads(self._n_opencv_threads)
        wanted = {frame.index for frame in self.frames}
        detector = make_detector(self.config.faces)
        capture = cv2.VideoCapture(str(self.clip))
        tracker, number = Tracker(), 0
        while True:
            ok, picture = capture.read()
            if not ok:
                break
            if number in wanted:
                image: NDArray[np.uint8] = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
                frame = Frame(number, number, Fraction(1, _FPS), image, 0)
                faces = detector.detect(image)
                for track, face in zip(tracker.update(frame, faces), faces, strict=True):
                    self._read_plainly(cut_crop(frame, face, track).image)
            number += 1
        capture.release()
        use_one_opencv_thread()

    @torch.inference_mode()
    def _read_plainly(self, image: NDArray[np.uint8]) -> None:
        pixels = torch.from_numpy(image)[None].permute(0, 3, 1, 2)
        concepts = self._plain.features(normalise(pixels))
        head(self._plain, concepts, self.examiner.card.attention_form)

    @property
    def stages(self) -> dict[str, Callable[[], object]]:
        """In the order in which a file goes through them."""
        return {
            "hash twice": self.hash_twice,
            "decode": self.decode,
            "detect and follow": self.detect,
            "track and cut": self.cut,
            "infer": self.infer,
            "media facts": self.facts,
        }


def measure(bench: Bench, n_repeats: int) -> dict[str, Time]:
    """Everything in turn, n times: slow minutes of a shared machine hit all alike. Medians."""
    actions = {**bench.stages, "scan": bench.scan, "straight line": bench.straight_line}
    times: dict[str, list[Time]] = defaultdict(list)
    for _ in range(n_repeats):
        for name, action in actions.items():
            times[name].append(timed(action, lambda: bench.decoder_cpu_s))
    return {
        name: Time(median(each.wall_s for each in own), median(each.cpu_s for each in own))
        for name, own in times.items()
    }


def report(times: dict[str, Time], stages: Sequence[str], n_frames: int, n_crops: int) -> dict[str, float]:
    """Prints the table; returns the ratios that count."""
    print(f"{'':<20} {'wall s':>8} {'CPU s':>8} {'frames/s':>9}")
    for name, each in times.items():
        print(f"{name:<20} {each.wall_s:>8.2f} {each.cpu_s:>8.2f} {n_frames / each.wall_s:>9.1f}")
    slowest = max(stages, key=lambda name: times[name].wall_s)
    scan, straight = times["scan"], times["straight line"]
    ratios = {
        "scan wall / slowest stage's wall": scan.wall_s / times[slowest].wall_s,
        "scan wall / sum of the stages' wall": scan.wall_s / sum(times[name].wall_s for name in stages),
        "scan wall / sum of the stages' CPU": scan.wall_s / sum(times[name].cpu_s for name in stages),
        "scan CPU / sum of the stages' CPU": scan.cpu_s / sum(times[name].cpu_s for name in stages),
        "straight line wall / scan wall": straight.wall_s / scan.wall_s,
        "videos a second": 1 / scan.wall_s,
    }
    print(f"{n_frames} sampled frames, {n_crops} faces; slowest stage: {slowest}")
    for name, value in ratios.items():
        print(f"{name:<40} {value:.2f}")
    return ratios


def main() -> None:
    """Makes the clip, measures, prints and writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clip", type=Path, help="a video instead of the one made here")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the clip made here")
    parser.add_argument("--camera", choices=["fixed", "moving"], default="fixed")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--weights", default="", help="a shipped name, or a folder that `train export` wrote")
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="throughput-") as folder:
        clip = arguments.clip or Path(folder) / "clip.mp4"
        if not arguments.clip:
            make_clip(clip, arguments.seconds, arguments.camera == "moving")
        model = ModelSettings(arguments.weights, Path(arguments.weights).is_dir())
        faces = FaceSettings(n_threads=default_jobs(None))
        config = ScanConfig(
            paths=(clip,), sampling=Sampling(), limits=MediaLimits(), faces=faces, model=model
        )
        examiner = Examiner(config.model)
        bench = Bench(clip, config, examiner)
        times = measure(bench, arguments.repeats)
        bench.close()
        ratios = report(times, list(bench.stages), len(bench.frames), len(bench.crops))
    if arguments.json:
        figures = {
            "n_processors": os.cpu_count(),
            "camera": "given" if arguments.clip else arguments.camera,
            "n_frames": len(bench.frames),
            "n_crops": len(bench.crops),
            "times": {name: {"wall_s": each.wall_s, "cpu_s": each.cpu_s} for name, each in times.items()},
            "ratios": ratios,
        }
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
