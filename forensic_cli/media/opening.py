"""The one way in which this package opens a file: read-only, no links, regular files only."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from forensic_cli.errors import MediaError


def open_read_only(path: Path) -> BinaryIO:
    """Opens a regular file for reading, without following a link in its last component.

    Everything that is decoded is read through the returned object, never through the name again,
    so that nothing can be put in the file's place between two looks at it.

    Raises:
        MediaError: it is missing, unreadable, a link, or no regular file.
    """
    # O_NONBLOCK: opening a FIFO must not wait for a writer; it has no effect on regular files.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise MediaError(
            f"{path.name} cannot be opened: {error.strerror}.",
            "Check that it exists, may be read, and is no symbolic link.",
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise MediaError(f"{path.name} is not a regular file.", "Give a file, not a device, pipe or folder.")
    return os.fdopen(descriptor, "rb")
