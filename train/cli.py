"""`lae-forensics train`: one command a step, each a folder that the next one reads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensic_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from train.stage1 import StepReport

app = typer.Typer(
    no_args_is_help=True,
    help="Prepare data, forge, and train the model.",
    epilog="Example:\n\n  lae-forensics train prepare ./photos --out ./data",
    rich_markup_mode=None,
    add_completion=False,
)


@contextmanager
def _counter(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar with rate and time left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@app.command(
    epilog="Example:\n\n  lae-forensics train prepare ./photos --index photos.csv --out ./data --reserve london"
)
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
    with _counter("Preparing") as on_progress:
        report = run(source, out, settings, on_progress)
    for path, reason in report.failed:
        typer.echo(f"failed: {path}: {reason}", err=True)
    counts = ", ".join(f"{n} {name}" for name, n in summarise(read_dataset(out)).items())
    typer.echo(
        f"{report.n_used} used + {len(report.without_face)} without a face + {len(report.failed)} failed "
        f"= {report.n_files} files; {report.n_crops} crops: {counts}",
        err=True,
    )


@app.command(
    epilog="Example:\n\n  lae-forensics train forge ./data --out ./forged --method poisson-swap --n 200"
)
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

    with _counter("Forging") as on_progress:
        n_written = forge_to_files(dataset, out, tuple(method or ()), n, split, seed, on_progress)
    typer.echo(f"{n_written} forgeries in {out}", err=True)


@app.command(
    epilog="Example:\n\n  lae-forensics train stage1 ./data --run ./runs/face-v0 --recipe face-v0 --resume"
)
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


@app.command(
    epilog="Example:\n\n  lae-forensics train evaluate ./data --run ./runs/face-v0 --split validation"
)
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

    with _counter("Measuring") as on_progress:
        evaluation = evaluate_run(dataset, run, split, n, on_progress, again)
    typer.echo(table(evaluation.rows))


@app.command(
    "export",
    epilog="Example:\n\n  lae-forensics train export ./data --run ./runs/face-v0 --name my-weights --out ./weights",
)
def export_weights(
    dataset: Annotated[Path, typer.Argument(help="Folder made by `train prepare`.")],
    run: Annotated[Path, typer.Option("--run", help="Run folder of stage 1, evaluated.")],
    name: Annotated[str, typer.Option("--name", help="Name in weights.json.")],
    out: Annotated[Path, typer.Option("--out", help="Folder with weights.json, made if need be.")],
    licences: Annotated[
        str, typer.Option("--licences", help="Terms of the training photographs, for the model card.")
    ] = "Not recorded",
) -> None:
    """Choose thresholds on validation data, and write the weights with their model card."""
    from train.export import export

    card = export(dataset, run, name, out, licences)
    typer.echo(f"{card.name}: SHA-256 {card.sha256}", err=True)
