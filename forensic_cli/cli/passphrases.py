"""Secrets for keys: from a file, the environment or a prompt, never from the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from forensic_cli.errors import UsageError

PASSPHRASE_VARIABLE = "LAE_FORENSICS_PASSPHRASE"


def read_passphrase(file: Path | None, what: str) -> str:
    """Takes the secret from the file if one is given, else from the environment, else asks.

    Args:
        file: its first line is the secret.
        what: for the prompt.

    Raises:
        UsageError: the file cannot be read; or there is neither a secret nor a terminal to ask at.
    """
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").split("\n", 1)[0].removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read: {error}.", "Check --passphrase-file.") from error
    if PASSPHRASE_VARIABLE in os.environ:
        return os.environ[PASSPHRASE_VARIABLE]
    if not sys.stdin.isatty():
        raise UsageError(
            f"There is no {what}, and no terminal to ask for it.",
            f"Give --passphrase-file, or set {PASSPHRASE_VARIABLE}.",
        )
    return str(typer.prompt(what, hide_input=True, default="", show_default=False, err=True))
