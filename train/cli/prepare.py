"""`lae-forensics train prepare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from train.cli.progress import counter
from train.data.layouts.names import LayoutName

EPILOG = (
    "Examples:\n\n"
    "  lae-forensics train prepare ./photos --index photos.csv --out ./data --reserve london\n\n"
    "  lae-forensics train prepare ./FaceForensics++ --compression c23 --out ./data"
)


def prepare(
    source: Annotated[
        Path,
        typer.Argument(
            help="Folder of real photographs and videos, or a collection of real and forged ones."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", help="New folder for crops, masks, landmarks and dataset.csv.")
    ],
    layout: Annotated[
        LayoutName,
        typer.Option(
            "--layout",
            help="plain is real/, fake/<method>/ and masks/<method>/; photos is real material without "
            "structure; auto looks at the folder names.",
        ),
    ] = LayoutName.AUTO,
    index: Annotated[
        Path | None,
        typer.Option(
            "--index", help="photos, plain: CSV with `path`, and optionally `identity`, `set`, `group`."
        ),
    ] = None,
    reserve: Annotated[
        list[str] | None,
        typer.Option("--reserve", help="Set that is never trained on; repeatable."),
    ] = None,
    compression: Annotated[
        str, typer.Option("--compression", help="ff++: raw, c23 or c40. [default: the only one there]")
    ] = "",
    splits: Annotated[
        Path | None,
        typer.Option("--splits", help="ff++: folder of train.json, val.json and test.json, if elsewhere."),
    ] = None,
    own_split: Annotated[
        bool, typer.Option("--own-split", help="Ignore the split that the collection publishes.")
    ] = False,
    frames: Annotated[int, typer.Option("--frames", help="Frames taken of a video.")] = 10,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the split by identity.")] = 20200,
) -> None:
    """Cut face crops, and split them by identity."""
    from train.data.dataset import read_dataset
    from train.data.prepare import PrepareSettings, summarise
    from train.data.prepare import prepare as run

    settings = PrepareSettings(
        index=index,
        reserved=tuple(reserve or ()),
        frames_per_video=frames,
        seed=seed,
        layout=layout,
        compression=compression,
        splits=splits,
        own_split=own_split,
    )
    with counter("Preparing") as on_progress:
        report = run(source, out, settings, on_progress, lambda note: typer.echo(note, err=True))
    for line in report.lines():
        typer.echo(line, err=True)
    counts = ", ".join(f"{n} {name}" for name, n in summarise(read_dataset(out)).items())
    typer.echo(f"Crops: {counts}", err=True)
