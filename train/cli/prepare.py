"""`lae-forensics train prepare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from train.cli.progress import counter

EPILOG = "Example:\n\n  lae-forensics train prepare ./photos --index photos.csv --out ./data --reserve london"


def prepare(
    source: Annotated[Path, typer.Argument(help="Folder of real photographs and videos.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for crops, landmarks and dataset.csv.")],
    index: Annotated[
        Path | None,
        typer.Option("--index", help="CSV with `path`, and optionally `identity`, `set`, `group`."),
    ] = None,
    reserve: Annotated[
        list[str] | None,
        typer.Option("--reserve", help="Set whose photographs are never trained on; repeatable."),
    ] = None,
    frames: Annotated[int, typer.Option("--frames", help="Frames taken of a video.")] = 10,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the split by identity.")] = 20200,
) -> None:
    """Cut face crops, find their landmarks, and split them by identity."""
    from train.data.dataset import read_dataset
    from train.data.prepare import PrepareSettings, summarise
    from train.data.prepare import prepare as run

    settings = PrepareSettings(index=index, reserved=tuple(reserve or ()), frames_per_video=frames, seed=seed)
    with counter("Preparing") as on_progress:
        report = run(source, out, settings, on_progress)
    for path, reason in report.failed:
        typer.echo(f"failed: {path}: {reason}", err=True)
    counts = ", ".join(f"{n} {name}" for name, n in summarise(read_dataset(out)).items())
    typer.echo(
        f"{report.n_used} used + {len(report.without_face)} without a face + {len(report.failed)} failed "
        f"= {report.n_files} files; {report.n_crops} crops: {counts}",
        err=True,
    )
