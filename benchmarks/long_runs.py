"""Does memory stay flat? A two-hour video against a two-minute one, 2,000 pictures against 20.

    python benchmarks/long_runs.py            # the whole, an hour or more on two slow cores
    python benchmarks/long_runs.py --short    # ten minutes against 80 s, 200 against 20

Each scan runs in a process of its own; the resident memory of that process and of all that it starts is
summed several times a second, and the highest sum is kept (pages that two processes share count twice).
Exits 1 if memory grows by more than a quarter, or if a frame or an item is missing from the results.
Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2

SAMPLE = Path(__file__).resolve().parent.parent / "forensic_cli" / "samples" / "genuine.mp4"
CLIP_WIDTH_PX = 320
PICTURE_SIDE_PX = 200
LARGEST_RATIO = 1.25
_SAMPLING_INTERVAL_S = 0.2
_PAGE_KIB = 4


@dataclass(frozen=True)
class Size:
    """How much is scanned: the long run, and the one that it is compared with."""

    long_s: float
    brief_s: float
    n_many: int
    n_few: int
    fps: float


WHOLE = Size(long_s=7200, brief_s=120, n_many=2000, n_few=20, fps=2)
# The brief video fills more than one batch of the model: below that, memory is smaller for another reason.
SHORT = Size(long_s=600, brief_s=80, n_many=200, n_few=20, fps=0.5)


@dataclass(frozen=True)
class Run:
    """What one scan needed and gave."""

    name: str
    peak_mib: float
    seconds: float
    n_items: int
    n_used: int
    n_announced: int


def write_small_clip(path: Path) -> None:
    """The sample clip, reduced."""
    with av.open(str(SAMPLE)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        height_px = round(stream.height * CLIP_WIDTH_PX / stream.width / 2) * 2
        out = target.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "23"})
        out.width, out.height, out.pix_fmt = CLIP_WIDTH_PX, height_px, "yuv420p"
        for number, frame in enumerate(source.decode(stream)):
            reduced = frame.reformat(CLIP_WIDTH_PX, height_px, "yuv420p")
            reduced.pts, reduced.time_base = number, Fraction(1, 25)
            target.mux(out.encode(reduced))
        target.mux(out.encode(None))


def repeat(clip: Path, target: Path, duration_s: float) -> None:
    """Lays a clip end to end until it lasts so long; nothing is encoded again."""
    with av.open(str(clip)) as source:
        first = source.streams.video[0]
        length = first.duration
        if not length or not first.time_base:
            sys.exit(f"{clip} does not say how long it is.")
        n_times = round(duration_s / float(length * first.time_base))
        with av.open(str(target), "w") as container:
            out = container.add_stream_from_template(first)
            for number in range(n_times):
                source.seek(0)
                for packet in source.demux(first):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.pts += number * length
                    packet.dts += number * length
                    packet.stream = out
                    container.mux(packet)


def write_pictures(folder: Path, n_pictures: int) -> None:
    """So many different small pictures of the face in the sample clip."""
    folder.mkdir()
    with av.open(str(SAMPLE)) as source:
        frames = [frame.to_ndarray(format="bgr24") for frame in source.decode(video=0)]
    for number in range(n_pictures):
        frame = frames[number % len(frames)]
        side = min(frame.shape[:2])
        left = (frame.shape[1] - side) // 2
        small = cv2.resize(frame[:side, left : left + side], (PICTURE_SIDE_PX, PICTURE_SIDE_PX))
        small[0, 0] = (number % 256, number // 256, 0)
        cv2.imwrite(str(folder / f"{number:05d}.png"), small)


def resident_mib(pid: int) -> float:
    """Of a process and everything below it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        # It ended between two looks.
        return 0.0
    return pages * _PAGE_KIB / 1024 + sum(resident_mib(int(child)) for child in children)


def scan(name: str, evidence: Path, folder: Path, fps: float, with_report: bool) -> Run:
    """Scans, and watches it."""
    out = folder / f"{name}-results"
    command = [
        sys.executable,
        "-m",
        "forensic_cli.cli",
        "scan",
        str(evidence),
        "--out",
        str(out),
        "--fps",
        str(fps),
    ]
    if with_report:
        command += ["--report", str(folder / f"{name}.pdf")]
    with (folder / f"{name}.log").open("w+") as log:
        began_s = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
        peak_mib = 0.0
        while process.poll() is None:
            peak_mib = max(peak_mib, resident_mib(process.pid))
            time.sleep(_SAMPLING_INTERVAL_S)
        seconds = time.monotonic() - began_s
        log.seek(0)
        lines = log.read().splitlines()
    if process.returncode != 0:
        sys.exit(f"The scan of {evidence} ended with {process.returncode}:\n" + "\n".join(lines[-20:]))
    items = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    announced = [line.rsplit(": ", 1)[1] for line in lines if line.endswith(" to examine")]
    return Run(
        name,
        peak_mib,
        seconds,
        n_items=len(items),
        n_used=sum(item["counts"]["n_used"] for item in items),
        n_announced=sum(int(words.split()[0]) for words in announced),
    )


def compared(brief: Run, long: Run, n_items: int) -> bool:
    """Prints two runs and their ratio; False where memory grew or something is missing."""
    for run in (brief, long):
        print(
            f"{run.name:<14} {run.n_items:>6} items  {run.n_used:>6} of {run.n_announced:>6} frames"
            f"  {run.seconds:>8.1f} s  peak {run.peak_mib:>7.0f} MiB"
        )
    ratio = long.peak_mib / brief.peak_mib
    print(f"{'':<14} {long.n_used / brief.n_used:.0f} times the frames, {ratio:.3f} times the memory")
    is_complete = long.n_items == n_items and all(run.n_used == run.n_announced for run in (brief, long))
    if not is_complete:
        print(f"{long.name}: results are missing.")
    return is_complete and ratio <= LARGEST_RATIO


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--short", action="store_true", help="a small part of the whole, in minutes")
    parser.add_argument("--report", action="store_true", help="draw the PDFs as well")
    parser.add_argument(
        "--fps", type=float, help="frames a second that are sampled, instead of 2 (0.5 with --short)"
    )
    parser.add_argument("--only", choices=["video", "pictures"], help="one of the two comparisons")
    arguments = parser.parse_args()
    size = SHORT if arguments.short else WHOLE
    size = size if arguments.fps is None else replace(size, fps=arguments.fps)
    is_flat = []
    with tempfile.TemporaryDirectory(prefix="long-runs-") as name:
        folder = Path(name)
        if arguments.only != "pictures":
            write_small_clip(folder / "clip.mp4")
            for label, duration_s in (("brief-video", size.brief_s), ("long-video", size.long_s)):
                repeat(folder / "clip.mp4", folder / f"{label}.mp4", duration_s)
            runs = [
                scan(label, folder / f"{label}.mp4", folder, size.fps, arguments.report)
                for label in ("brief-video", "long-video")
            ]
            is_flat.append(compared(*runs, n_items=1))
        if arguments.only != "video":
            for label, n_pictures in (("few-pictures", size.n_few), ("many-pictures", size.n_many)):
                write_pictures(folder / label, n_pictures)
            runs = [
                scan(label, folder / label, folder, size.fps, arguments.report)
                for label in ("few-pictures", "many-pictures")
            ]
            is_flat.append(compared(*runs, n_items=size.n_many))
    sys.exit(0 if all(is_flat) else 1)


if __name__ == "__main__":
    main()
