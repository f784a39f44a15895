"""`lae-forensics schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from forensic_cli.evidence.schema import SchemaName, published_schema

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_EPILOG = """
Examples:

  lae-forensics schema

  lae-forensics schema --name manifest > manifest.schema.json

results: one line of results.jsonl; manifest: manifest.json; audit: one line of audit.jsonl. The
dialect is JSON Schema, draft 2020-12.
"""


@app.command(epilog=_EPILOG)
def schema(
    name: Annotated[
        SchemaName, typer.Option("--name", help="Of which record.", show_choices=True)
    ] = SchemaName.RESULTS,
) -> None:
    """Print the JSON Schema of what a scan writes."""
    typer.echo(published_schema(name), nl=False)
