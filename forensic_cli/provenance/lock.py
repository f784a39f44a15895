"""One writer a folder: a lock that the system drops when its holder dies, however it dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forensic_cli.errors import OutputError

LOCK_NAME = ".lock"


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Holds a folder, which is made if need be; `.lock` lies in it meanwhile.

    Raises:
        OutputError: another process holds it, or it cannot be written.
    """
    path = folder / LOCK_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = _opened(path)
    except OSError as error:
        raise OutputError(
            f"The results folder {folder} cannot be written: {error.strerror}.",
            "Check its permissions and free space, or give --out another folder.",
        ) from error
    try:
        if not _is_locked_now(descriptor):
            raise OutputError(
                f"Another scan is writing into {folder}.",
                "Wait until it has ended, or give --out another folder.",
            )
        try:
            yield
        finally:
            # While it is still held: who opens the name from now on makes a new file, and locks that.
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    return os.open(path, flags, 0o666)


def _is_locked_now(descriptor: int) -> bool:
    """Takes the lock without waiting; False where another process has it.

    The lock belongs to the process (POSIX record lock), not to the descriptor: a decoding worker that
    outlives its parent for a moment does not keep the folder from being resumed.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
