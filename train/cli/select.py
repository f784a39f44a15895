"""`lae-forensics train select`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from train.cli.progress import counter

EPILOG = (
    "Example:\n\n  lae-forensics train select ./forged --run ./runs/face --n 100 --out ./to-annotate\n\n"
    "Paint as the folder's README.md says; then bring the masks back:\n\n"
    "  lae-forensics train import-masks ./to-annotate --out ./masks"
)


def select(
    dataset: Annotated[
        Path, typer.Argument(help="Folder with real and forged crops, on which the run was trained.")
    ],
    run: Annotated[Path, typer.Option("--run", help="Run folder of stage 1, or of an earlier stage 2.")],
    out: Annotated[
        Path, typer.Option("--out", help="New folder to paint in; one that holds something is refused.")
    ] = Path("to-annotate"),
    n: Annotated[int, typer.Option("--n", min=1, help="Fakes to choose; the paper's are 100 and 400.")] = 100,
    method: Annotated[
        str, typer.Option("--method", help="active: by eq. 10. random: the control of Fig. 4.")
    ] = "active",
    prefill: Annotated[
        bool, typer.Option("--prefill", help="Start from the thresholded attention, not from empty masks.")
    ] = False,
    l2: Annotated[
        float, typer.Option("--l2", help="active: strength of the logistic regression's L2 penalty.")
    ] = 0.1,
    images: Annotated[
        int,
        typer.Option(
            "--images", min=0, help="active: fit on at most so many real and as many forged crops; 0 = all."
        ),
    ] = 0,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Of a random draw, and of what --images leaves in.")
    ] = 20200,
) -> None:
    """Choose fakes to annotate, and make the folder."""
    from forensic_cli.config import DeviceName
    from forensic_cli.model.inference import choose_device
    from train.annotate.folder import check_is_free, describe, export_candidates
    from train.recipe import choice
    from train.selection import SelectionMethod, select_candidates
    from train.trained_run import load_run

    kind = choice(SelectionMethod, "--method", method)
    target = choose_device(choice(DeviceName, "--device", device))
    check_is_free(out)
    trained = load_run(run, dataset)
    trained.encoder.to(target)
    with counter("Reading crops") as on_progress:
        selection = select_candidates(dataset, trained, n, kind, seed, l2, images, on_progress)
    with counter("Writing candidates") as on_progress:
        records = export_candidates(dataset, out, trained, selection, prefill, on_progress)
    n_sources = len({record.source_id for record in records})
    typer.echo(f"Chosen: {describe(selection)}")
    typer.echo(f"{len(records)} candidates of {n_sources} sources in {out}; begin with {out / 'README.md'}.")
