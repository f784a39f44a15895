"""`lae-forensics train stage1`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

EPILOG = (
    "Example:\n\n  lae-forensics train stage1 ./data --run ./runs/face --recipe face-v1 --resume\n\n"
    "On two machines with four GPUs each, the same line on both:\n\n"
    "  torchrun --nnodes 2 --nproc-per-node 4 --rdzv-backend c10d --rdzv-endpoint HOST:29500 --no-python "
    "lae-forensics train stage1 ./data --run ./runs/face --devices 4 --nodes 2"
)


def stage1(
    dataset: Annotated[Path, typer.Argument(help="Folder made by `train prepare` or `train forge`.")],
    run: Annotated[Path, typer.Option("--run", help="Run folder: config, metrics, checkpoints.")],
    recipe: Annotated[
        str, typer.Option("--recipe", help="A shipped recipe's name, or a TOML file.")
    ] = "face-v1",
    images: Annotated[int | None, typer.Option("--images", help="Train on this many instead.")] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source", help="forge on the fly, or the dataset's stored fakes. [default: the recipe's]"
        ),
    ] = None,
    perceptual_weights: Annotated[
        Path | None,
        typer.Option("--perceptual-weights", help="VGG16's weights for a recipe with beta_perceptual."),
    ] = None,
    start_from: Annotated[
        Path | None, typer.Option("--start-from", help="Encoder weights to go on from (.safetensors).")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    devices: Annotated[int, typer.Option("--devices", help="Processes on each machine.")] = 1,
    nodes: Annotated[int, typer.Option("--nodes", help="Machines.")] = 1,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write TensorBoard's files too.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
) -> None:
    """Train stage 1, the autoencoder (equations 2 to 6)."""
    from train.checkpoint import architecture_beside
    from train.cli.live import live
    from train.fabric import Hardware
    from train.recipe import Source, choice, load_stage1
    from train.stage1 import train_stage1

    settings = load_stage1(recipe)
    if images is not None:
        settings = replace(settings, n_images=images)
    if source is not None:
        settings = replace(settings, source=choice(Source, "--source", source))
    if start_from is not None:
        settings = replace(settings, start_from=str(start_from))
        begun_as = architecture_beside(start_from)
        if begun_as and begun_as != settings.arch:
            typer.echo(
                f"Note: {start_from.name} holds weights of {begun_as!r}, and this recipe trains {settings.arch!r}. "
                "They fit, but answer otherwise until they are trained: for a short run, start from weights of "
                "the same architecture.",
                err=True,
            )
    with live("Stage 1") as show:
        progress = train_stage1(
            dataset,
            run,
            settings,
            resume,
            Hardware(device, devices, nodes),
            show,
            perceptual_weights,
            tensorboard,
        )
    typer.echo(f"{progress.n_images} images, best validation AUC {progress.best_auc:.3f}", err=True)
