"""`lae-forensics train evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from train.cli.progress import counter

EPILOG = "Example:\n\n  lae-forensics train evaluate ./data --run ./runs/face-v0 --split validation"


def evaluate(
    dataset: Annotated[Path, typer.Argument(help="Folder made by `train prepare`.")],
    run: Annotated[Path, typer.Option("--run", help="Run folder of stage 1.")],
    split: Annotated[
        str, typer.Option("--split", help="validation, or test: open that once, at the end.")
    ] = "validation",
    n: Annotated[int, typer.Option("--n", help="Photographs of each method and compression.")] = 300,
    again: Annotated[
        bool, typer.Option("--again", help="Open the test split although it was opened before.")
    ] = False,
) -> None:
    """Measure trained and held-out methods under each compression."""
    from train.evaluate import evaluate_run, table

    with counter("Measuring") as on_progress:
        evaluation = evaluate_run(dataset, run, split, n, on_progress, again)
    typer.echo(table(evaluation.rows))
