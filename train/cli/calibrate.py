"""`lae-forensics train calibrate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from train.cli.progress import counter

EPILOG = "Example:\n\n  lae-forensics train calibrate ./data --run ./runs/face"


def calibrate(
    dataset: Annotated[Path, typer.Argument(help="Folder that the run was trained on.")],
    run: Annotated[Path, typer.Option("--run", help="Run folder, trained.")],
) -> None:
    """Turn scores into likelihood ratios, with their bounds."""
    from train.calibration.calibrate import CALIBRATION_NAME, calibrate_run

    with counter("Calibrating") as on_progress:
        made = calibrate_run(dataset, run, on_progress)
    for line in made.lines:
        typer.echo(
            f"{line.coding:<10}log LR = {line.slope:.4f} * score {line.intercept:+.4f}, log10 LR bounded to "
            f"{line.log10_lr_min:.2f} and {line.log10_lr_max:.2f}  Cllr {line.cllr:.3f} (at best "
            f"{line.cllr_min:.3f})  {line.n_genuine} + {line.n_forged} tracks"
        )
    typer.echo(
        f"all: Cllr {made.cllr:.3f} (at best {made.cllr_min:.3f}), "
        f"expected calibration error {made.expected_calibration_error:.3f}, {made.n_identities} people"
    )
    for row in made.rows:
        typer.echo(
            f"  {row.domain:<14}{row.condition:<48}Cllr {row.cllr:.3f} (at best {row.cllr_min:.3f})  "
            f"n {row.n_genuine} + {row.n_forged}"
        )
    typer.echo(
        f"{run / CALIBRATION_NAME}; `lae-forensics train export` puts it into the model card.", err=True
    )
