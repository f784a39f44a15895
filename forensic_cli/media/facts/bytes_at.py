"""Bounded reading of an open file, for the walks over boxes, elements, chunks and segments."""

from __future__ import annotations

import os
from typing import BinaryIO

from forensic_cli.factsheet import Reason, Section
from forensic_cli.media.facts.determination import UndeterminedError

# A hostile file can claim a section in every eight bytes.
MAX_SECTIONS_WALKED = 100_000
_MAX_SECTIONS_KEPT = 64


def file_size(file: BinaryIO) -> int:
    """Size in bytes; the position is left alone."""
    here = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(here)
    return size


def bytes_at(file: BinaryIO, offset_bytes: int, n_bytes: int) -> bytes:
    """Reads exactly `n_bytes`.

    Raises:
        UndeterminedError: the file ends before.
    """
    file.seek(offset_bytes)
    content = file.read(n_bytes)
    if len(content) < n_bytes:
        raise UndeterminedError(Reason.MALFORMED, f"the file ends within {n_bytes} bytes of {offset_bytes}")
    return content


class SectionList:
    """Collects sections: runs of the same name become one entry, and only the first entries are kept."""

    def __init__(self) -> None:
        self._kept: list[Section] = []
        self._last_name = ""
        self.n_walked = 0

    def add(self, name: str, offset_bytes: int, n_bytes: int) -> None:
        """Adds one section.

        Raises:
            UndeterminedError: there are more than are ever walked.
        """
        if self.n_walked == MAX_SECTIONS_WALKED:
            raise UndeterminedError(Reason.CAP, f"more than {MAX_SECTIONS_WALKED} sections")
        self.n_walked += 1
        is_repeated, self._last_name = name == self._last_name, name
        if is_repeated and self._kept and self._kept[-1].name == name:
            first = self._kept[-1]
            total = first.n_bytes + n_bytes
            self._kept[-1] = Section(name, first.offset_bytes, total, first.n_repeated + 1)
        elif len(self._kept) < _MAX_SECTIONS_KEPT:
            self._kept.append(Section(name, offset_bytes, n_bytes))

    @property
    def kept(self) -> tuple[Section, ...]:
        """The first entries, in the order of the file."""
        return tuple(self._kept)
