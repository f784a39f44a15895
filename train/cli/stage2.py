"""`lae-forensics train stage2`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensic_cli.errors import UsageError

if TYPE_CHECKING:
    from train.mask_source import MaskSource
    from train.stage2_recipe import Stage2Recipe

EPILOG = (
    "Examples:\n\n  lae-forensics train stage2 --masks ./masks\n\n"
    "  lae-forensics train stage2 ./forged --from ./runs/face --masks auto --n 100 --run ./runs/face-100\n\n"
    "  lae-forensics train stage2 ./forged --from ./runs/face --control --run ./runs/face-control"
)


def stage2(
    dataset: Annotated[
        Path | None, typer.Argument(help="Folder of stage 1. [default: the one that the masks name]")
    ] = None,
    masks: Annotated[
        str,
        typer.Option(
            "--masks", help="Folder of painted masks, or auto: the exact masks of what was forged here."
        ),
    ] = "",
    start: Annotated[
        Path | None, typer.Option("--from", help="Run to start from. [default: the one that the masks name]")
    ] = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="New run folder. [default: that of --from, with -stage2]")
    ] = None,
    recipe: Annotated[
        str, typer.Option("--recipe", help="A shipped recipe's name, or a TOML file.")
    ] = "stage2",
    n: Annotated[
        int, typer.Option("--n", help="With --masks auto: train with this many masks; 0 = all.")
    ] = 0,
    rounds: Annotated[int, typer.Option("--rounds", help="With --masks auto: select-and-train rounds.")] = 1,
    method: Annotated[
        str, typer.Option("--method", help="How --n masks are selected: active or random.")
    ] = "active",
    norm: Annotated[
        str | None, typer.Option("--norm", help="raw, relu-max or sigmoid. [default: the recipe's]")
    ] = None,
    form: Annotated[
        str | None, typer.Option("--form", help="paper or signed. [default: the recipe's]")
    ] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", help="Epochs instead of the recipe's.")] = None,
    control: Annotated[
        bool, typer.Option("--control", help="Same schedule without the attention loss, to compare with.")
    ] = False,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    devices: Annotated[int, typer.Option("--devices", help="Processes on each machine.")] = 1,
    nodes: Annotated[int, typer.Option("--nodes", help="Machines.")] = 1,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write TensorBoard's files too.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
) -> None:
    """Train stage 2, where to look (equations 7 to 11)."""
    from train.cli.live import live
    from train.fabric import Hardware
    from train.stage2 import train_stage2

    settings = _settings(recipe, norm, form, epochs, control)
    if control and masks:
        raise UsageError("--control trains without masks.", "Leave --masks out, or --control.")
    if not control and not masks:
        raise UsageError(
            "Stage 2 needs masks.", "Give --masks FOLDER, --masks auto, or --control for the arm without."
        )
    dataset, start = _places(masks, dataset, start)
    place = run or start.with_name(f"{start.name}-stage2")
    source = _source(masks, dataset, n, rounds, method, control)
    with live("Stage 2") as show:
        progress = train_stage2(
            dataset,
            start,
            place,
            settings,
            source,
            resume,
            Hardware(device, devices, nodes),
            show,
            tensorboard,
        )
    typer.echo(
        f"{progress.n_images} images, best validation AUC {progress.best_auc:.3f}, in {place}", err=True
    )


def _settings(
    recipe: str, norm: str | None, form: str | None, epochs: int | None, is_control: bool
) -> Stage2Recipe:
    from train.recipe import choice
    from train.stage2_recipe import AttentionForm, AttentionNorm, load_stage2

    settings = load_stage2(recipe)
    if norm is not None:
        settings = replace(settings, attention_norm=choice(AttentionNorm, "--norm", norm))
    if form is not None:
        settings = replace(settings, attention_form=choice(AttentionForm, "--form", form))
    if epochs is not None:
        settings = replace(settings, n_epochs=epochs)
    return replace(settings, lambda_attention=0.0) if is_control else settings


def _places(masks: str, dataset: Path | None, start: Path | None) -> tuple[Path, Path]:
    """Dataset and run: as given, or as the masks' own record names them."""
    from train.annotate.imported import read_origin

    if dataset is not None and start is not None:
        return dataset, start
    if masks and masks != "auto":
        origin = read_origin(Path(masks))
        return dataset or origin.dataset, start or origin.run
    raise UsageError(
        "Stage 2 needs a dataset and a run to start from.",
        "Give them: lae-forensics train stage2 DATASET --from RUN ...; a folder of masks names its own.",
    )


def _source(masks: str, dataset: Path, n: int, rounds: int, method: str, is_control: bool) -> MaskSource:
    from train.annotate.check import MaskFaultsError
    from train.mask_source import MaskSource, painted_masks
    from train.recipe import choice
    from train.selection import SelectionMethod

    if is_control or masks == "auto":
        return MaskSource(dataset, n=n, n_rounds=rounds, method=choice(SelectionMethod, "--method", method))
    if n or rounds != 1:
        raise UsageError(
            "--n and --rounds belong to --masks auto: painted masks were selected already.",
            "Leave them out; for another round with a painter, run `train select` on this stage 2's run.",
        )
    try:
        return painted_masks(dataset, Path(masks))
    except MaskFaultsError as error:
        for fault in error.faults:
            typer.echo(f"{fault.file} {fault.message}\n  {fault.remedy}", err=True)
        raise UsageError(error.summary, "Mend what is listed above; nothing was trained.") from error
