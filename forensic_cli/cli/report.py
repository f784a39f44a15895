"""`lae-forensics report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensic_cli.errors import OutputError

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_EPILOG = """
Example:

  lae-forensics report ./out-results -o again.pdf

The same results give the same report, byte for byte. Neither torch nor the evidence is needed.
"""


@app.command(epilog=_EPILOG)
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Results folder of a scan.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The PDF to write.")],
) -> None:
    """Draw the PDF again from saved results."""
    from forensic_cli.evidence.records import load_results
    from forensic_cli.report.build import build_report
    from forensic_cli.report.pdf import write_pdf

    if out.exists():
        raise OutputError(f"{out} exists; a report is never overwritten.", "Give -o another name.")
    write_pdf(build_report(load_results(folder), folder), out)
    typer.echo(f"Report: {out}", err=True)
