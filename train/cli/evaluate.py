"""`lae-forensics train evaluate`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from train.cli.progress import counter

if TYPE_CHECKING:
    from train.evaluation.records import Evaluation

EPILOG = (
    "Examples:\n\n"
    "  lae-forensics train evaluate ./data --run ./runs/face --split validation\n\n"
    "  lae-forensics train evaluate ./data --run ./runs/face --target composites=./composites"
)


class TargetConditions(StrEnum):
    """Compressions of a target set."""

    ALL = "all"
    LIGHT = "light"


def evaluate(
    dataset: Annotated[Path, typer.Argument(help="Folder made by `train prepare` or `train forge`.")],
    run: Annotated[Path, typer.Option("--run", help="Run folder, trained.")],
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            help="validation, or test: open that once, at the end. "
            "[default: validation; with --target alone, the targets only]",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            help="NAME=FOLDER: a prepared set from elsewhere, measured after validation; repeatable. "
            "It chooses nothing.",
        ),
    ] = None,
    conditions: Annotated[
        TargetConditions,
        typer.Option(
            "--conditions", help="Of target sets: light is no further compression and H.264 CRF 40."
        ),
    ] = TargetConditions.LIGHT,
    n: Annotated[int, typer.Option("--n", min=1, help="Photographs of each method and compression.")] = 300,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold",
            help="Score from which a genuine crop is a false alarm. [default: that of validation]",
            show_default=False,
        ),
    ] = None,
    plots: Annotated[
        bool, typer.Option("--plots/--no-plots", help="Draw ROC curves, score histograms and heatmaps.")
    ] = True,
    again: Annotated[
        bool, typer.Option("--again", help="Open the test split although it was opened before.")
    ] = False,
) -> None:
    """Measure separation and attention, method by method."""
    from train.evaluate import LIGHT_CONDITIONS, evaluate_run, evaluate_target
    from train.evaluation.target import target_from_option
    from train.validation import CONDITIONS

    targets = [target_from_option(text) for text in target or ()]
    if split is None and not targets:
        split = "validation"
    if split is not None:
        with counter(f"Measuring {split}") as on_progress:
            evaluation = evaluate_run(dataset, run, split, n, on_progress, again, threshold, plots)
        _show(run, evaluation, plots)
    under = CONDITIONS if conditions is TargetConditions.ALL else LIGHT_CONDITIONS
    for each in targets:
        with counter(f"Measuring {each.name}") as on_progress:
            evaluation = evaluate_target(dataset, run, each, under, on_progress, threshold, plots)
        _show(run, evaluation, plots)


def _show(run: Path, evaluation: Evaluation, has_plots: bool) -> None:
    from train.evaluation.table import table

    typer.echo(f"{table(evaluation)}\n")
    plots = f", plots-{evaluation.split}/" if has_plots else ""
    typer.echo(f"{run}: evaluation-{evaluation.split}.json{plots}", err=True)
