"""`lae-forensics faces`."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensic_cli.cli.options import (
    AllFramesOption,
    DetectorOption,
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
from forensic_cli.config import DetectorName, FaceSettings, MediaLimits
from forensic_cli.errors import ExitCode, MediaError, NotMediaError, OutputError, UsageError

if TYPE_CHECKING:
    from forensic_cli.config import Sampling

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_HEADER = (
    "file", "source", "sha256", "frame", "time_s", "track",
    "x0", "y0", "x1", "y1", "confidence", "sharpness",
)  # fmt: skip
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
    jobs: JobsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Find and cut out the faces, without the model."""
    from forensic_cli.media.discover import discover
    from forensic_cli.provenance.files import write_atomically

    _refuse(out, paths)
    sampling = make_sampling(fps, frames, all_frames)
    settings = FaceSettings(detector, min_face, default_jobs(jobs))
    rows: list[tuple[object, ...]] = []
    n_failed = 0
    for number, item in enumerate(discover(paths).items, 1):
        name = printable(item.path.name)
        try:
            if item.refusal:
                raise MediaError(item.refusal)
            made = _cut(f"{number:04d}", item.path, out, sampling, settings)
        except MediaError as error:
            is_failure = item.named_explicitly or not isinstance(error, NotMediaError)
            n_failed += is_failure
            typer.echo(
                f"{name}: {'failed' if is_failure else 'skipped'}: {printable(error.message)}", err=True
            )
            continue
        rows += made
        if not quiet:
            typer.echo(f"{name}: {len(made)} faces", err=True)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(_HEADER)
    writer.writerows(rows)
    write_atomically(out / "faces.csv", buffer.getvalue().encode("utf-8"))
    typer.echo(f"{len(rows)} faces in {out}", err=True)
    raise typer.Exit(int(ExitCode.SOME_ITEMS_FAILED if n_failed else ExitCode.DONE))


def _refuse(out: Path, paths: list[Path]) -> None:
    if out.exists() and any(out.iterdir()):
        raise OutputError(f"The folder {out} is not empty.", "Give --out a new folder.")
    if any(path.is_dir() and out.resolve().is_relative_to(path.resolve()) for path in paths):
        raise UsageError(f"{out} lies inside the evidence.", "Give --out a folder outside it.")


def _cut(
    item_id: str, path: Path, out: Path, sampling: Sampling, settings: FaceSettings
) -> list[tuple[object, ...]]:
    import os

    import cv2

    from forensic_cli.faces.crop import cut_crop
    from forensic_cli.faces.detect import detect_stream
    from forensic_cli.faces.track import Tracker
    from forensic_cli.media import open_media
    from forensic_cli.provenance.files import hash_evidence, write_atomically

    sha256 = hash_evidence(path).sha256
    source_name = os.fspath(path).encode("utf-8", "backslashreplace").decode("utf-8")
    tracker = Tracker()
    rows: list[tuple[object, ...]] = []
    with open_media(path, sampling, MediaLimits()) as source:
        for detection in detect_stream(source.frames(), settings):
            track_ids = tracker.update(detection.frame, detection.faces)
            for track_id, face in zip(track_ids, detection.faces, strict=True):
                crop = cut_crop(detection.frame, face, track_id)
                name = f"{item_id}-track{track_id:03d}-frame{crop.frame_index:07d}.png"
                _, encoded = cv2.imencode(".png", cv2.cvtColor(crop.image, cv2.COLOR_RGB2BGR))
                write_atomically(out / name, encoded.tobytes())
                box = (round(edge, 1) for edge in face.box_xyxy)
                rows.append(
                    (
                        name,
                        f"'{source_name}" if source_name.startswith(("=", "+", "-", "@")) else source_name,
                        sha256,
                        crop.frame_index,
                        round(crop.time_s, 6),
                        track_id,
                        *box,
                        round(face.confidence, 4),
                        round(crop.sharpness, 1),
                    )
                )
    return rows
