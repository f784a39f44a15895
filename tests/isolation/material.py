"""Items to read, ways to read them, and looks at the processes that do it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from forensic_cli.config import FaceSettings, IsolationSettings, MediaLimits, Sampling, SamplingRule
from forensic_cli.isolation.isolated import IsolatedReader
from forensic_cli.isolation.stream import FaceReader, FaceReading, FaceStream, FrameFaces
from forensic_cli.provenance.files import open_read_only
from forensic_cli.types import FrameCounts, MediaFacts, ScanWarning
from tests.conftest import SAMPLES

CLIP = SAMPLES / "genuine.mp4"
SIX_FRAMES = Sampling(SamplingRule.COUNT, n_frames=6)
# Far more of them than the buffers between worker and host can hold.
N_MANY = 20
MANY_FRAMES = Sampling(SamplingRule.COUNT, n_frames=N_MANY)


def reading(sampling: Sampling = SIX_FRAMES, limits: MediaLimits | None = None) -> FaceReading:
    return FaceReading(sampling, limits or MediaLimits(), FaceSettings(n_threads=2), wants_views=True)


@dataclass(frozen=True)
class Read:
    """All that a stream gave."""

    facts: MediaFacts
    n_planned: int
    frames: list[FrameFaces]
    counts: FrameCounts
    warnings: tuple[ScanWarning, ...]


def read_with(reader: FaceReader, path: Path) -> Read:
    with open_read_only(path) as file, reader.open(file, path.name) as stream:
        return Read(stream.facts, stream.n_planned, list(stream.frames()), stream.counts, stream.warnings)


@contextmanager
def isolated(asked: FaceReading, limits: IsolationSettings | None = None) -> Iterator[IsolatedReader]:
    reader = IsolatedReader(asked, limits or IsolationSettings())
    try:
        yield reader
    finally:
        reader.close()


@contextmanager
def half_read(reader: IsolatedReader, path: Path) -> Iterator[tuple[FaceStream, Iterator[FrameFaces], int]]:
    """A stream of which one frame was taken, its other frames, and the process that reads it."""
    with open_read_only(path) as file, reader.open(file, path.name) as stream:
        frames = stream.frames()
        next(frames)
        assert reader.nursery_pid is not None
        yield stream, frames, only_child(reader.nursery_pid)


def read_and_signal(reader: IsolatedReader, number: signal.Signals) -> None:
    """Reads a clip to its end; its worker gets a signal after the first frame."""
    with half_read(reader, CLIP) as (_, frames, worker):
        os.kill(worker, number)
        list(frames)


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def only_child(pid: int, within_s: float = 15.0) -> int:
    """The process that is left when those beside it have ended: the one that reads media facts soon has."""
    deadline = time.monotonic() + within_s
    while len(found := children(pid)) != 1:
        assert time.monotonic() < deadline, found
        time.sleep(0.01)
    return found[0]


def is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def vanishes(pid: int, within_s: float = 15.0) -> bool:
    deadline = time.monotonic() + within_s
    while is_running(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def processor_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def write_bomb(path: Path, side_px: int = 12_000) -> Path:
    """A picture of a few kilobytes that takes hundreds of megabytes in memory."""
    Image.new("1", (side_px, side_px)).save(path, "PNG")
    assert path.stat().st_size < 100_000
    return path


def open_descriptors(pid: int) -> dict[int, str]:
    folder = Path(f"/proc/{pid}/fd")
    return {int(entry): os.readlink(folder / entry) for entry in os.listdir(folder)}  # noqa: PTH115, PTH208
