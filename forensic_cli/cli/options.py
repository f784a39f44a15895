"""Options that several commands share, with their help, and how they become a configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from forensic_cli.case.load import load_case
from forensic_cli.case.model import Case
from forensic_cli.config import (
    BackendName,
    DetectorName,
    DeviceName,
    EngineName,
    FaceSearch,
    Sampling,
    SamplingRule,
)
from forensic_cli.errors import UsageError

PathsArgument = Annotated[
    list[Path], typer.Argument(help="Files and folders. Folders are searched whole; links are not followed.")
]
ScanPathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Files and folders. Folders are searched whole; links are not followed. Not needed with --resume."
    ),
]
FpsOption = Annotated[
    float | None,
    typer.Option("--fps", help="Examine this many frames a second. [default: 2]"),
]
FramesOption = Annotated[
    int | None,
    typer.Option("--frames", help="Examine this many frames, spread evenly over a video."),
]
AllFramesOption = Annotated[bool, typer.Option("--all-frames", help="Examine every frame.")]
DetectorOption = Annotated[
    DetectorName,
    typer.Option(
        "--detector", help="dlib-cnn finds turned faces too, but takes seconds a frame without a GPU."
    ),
]
MinFaceOption = Annotated[
    int, typer.Option("--min-face", help="Smallest face to be found, in pixels of the full frame.")
]
FaceSearchOption = Annotated[
    FaceSearch,
    typer.Option(
        "--face-search",
        help="follow: search some frames of a video whole, the others where faces are and where the picture "
        "shows something new. every-frame: search all of them whole.",
    ),
]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", help="Detector threads. [default: one a processor, at most 8]")
]
AtOnceOption = Annotated[
    int | None,
    typer.Option(
        "--at-once", help="Items examined side by side. [default: one a processor, at least 2, at most 8]"
    ),
]
EngineOption = Annotated[
    EngineName,
    typer.Option(
        "--engine", help="Examine items here, or on the workers of a running Ray cluster (extra `cluster`)."
    ),
]
AddressOption = Annotated[
    str,
    typer.Option(
        "--address", metavar="HOST:PORT", help="With --engine ray. [default: the cluster of this machine]"
    ),
]
WorkerCpusOption = Annotated[
    int | None,
    typer.Option(
        "--worker-cpus",
        help="With --engine ray: CPUs of a node that one worker takes. [default: as many as there are here; "
        "with GPUs: one worker a GPU, with its share of the CPUs]",
    ),
]
DeviceOption = Annotated[
    DeviceName, typer.Option("--device", help="Where the model runs; auto takes a GPU if there is one.")
]
BackendOption = Annotated[
    BackendName,
    typer.Option(
        "--backend",
        help="What computes the model. openvino is an extra; on a CPU it may read lae-face-v1 faster with "
        "batches of 16.",
    ),
]
BatchSizeOption = Annotated[
    int | None,
    typer.Option(
        "--batch-size",
        help="Crops read at a time. [default: one on a CPU; on a GPU up to 64, as its free memory allows]",
    ),
]
LanguageOption = Annotated[
    str, typer.Option("--language", help="Language of the report: en or de, or another catalogue's tag.")
]
FinalOption = Annotated[
    bool,
    typer.Option(
        "--final", help="No draft: no watermark. Needs the case data that `case check` lists as missing."
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no table.")]


def make_sampling(fps: float | None, n_frames: int | None, all_frames: bool) -> Sampling:
    """Turns the three sampling options into one rule.

    Raises:
        UsageError: more than one was given.
    """
    if sum((fps is not None, n_frames is not None, all_frames)) > 1:
        raise UsageError("--fps, --frames and --all-frames exclude each other.", "Give one of them.")
    if all_frames:
        return Sampling(SamplingRule.ALL)
    if n_frames is not None:
        return Sampling(SamplingRule.COUNT, n_frames=n_frames)
    return Sampling() if fps is None else Sampling(SamplingRule.FPS, fps=fps)


def make_case(file: Path | None, **given: str | None) -> Case:
    """Case data from case.toml, with single text fields laid over it."""
    case = load_case(file) if file else Case()
    # Any: the checker cannot know that no list is among the fields.
    fields: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return replace(case, **fields)


def default_jobs(jobs: int | None) -> int:
    """Detector threads: as asked, or one a processor up to eight."""
    import os

    return jobs if jobs is not None else min(8, os.cpu_count() or 1)


def default_at_once(at_once: int | None) -> int:
    """Items side by side: as asked, or one a processor, two at least and eight at most.

    Two even on one processor: while one item is hashed or opened, another is decoded.
    """
    import os

    return at_once if at_once is not None else min(8, max(2, os.cpu_count() or 1))
