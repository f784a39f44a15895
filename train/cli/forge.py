"""`lae-forensics train forge`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from train.cli.progress import counter

EPILOG = "Example:\n\n  lae-forensics train forge ./data --out ./forged --method poisson-swap --n 200"


def forge(
    dataset: Annotated[Path, typer.Argument(help="Folder made by `train prepare`.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the forgeries and their masks.")],
    method: Annotated[
        list[str] | None, typer.Option("--method", help="Forging method; repeatable. [default: all]")
    ] = None,
    n: Annotated[int, typer.Option("--n", help="Forgeries of each method.")] = 100,
    split: Annotated[str, typer.Option("--split", help="train, validation or test.")] = "train",
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same pixels.")] = 20200,
) -> None:
    """Forge real photographs, with pixel-exact masks, as files."""
    from train.forge.export import forge_to_files

    with counter("Forging") as on_progress:
        n_written = forge_to_files(dataset, out, tuple(method or ()), n, split, seed, on_progress)
    typer.echo(f"{n_written} forgeries in {out}", err=True)
