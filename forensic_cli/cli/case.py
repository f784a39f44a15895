"""`lae-forensics case`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

from forensic_cli.cli.text import printable

app = typer.Typer(
    no_args_is_help=True,
    help="Write and check case data: who asked what, who answers, where the items came from.",
    epilog="Example:\n\n  lae-forensics case init case.toml",
    rich_markup_mode=None,
    add_completion=False,
)

_EPILOG_INIT = """
Example:

  lae-forensics case init ./case-17/case.toml

The template explains every field. A file that exists is never overwritten.
"""

_EPILOG_CHECK = """
Example:

  lae-forensics case check case.toml

Exit codes: 0 the file is valid, whether or not it suffices for a final report; 2 it is not.
"""


@app.command(epilog=_EPILOG_INIT)
def init(
    path: Annotated[Path, typer.Argument(metavar="[PATH]", help="The file to write.")] = Path("case.toml"),
) -> None:
    """Write a commented template of case.toml."""
    from forensic_cli.case.template import template
    from forensic_cli.provenance.files import write_atomically

    write_atomically(path, template().encode("utf-8"), overwrite=False)
    typer.echo(f"Template: {printable(str(path))}", err=True)


@app.command(epilog=_EPILOG_CHECK)
def check(path: Annotated[Path, typer.Argument(metavar="PATH", help="The case file.")]) -> None:
    """Check a case file: its keys, its dates, and what a final report still needs."""
    from forensic_cli.case.final import FINAL_FIELDS, missing_for_final
    from forensic_cli.case.load import load_case

    case = load_case(path)
    single = [entry.name for entry in fields(case) if isinstance(getattr(case, entry.name), str)]
    width = max(map(len, single))
    for name in single:
        value = " ".join(getattr(case, name).split())
        typer.echo(f"{name:{width}}  {printable(value) or '- not supplied'}")
    typer.echo(f"{'transfers':{width}}  {len(case.transfers)}")
    typer.echo(f"{'items':{width}}  {len(case.items)}")
    missing = missing_for_final(case)
    typer.echo("")
    if not missing:
        typer.echo("A final report can be made.")
        return
    typer.echo("A final report (--final) still needs:")
    for name in missing:
        typer.echo(f"  {name:{width}}  {FINAL_FIELDS[name]}")
