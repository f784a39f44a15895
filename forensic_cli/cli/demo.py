"""`lae-forensics demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_EPILOG = """
Example:

  lae-forensics demo --report demo.pdf

The clips were made from a public-domain portrait; samples/ORIGIN.md in the package says how.
"""


@app.command(epilog=_EPILOG)
def demo(
    report: Annotated[Path, typer.Option("--report", help="The PDF to write.")] = Path("demo.pdf"),
) -> None:
    """Scan the genuine and the forged sample clip that come with the program."""
    from forensic_cli.case.model import Case
    from forensic_cli.cli.scan import run_and_report
    from forensic_cli.config import FaceSettings, ScanConfig

    folder = Path(__file__).resolve().parent.parent / "samples"
    case = Case(
        number="DEMO",
        exhibit_prefix="DEMO/",
        question="Do the two sample clips of this program contain a forged face?",
        original_or_copy="The sample clips as they ship.",
    )
    config = ScanConfig(
        paths=(folder / "genuine.mp4", folder / "forged.mp4"),
        out_dir=report.with_name(f"{report.stem}-results"),
        report=report,
        case=case,
        faces=FaceSettings(n_threads=2),
    )
    code = run_and_report(config, as_json=False, quiet=False)
    typer.echo(f"\nThe report is {report.resolve()}", err=True)
    raise typer.Exit(int(code))
