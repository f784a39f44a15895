"""`lae-forensics faces`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensic_cli.cli.options import (
    AllFramesOption,
    DetectorOption,
    FaceSearchOption,
    FpsOption,
    FramesOption,
    JobsOption,
    MinFaceOption,
    PathsArgument,
    QuietOption,
    default_jobs,
    make_sampling,
)
from forensic_cli.cli.text import printable
from forensic_cli.config import DetectorName, FaceSearch, FaceSettings
from forensic_cli.errors import ExitCode

if TYPE_CHECKING:
    from forensic_cli.pipeline.faces import FacesOfItem

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_EPILOG = """
Example:

  lae-forensics faces clip.mp4 --out ./faces --fps 5

Writes one 256 x 256 PNG a face and faces.csv. These are exactly the crops that a scan examines.
"""


@app.command(epilog=_EPILOG)
def faces(
    paths: PathsArgument,
    out: Annotated[Path, typer.Option("--out", help="New folder for the crops and faces.csv.")],
    fps: FpsOption = None,
    frames: FramesOption = None,
    all_frames: AllFramesOption = False,
    detector: DetectorOption = DetectorName.DLIB_HOG,
    min_face: MinFaceOption = 80,
    face_search: FaceSearchOption = FaceSearch.FOLLOW,
    jobs: JobsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Find and cut out the faces, without the model."""
    from forensic_cli.pipeline.faces import cut_faces

    settings = FaceSettings(detector, min_face, default_jobs(jobs), search=face_search)
    done = cut_faces(
        paths,
        out,
        make_sampling(fps, frames, all_frames),
        settings,
        lambda item: None if quiet else typer.echo(_line(item), err=True),
    )
    n_failed = sum(bool(item.fault) and not item.is_skipped for item in done)
    n_skipped = sum(item.is_skipped for item in done)
    typer.echo(
        f"{sum(item.n_faces for item in done)} faces in {printable(str(out))}; "
        f"{len(done) - n_failed - n_skipped} read + {n_skipped} skipped + {n_failed} failed = {len(done)} found",
        err=True,
    )
    if any(item.has_changed for item in done):
        raise typer.Exit(int(ExitCode.EVIDENCE_CHANGED))
    raise typer.Exit(int(ExitCode.SOME_ITEMS_FAILED if n_failed else ExitCode.DONE))


def _line(item: FacesOfItem) -> str:
    name = printable(item.path.name)
    if item.fault:
        return f"{name}: {'skipped' if item.is_skipped else 'failed'}: {printable(item.fault)}"
    return f"{name}: {item.n_faces} faces"
