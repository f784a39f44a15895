"""`lae-forensics train export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EPILOG = "Example:\n\n  lae-forensics train export ./data --run ./runs/face --name my-weights --out ./weights"


def export_weights(
    dataset: Annotated[Path, typer.Argument(help="Folder made by `train prepare`.")],
    run: Annotated[Path, typer.Option("--run", help="Run folder of stage 1, evaluated.")],
    name: Annotated[str, typer.Option("--name", help="Name in weights.json.")],
    out: Annotated[Path, typer.Option("--out", help="Folder with weights.json, made if need be.")],
    licences: Annotated[
        str, typer.Option("--licences", help="Terms of the training photographs, for the model card.")
    ] = "Not recorded",
) -> None:
    """Write weights with thresholds and a model card."""
    from train.export import export

    card = export(dataset, run, name, out, licences)
    typer.echo(f"{card.name}: SHA-256 {card.sha256}", err=True)
