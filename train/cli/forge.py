"""`lae-forensics train forge`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensic_cli.errors import UsageError
from train.cli.progress import counter

if TYPE_CHECKING:
    from train.data.dataset import Split
    from train.forge.export import ExportReport

EPILOG = (
    "Example:\n\n  lae-forensics train forge ./data --out ./forged --method poisson-swap --n 200\n\n"
    "The new folder is a dataset of its own: real crops, forgeries, masks, dataset.csv. The real crops are "
    "hard links where the file system has them: do not edit them in place."
)


def forge(
    dataset: Annotated[Path, typer.Argument(help="Folder made by `train prepare`.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the dataset that is made.")],
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            help="Forging method; repeatable. [default: all; those that need `train renderers` if it was run]",
        ),
    ] = None,
    n: Annotated[
        int,
        typer.Option(
            "--n",
            min=1,
            help="Forgeries of each method: of the one split, or of all in the proportion of their real "
            "crops, at least 1 each.",
        ),
    ] = 100,
    split: Annotated[str, typer.Option("--split", help="all, train, validation or test.")] = "all",
    compression: Annotated[
        str,
        typer.Option("--compression", help="none, jpeg:QUALITY or h264:CRF, for real and forged alike."),
    ] = "none",
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes. [default: one a processor]")
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="The same seed makes the same pixels, whatever --jobs.")
    ] = 20200,
) -> None:
    """Forge real photographs, with pixel-exact masks."""
    from train.forge.degrade import compression_named
    from train.forge.export import ExportSettings, forge_dataset

    settings = ExportSettings(
        methods=tuple(method or ()),
        n=n,
        split=_split_named(split),
        seed=seed,
        compression=compression_named(compression),
    )
    with counter("Forging") as on_progress:
        report = forge_dataset(dataset, out, settings, jobs or os.cpu_count() or 1, on_progress)
    for line in _lines(report):
        typer.echo(line, err=True)


def _split_named(name: str) -> Split | None:
    from train.data.dataset import Split

    if name == "all":
        return None
    if name not in set(Split):
        raise UsageError(f"There is no split {name!r}.", "Give all, train, validation or test.")
    return Split(name)


def _lines(report: ExportReport) -> list[str]:
    by_split: dict[str, int] = {}
    for (_, split), n in report.n_forged.items():
        by_split[split.value] = by_split.get(split.value, 0) + n
    parts = " + ".join(f"{n} {name}" for name, n in by_split.items())
    stored = " + ".join(f"{n} {storage.value}" for storage, n in sorted(report.n_real.items()))
    n_methods = len({method for method, _ in report.n_forged})
    lines = [
        f"{parts} = {sum(by_split.values())} forgeries by {n_methods} methods",
        f"{stored} = {sum(report.n_real.values())} real crops",
    ]
    if report.n_other_splits or report.n_source_fakes:
        lines.append(
            f"left out of {report.n_source_rows} rows: {report.n_other_splits} real crops of splits that were "
            f"not asked for or hold one identity, {report.n_source_fakes} fakes"
        )
    if report.n_resisted:
        lines.append(f"{report.n_resisted} photographs resisted a method; others stand in for them")
    return lines
