"""What sampling saves: frames decoded and time, by the share of frames that is sampled.

    python benchmarks/sampling.py --json sampling.json

One 720p H.264 video with a key frame every 2 s and one with a key frame every 10 s, both made here, are
sampled at several rates. Each way is timed in turn, medians kept, against decoding every frame:

- `sampled`: what a scan does. It decodes from the key frame that a sample needs up to it, leaves out
  frames that no other one refers to, and reads past all others.
- `reading past`: all packets read, nothing decoded: the most that seeking could save.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from statistics import median

import av
import cv2
import numpy as np

from forensic_cli.config import MediaLimits, Sampling, SamplingRule
from forensic_cli.media import open_media

_FPS = 25
_SIZE = (1280, 720)
_RATES = (0.05, 0.2, 0.5, 2.0, 5.0, 12.5)


def make_video(path: Path, duration_s: float, key_frame_every_s: float) -> None:
    """A picture that moves, with some noise: motion vectors and residuals as a camera gives them."""
    width, height = _SIZE
    rng = np.random.default_rng(7)
    wall = cv2.resize(rng.integers(0, 255, (60, 120, 3)).astype(np.uint8), (2 * width, height + 200))
    noise = rng.integers(0, 8, (height, width, 3)).astype(np.uint8)
    every = str(round(key_frame_every_s * _FPS))
    with av.open(str(path), "w") as container:
        options = {"crf": "23", "preset": "veryfast", "g": every, "keyint_min": every, "sc_threshold": "0"}
        stream = container.add_stream("libx264", rate=_FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(round(duration_s * _FPS)):
            left, top = number * 2 % width, round(100 + 90 * np.sin(number / 40))
            picture = wall[top : top + height, left : left + width] // 2 + np.roll(noise, number * 7, 1)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, _FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def sample(path: Path, sampling: Sampling) -> tuple[int, int, int]:
    """Samples as a scan does: frames given, decoded, and in the stream."""
    with open_media(path, sampling, MediaLimits()) as source:
        n = sum(1 for _ in source.frames())
        return n, source.counts.n_decoded, source.counts.n_in_stream


def read_past(path: Path) -> None:
    """Reads every packet twice, for the index and for the decoder, and decodes none."""
    for _ in range(2):
        with av.open(str(path)) as container:
            for _packet in container.demux(video=0):
                pass


def main() -> None:
    """Makes the videos, measures, prints and writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="sampling-") as folder:
        for every_s in (2.0, 10.0):
            path = Path(folder) / f"{every_s:g}.mp4"
            make_video(path, arguments.seconds, every_s)
            ways: dict[str, Callable[[], object]] = {
                "every frame": lambda path=path: sample(path, Sampling(SamplingRule.ALL)),
                "reading past": lambda path=path: read_past(path),
                **{
                    f"{rate:g} a second": lambda path=path, rate=rate: sample(path, Sampling(fps=rate))
                    for rate in _RATES
                },
            }
            times = defaultdict(list)
            for _ in range(arguments.repeats):
                for name, way in ways.items():
                    began_s = time.process_time()
                    way()
                    times[name].append(time.process_time() - began_s)
            whole_s = median(times["every frame"])
            print(f"key frame every {every_s:g} s, {arguments.seconds:g} s of video; CPU time")
            for name in ways:
                counts = None
                if name.endswith("a second"):
                    counts = sample(path, Sampling(fps=float(name.split()[0])))
                share = median(times[name]) / whole_s
                text = "" if counts is None else f"  {counts[0]} sampled, {counts[1]} decoded of {counts[2]}"
                print(f"  {name:<16} {share:.3f} of decoding every frame{text}")
                rows.append({"key_frame_every_s": every_s, "way": name, "share": share, "counts": counts})
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
