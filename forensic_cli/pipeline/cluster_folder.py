"""Where a worker of a cluster keeps pictures until they are sent; what a killed one left, the next removes."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forensic_cli.errors import OutputError
from forensic_cli.provenance.lock import folder_lock

_PREFIX = "lae-forensics-worker-"
# Between the making of a folder and its lock lies a moment.
_MIN_AGE_S = 60.0


@contextmanager
def worker_folder() -> Iterator[Path]:
    """A folder of this process alone, removed in the end.

    Raises:
        OutputError: it cannot be made.
    """
    _remove_left_behind()
    try:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        raise OutputError(
            f"No temporary folder can be made: {error.strerror}.", "Check TMPDIR and its free space."
        ) from error
    try:
        with folder_lock(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left_behind() -> None:
    """Pictures show people: what killed workers of this user left on this node goes."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            status = folder.lstat()
            is_own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
            if folder.is_symlink() or not is_own or time.time() - status.st_mtime < _MIN_AGE_S:
                continue
            with folder_lock(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except (OSError, OutputError):
            # Its worker lives, or another one removes it at this moment.
            continue
