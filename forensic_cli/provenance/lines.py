"""Files that grow by whole lines, each of them on the disk before the next step is taken."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.errors import OutputError
from forensic_cli.provenance.closing import Closing
from forensic_cli.provenance.files import sync_folder

_DISK_HINT = "Check the folder's permissions and free space."


@dataclass(frozen=True, slots=True)
class WholeLines:
    """The content of a file of lines.

    Attributes:
        lines: the whole ones, without their line feed.
        torn: a last line that was being written when the machine or the program died: what follows the
            last line feed, or a last line with NUL bytes in it, which a file system leaves where it had
            allotted space and not yet filled it. Never to be parsed. Empty where there is none.
    """

    lines: tuple[bytes, ...]
    torn: bytes


def read_whole_lines(path: Path) -> WholeLines:
    """Reads a file of lines and separates a torn last one.

    Raises:
        OSError: it cannot be read.
    """
    whole, feed, torn = path.read_bytes().rpartition(b"\n")
    lines = whole.split(b"\n") if feed else []
    if lines and b"\0" in lines[-1]:
        torn = lines.pop() + feed + torn
    return WholeLines(tuple(lines), torn)


def cut_torn_line(path: Path) -> bytes:
    """Shortens a file of lines to its whole ones, durably; returns what was cut off.

    Raises:
        OutputError: it cannot be read or shortened.
    """
    try:
        torn = read_whole_lines(path).torn
        if torn:
            with path.open("r+b") as file:
                file.truncate(path.stat().st_size - len(torn))
                os.fsync(file.fileno())
    except OSError as error:
        raise _not_written(path, error) from error
    return torn


class LineFile(Closing):
    """Appends whole lines durably.

    Args:
        path: of the file.
        is_new: True makes it and refuses one that exists; False continues one.

    Raises:
        OutputError: it cannot be opened so.
    """

    def __init__(self, path: Path, *, is_new: bool) -> None:
        self.path = path
        flags = os.O_WRONLY | os.O_APPEND | (os.O_CREAT | os.O_EXCL if is_new else 0)
        flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        try:
            self._descriptor = os.open(path, flags, 0o666)
            self._end_bytes = os.fstat(self._descriptor).st_size
            if is_new:
                sync_folder(path.parent)
        except OSError as error:
            raise _not_written(path, error) from error
        self._is_broken = False

    def append(self, lines: Iterable[bytes]) -> None:
        """Appends lines, and returns when all of them are on the disk.

        Where the disk is full, what could be written of them is taken back.

        Args:
            lines: without line feeds.

        Raises:
            OutputError: they cannot be written.
        """
        if self._is_broken:
            raise OutputError(f"{self.path} could not be written before; nothing is added to it.", _DISK_HINT)
        content = b"".join(line + b"\n" for line in lines)
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(self._descriptor, left) :]
            os.fsync(self._descriptor)
        except OSError as error:
            self._take_back()
            raise _not_written(self.path, error) from error
        self._end_bytes += len(content)

    def close(self) -> None:
        """Closes the file; there is nothing left to be written."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._descriptor, self._end_bytes)
        except OSError:
            # A torn line stays: whatever were appended to it would be lost with it.
            self._is_broken = True


def _not_written(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path} cannot be written: {error.strerror}.", _DISK_HINT)
