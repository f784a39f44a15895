"""SHA-256 of the files of a results folder, each read once and never through a link."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forensic_cli.errors import MediaError
from forensic_cli.provenance.files import hash_evidence


@dataclass(frozen=True, slots=True)
class Hashed:
    """A file as it is now.

    Attributes:
        sha256: "" where it could not be read.
        n_bytes: 0 where it could not be read.
        fault: why it could not.
    """

    sha256: str
    n_bytes: int
    fault: str = ""


class Hashes:
    """Hashes files, and remembers them by path."""

    def __init__(self) -> None:
        self._known: dict[Path, Hashed] = {}

    def of(self, path: Path) -> Hashed:
        """The hash of a regular file; a link, or what cannot be read, has a fault instead."""
        if path not in self._known:
            try:
                state = hash_evidence(path)
            except MediaError as error:
                self._known[path] = Hashed("", 0, "It is missing." if not path.exists() else error.message)
            else:
                self._known[path] = Hashed(state.sha256, state.n_bytes)
        return self._known[path]

    def mismatch(self, path: Path, sha256: str) -> str:
        """Why a file is not the one of this hash; "" where it is."""
        found = self.of(path)
        if found.fault:
            return found.fault
        if found.sha256 == sha256:
            return ""
        return f"It was altered: its SHA-256 is {found.sha256}, recorded is {sha256}."
