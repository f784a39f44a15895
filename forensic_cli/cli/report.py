"""`lae-forensics report`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensic_cli.cli.options import FinalOption, LanguageOption
from forensic_cli.cli.text import printable
from forensic_cli.errors import OutputError

if TYPE_CHECKING:
    from forensic_cli.evidence.records import ScanResult
    from forensic_cli.report.form import ReportForm

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_EPILOG = """
Examples:

  lae-forensics report ./out-results -o again.pdf

  lae-forensics report ./out-results -o final.pdf --case case.toml --final --language de

The same results and case data give the same report, byte for byte. Neither torch nor the evidence is
needed. The report is noted in the audit log of the results and in SHA256SUMS, and a case file given
here is kept in DIR/cases, so that DIR alone is enough to draw the report again.
"""


@app.command(epilog=_EPILOG)
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Results folder of a scan.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The PDF to write.")],
    case: Annotated[
        Path | None,
        typer.Option("--case", help="Case data, a TOML file. [default: those saved with the results]"),
    ] = None,
    language: LanguageOption = "en",
    is_final: FinalOption = False,
    unrecorded: Annotated[
        bool,
        typer.Option("--unrecorded", help="Write nothing into DIR. `verify` will not know such a report."),
    ] = False,
) -> None:
    """Draw the PDF again from saved results, in any language, as a draft or final."""
    from forensic_cli.case.load import load_case
    from forensic_cli.evidence.records import load_results
    from forensic_cli.report.form import ReportForm

    form = ReportForm(language, is_final)
    if out.exists():
        raise OutputError(f"{out} exists; a report is never overwritten.", "Give -o another name.")
    result = load_results(folder)
    if case is not None:
        result = replace(result, case=load_case(case))
    if unrecorded:
        _draw(result, folder, out, form)
    else:
        _draw_recorded(result, folder, out, form, case)
    typer.echo(f"Report: {printable(str(out))}", err=True)


def _draw(result: ScanResult, folder: Path, out: Path, form: ReportForm) -> None:
    from forensic_cli.report.build import build_report
    from forensic_cli.report.pdf import write_pdf

    write_pdf(build_report(result, folder, form), out)


def _draw_recorded(result: ScanResult, folder: Path, out: Path, form: ReportForm, case: Path | None) -> None:
    """Draws the report, keeps its case file in the results folder, and notes both there."""
    from forensic_cli.evidence.case_files import keep_case_file
    from forensic_cli.evidence.output import add_report
    from forensic_cli.provenance.lock import folder_lock

    with folder_lock(folder):
        _draw(result, folder, out, form)
        if case is not None:
            kept = keep_case_file(folder, case)
            typer.echo(f"Case data kept: {printable(str(kept))}", err=True)
        add_report(folder, out)
