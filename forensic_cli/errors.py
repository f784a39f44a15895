"""Exit codes, and the errors that carry them.

Every error that a user can meet is a `ForensicError`: it says what is wrong, names the
remedy (`hint`), and knows the exit code. Modules raise at the cause; only `cli` prints.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process returns. A finding of forgery is a result, so it exits 0."""

    DONE = 0
    DEFECT = 1
    USAGE = 2
    SOME_ITEMS_FAILED = 3
    EVIDENCE_CHANGED = 4
    VERIFICATION_FAILED = 5
    WEIGHTS_NOT_TRUSTED = 6
    OUTPUT_NOT_WRITTEN = 7
    INTERRUPTED = 130


class ForensicError(Exception):
    """A fault the user can act on.

    Args:
        message: what is wrong, naming the file or value.
        hint: what to do about it.
    """

    exit_code: ExitCode = ExitCode.DEFECT

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def extra_remedy(extra: str) -> str:
    """How to get an optional part of the program."""
    return f"In the checkout, run: pip install '.[{extra}]'"


class UsageError(ForensicError):
    """The command line, a configuration file or a recipe asks for something impossible."""

    exit_code = ExitCode.USAGE


class MediaError(ForensicError):
    """One item cannot be read as image or video. It costs that item, never the batch."""

    exit_code = ExitCode.SOME_ITEMS_FAILED


class NotMediaError(MediaError):
    """The file is of no kind that this program examines (a text file, an archive)."""


class EvidenceChangedError(ForensicError):
    """The evidence was modified while it was being read."""

    exit_code = ExitCode.EVIDENCE_CHANGED


class VerificationError(ForensicError):
    """A hash, a signature or a repeated analysis does not match the record."""

    exit_code = ExitCode.VERIFICATION_FAILED


class WeightsError(ForensicError):
    """Model weights are missing, altered or unknown."""

    exit_code = ExitCode.WEIGHTS_NOT_TRUSTED


class OutputError(ForensicError):
    """A result cannot be written, or would overwrite something."""

    exit_code = ExitCode.OUTPUT_NOT_WRITTEN
