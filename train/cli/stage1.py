"""`lae-forensics train stage1`."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensic_cli.errors import UsageError

if TYPE_CHECKING:
    from train.stage1 import StepReport

EPILOG = "Example:\n\n  lae-forensics train stage1 ./data --run ./runs/face-v0 --recipe face-v0 --resume"


def stage1(
    dataset: Annotated[Path, typer.Argument(help="Folder made by `train prepare`.")],
    run: Annotated[Path, typer.Option("--run", help="Run folder: config, metrics, checkpoints.")],
    recipe: Annotated[
        str, typer.Option("--recipe", help="A shipped recipe's name, or a TOML file.")
    ] = "face-v0",
    images: Annotated[int | None, typer.Option("--images", help="Train on this many instead.")] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
) -> None:
    """Train stage 1, eq. 2 of the paper, on pairs forged on the fly."""
    from train.recipe import load_stage1
    from train.stage1 import train_stage1

    settings = load_stage1(recipe)
    if images is not None:
        settings = replace(settings, n_images=images)
    if device not in {"auto", "cpu", "cuda", "mps"}:
        raise UsageError(f"--device {device} is unknown.", "Give auto, cpu, cuda or mps.")
    progress = train_stage1(dataset, run, settings, resume, device, _StepPrinter())
    typer.echo(f"{progress.n_images} images, best validation AUC {progress.best_auc:.3f}", err=True)


class _StepPrinter:
    """A line every ten seconds, and one for every validation."""

    def __init__(self) -> None:
        self._shown_s = 0.0
        self._rate = 0.0

    def __call__(self, report: StepReport) -> None:
        """Prints a step if it is time to."""
        self._rate = report.images_per_s if not self._rate else 0.95 * self._rate + 0.05 * report.images_per_s
        if report.validation is None and time.monotonic() - self._shown_s < 10:
            return
        self._shown_s = time.monotonic()
        left_min = (report.n_images_total - report.n_images) / max(self._rate, 1e-9) / 60
        losses = "  ".join(f"{name} {value:.4f}" for name, value in report.losses.items())
        share = f"{report.n_images}/{report.n_images_total}"
        line = f"{share}  {losses}  {self._rate:.1f} images/s  {left_min:.0f} min left"
        if report.validation:
            line += "  " + "  ".join(f"{name} {value:.3f}" for name, value in report.validation.items())
        typer.echo(line, err=True)
