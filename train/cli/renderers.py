"""`lae-forensics train renderers`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EPILOG = (
    "Example:\n\n  lae-forensics train renderers ./data\n\n"
    "Writes ./data/renderers, which the methods face-rerender and decoder-swap need. Without a GPU, "
    "20,000 faces each take some ten minutes on two cores."
)


def renderers(
    dataset: Annotated[Path, typer.Argument(help="Folder made by `train prepare`.")],
    n_images: Annotated[
        int, typer.Option("--n-images", min=32, help="Faces that each renderer sees in training.")
    ] = 20_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of weights and order.")] = 20200,
) -> None:
    """Train small autoencoders that re-render faces."""
    from rich.console import Console
    from rich.progress import Progress

    from forensic_cli.errors import UsageError
    from train.data.crops import RENDERERS_NAME
    from train.rendering.renderers import missing_renderers
    from train.rendering.training import RendererProgress, train_renderers

    folder = dataset / RENDERERS_NAME
    if not missing_renderers(folder):
        raise UsageError(f"{folder} holds all renderers already.", "Move that folder away to train anew.")
    console = Console(stderr=True)
    with Progress(console=console, transient=True) as display:
        tasks: dict[str, int] = {}

        def show(progress: RendererProgress) -> None:
            if progress.name not in tasks:
                tasks[progress.name] = display.add_task(progress.name, total=progress.n_images_total)
            display.update(tasks[progress.name], completed=progress.n_images)  # type: ignore[arg-type]

        errors = train_renderers(dataset, n_images, seed, show)
    for name, error in errors.items():
        typer.echo(f"{name}: mean absolute error {255 * error:.1f} grey levels at the end of training")
    typer.echo(f"Written to {folder}.")
