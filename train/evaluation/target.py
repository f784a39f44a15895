"""A set from elsewhere that a run is measured on, as the command line names it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.errors import UsageError
from train.evaluation.records import TARGET_PREFIX

_TARGET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Target:
    """A set that the run has nothing to do with.

    Attributes:
        name: letters, digits, dots, hyphens and underscores.
        folder: a prepared dataset of real and fake crops, or of real ones alone.
    """

    name: str
    folder: Path

    def __post_init__(self) -> None:
        if not _TARGET_NAME.fullmatch(self.name):
            raise UsageError(
                f"A target cannot be called {self.name!r}.",
                "Give NAME=FOLDER; the name may have letters, digits, dots, hyphens and underscores.",
            )

    @property
    def split(self) -> str:
        """What its evaluation is kept under."""
        return f"{TARGET_PREFIX}{self.name}"


def target_from_option(text: str) -> Target:
    """Reads NAME=FOLDER.

    Raises:
        UsageError: it is not of that form.
    """
    name, separator, folder = text.partition("=")
    if not separator or not folder:
        raise UsageError(f"--target {text} names no folder.", "Give NAME=FOLDER.")
    return Target(name, Path(folder))
