"""`lae-forensics export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensic_cli.cli.text import printable
from forensic_cli.errors import OutputError, UsageError

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_EPILOG = """
Examples:

  lae-forensics export --case ./out-results --out case.jsonld

  lae-forensics export --csv ./out-results --out results.csv

The CASE/UCO file names the program with its settings and the hash of its weights, each file with its
hashes, and an analytic result for each face track; the same results give the same file. The CSV has
a row for each face track and for each item without one; text that a spreadsheet would take for a formula
gets an apostrophe in front. results.jsonl stays the authority. Nothing is overwritten.
"""


@app.command(epilog=_EPILOG)
def export(
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write; it must not exist.")],
    case: Annotated[
        Path | None,
        typer.Option("--case", metavar="DIR", help="Results folder, written as CASE/UCO JSON-LD."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="DIR", help="Results folder, written as CSV.")
    ] = None,
) -> None:
    """Write finished results for other programs: CASE/UCO JSON-LD or CSV."""
    from forensic_cli.evidence.records import load_results
    from forensic_cli.interchange.case_graph import case_document
    from forensic_cli.interchange.rows import csv_document
    from forensic_cli.pipeline.guard import require_outside_evidence
    from forensic_cli.provenance.files import write_atomically

    folder = case or csv
    if folder is None or (case and csv):
        raise UsageError("One kind of export at a time.", "Give either --case DIR or --csv DIR.")
    if out.exists():
        raise OutputError(f"{out} exists; an export is never overwritten.", "Give --out another name.")
    result = load_results(folder)
    require_outside_evidence([out], (Path(item.evidence.path) for item in result.items))
    document = case_document(result, folder) if case else csv_document(result)
    write_atomically(out, document.encode("utf-8"), overwrite=False)
    typer.echo(f"Exported: {printable(str(out))}", err=True)
