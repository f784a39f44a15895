"""`lae-forensics train import-masks`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensic_cli.errors import UsageError

if TYPE_CHECKING:
    from train.annotate.collect import Collected

EPILOG = (
    "Example:\n\n  lae-forensics train import-masks ./to-annotate --out ./masks\n\n"
    "An export that lies elsewhere:\n\n"
    "  lae-forensics train import-masks ./to-annotate --from coco --file ./instances.json --out ./masks"
)


def import_masks(
    folder: Annotated[Path, typer.Argument(metavar="TO_ANNOTATE", help="Folder made by `train select`.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the checked masks.")],
    source: Annotated[
        str, typer.Option("--from", help="auto, png, labelme, coco or cvat: what was painted in.")
    ] = "auto",
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", help="Where the annotation lies if not in its place: a file, or a folder of files."
        ),
    ] = None,
    threshold: Annotated[
        int | None,
        typer.Option("--threshold", help="png: accept grey values, painted from this value on (1 to 255)."),
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Leave unpainted candidates out, and say how many.")
    ] = False,
    allow_unusual: Annotated[
        bool,
        typer.Option(
            "--allow-unusual", help="Accept masks of nearly nothing or nearly everything, and equal ones."
        ),
    ] = False,
    accept_prefill: Annotated[
        bool, typer.Option("--accept-prefill", help="Accept prefilled masks that nobody changed.")
    ] = False,
) -> None:
    """Check painted masks, and bring them back."""
    from train.annotate.check import MaskFaultsError
    from train.annotate.collect import collect
    from train.annotate.folder import check_is_free
    from train.annotate.masks_folder import write_masks
    from train.annotate.settings import CollectSettings, Source
    from train.recipe import choice

    check_is_free(out)
    settings = CollectSettings(
        choice(Source, "--from", source), file, threshold, allow_missing, allow_unusual, accept_prefill
    )
    try:
        collected = collect(folder, settings)
    except MaskFaultsError as error:
        for fault in error.faults:
            typer.echo(f"{fault.file} {fault.message}\n  {fault.remedy}", err=True)
        raise UsageError(
            f"{error.summary} Nothing was written.", "Mend what is listed above, and import again."
        ) from error
    write_masks(out, collected)
    for line in _lines(collected):
        typer.echo(line)
    typer.echo(f"Next: lae-forensics train stage2 --masks {out}")


def _lines(collected: Collected) -> list[str]:
    n_masks, n_skipped, n_unpainted = (
        len(part) for part in (collected.masks, collected.skipped, collected.unpainted)
    )
    lines = [
        f"{n_masks} masks + {n_skipped} skipped + {n_unpainted} unpainted = "
        f"{n_masks + n_skipped + n_unpainted} candidates, read as {collected.source.value}"
    ]
    if collected.skipped:
        lines.append(f"skipped: {', '.join(collected.skipped)}")
    if collected.unpainted:
        lines.append(f"unpainted: {', '.join(collected.unpainted)}")
    if collected.n_untouched:
        lines.append(f"of the masks, {collected.n_untouched} are what the model proposed, unchanged")
    coverage = sorted(float(entry.mask.mean()) for entry in collected.masks)
    lines.append(
        f"coverage {coverage[0]:.1%} to {coverage[-1]:.1%}, median {coverage[len(coverage) // 2]:.1%}"
    )
    return lines
