"""Does memory stay flat? Videos of 1, 10 and 60 minutes, and 2,000 pictures against 20.

    python benchmarks/memory.py --json memory.json   # the whole, half an hour or more on two slow cores
    python benchmarks/memory.py --short              # a part of it

Each scan runs in a process of its own; the memory of that process and of all that it starts is summed
several times a second, and the highest sum is kept. A page that several processes share counts once (Linux's
proportional set size): workers are copies of a process that has loaded the decoders, and share nearly all of it.
Exits 1 if the longest video takes over 10% more than the shortest, or the pictures over 25% more than
the few, or if a frame or an item is missing from the results. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2

SAMPLE = Path(__file__).resolve().parent.parent / "forensic_cli" / "samples" / "genuine.mp4"
CLIP_WIDTH_PX = 320
PICTURE_SIDE_PX = 200
LARGEST_RATIO_OF_VIDEOS = 1.10
# So many lanes hold an item each, and their processes are not all there before the first few.
LARGEST_RATIO_OF_PICTURES = 1.25
_SAMPLING_INTERVAL_S = 0.2


@dataclass(frozen=True)
class Size:
    """How much is scanned; each is compared with the first of its kind."""

    videos_s: tuple[float, ...]
    n_pictures: tuple[int, ...]
    fps: float


WHOLE = Size(videos_s=(60, 600, 3600), n_pictures=(20, 2000), fps=2)
# The shortest video fills more than one batch of the model: below that, memory is smaller for another reason.
SHORT = Size(videos_s=(80, 600), n_pictures=(20, 200), fps=0.5)


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
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        # It ended between two looks.
        return 0.0
    kib = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kib / 1024 + sum(resident_mib(int(child)) for child in children)


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


def compared(runs: Sequence[Run], n_items: Sequence[int], largest_ratio: float) -> bool:
    """Prints runs, each against the first; False where memory grew or something is missing."""
    first = runs[0]
    is_good = True
    for run, n in zip(runs, n_items, strict=True):
        ratio = run.peak_mib / first.peak_mib
        print(
            f"{run.name:<16} {run.n_items:>6} items  {run.n_used:>6} of {run.n_announced:>6} frames"
            f"  {run.seconds:>8.1f} s  peak {run.peak_mib:>7.0f} MiB  {ratio:.3f} of the first"
        )
        is_complete = run.n_items == n and run.n_used == run.n_announced
        if not is_complete:
            print(f"{run.name}: results are missing.")
        is_good &= is_complete and ratio <= largest_ratio
    return is_good


def scan_videos(folder: Path, size: Size, with_report: bool) -> list[Run]:
    """The same clip laid end to end, longer and longer."""
    write_small_clip(folder / "clip.mp4")
    runs = []
    for duration_s in size.videos_s:
        name = f"video-{duration_s:g}-s"
        repeat(folder / "clip.mp4", folder / f"{name}.mp4", duration_s)
        runs.append(scan(name, folder / f"{name}.mp4", folder, size.fps, with_report))
    return runs


def scan_pictures(folder: Path, size: Size, with_report: bool) -> list[Run]:
    """More and more pictures."""
    runs = []
    for n in size.n_pictures:
        name = f"pictures-{n}"
        write_pictures(folder / name, n)
        runs.append(scan(name, folder / name, folder, size.fps, with_report))
    return runs


def main() -> None:
    """Scans, prints a line a scan, and writes the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--short", action="store_true", help="a small part of the whole, in minutes")
    parser.add_argument("--report", action="store_true", help="draw the PDFs as well")
    parser.add_argument(
        "--fps", type=float, help="frames a second that are sampled, instead of 2 (0.5 with --short)"
    )
    parser.add_argument("--only", choices=["video", "pictures"], help="one of the two comparisons")
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    size = SHORT if arguments.short else WHOLE
    size = size if arguments.fps is None else replace(size, fps=arguments.fps)
    is_flat, runs = [], []
    with tempfile.TemporaryDirectory(prefix="memory-") as name:
        folder = Path(name)
        if arguments.only != "pictures":
            videos = scan_videos(folder, size, arguments.report)
            is_flat.append(compared(videos, [1] * len(videos), LARGEST_RATIO_OF_VIDEOS))
            runs += videos
        if arguments.only != "video":
            pictures = scan_pictures(folder, size, arguments.report)
            is_flat.append(compared(pictures, size.n_pictures, LARGEST_RATIO_OF_PICTURES))
            runs += pictures
    if arguments.json:
        figures = {"fps": size.fps, "is_flat": all(is_flat), "runs": [asdict(run) for run in runs]}
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    sys.exit(0 if all(is_flat) else 1)


if __name__ == "__main__":
    main()
