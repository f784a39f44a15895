"""Reading evidence without touching it, and writing results in one step."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from forensic_cli.errors import MediaError, OutputError

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FileState:
    """A regular file as it was read: its hash, its size, its modification time in UTC."""

    sha256: str
    n_bytes: int
    mtime_utc: str


def utc_iso(timestamp_s: float) -> str:
    """Seconds since the epoch as ISO 8601 UTC to the second."""
    return datetime.fromtimestamp(timestamp_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def open_read_only(path: Path) -> BinaryIO:
    """Opens a regular file for reading, without following a link in its last component.

    The one way in which evidence is opened. Everything that is decoded is read through the returned
    object, never through the name again, so that nothing can be put in the file's place between two
    looks at it.

    Where the system allows it (Linux, one's own files), reading leaves the time of last access alone.

    Raises:
        MediaError: it is missing, unreadable, a link, or no regular file.
    """
    # O_NONBLOCK: opening a FIFO must not wait for a writer; it has no effect on regular files.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = _open_leaving_access_time(path, flags)
    except OSError as error:
        raise MediaError(
            f"{path.name} cannot be opened: {error.strerror}.",
            "Check that it exists, may be read, and is no symbolic link.",
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise MediaError(f"{path.name} is not a regular file.", "Give a file, not a device, pipe or folder.")
    return os.fdopen(descriptor, "rb")


def _open_leaving_access_time(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags | getattr(os, "O_NOATIME", 0))
    except PermissionError:
        # Granted to the file's owner and to root only; who may merely read it opens it plainly.
        return os.open(path, flags)


def hash_evidence(path: Path) -> FileState:
    """Opens a file by `open_read_only` and hashes it.

    Raises:
        MediaError: it cannot be opened, or not be read to its end.
    """
    with open_read_only(path) as file:
        return hash_open_file(file, path.name)


def hash_open_file(file: BinaryIO, name: str) -> FileState:
    """Hashes an open file from its beginning, and goes back there.

    The bytes come from the system each time, never from the file object's own buffer: that may hold
    the beginning of the file as it was when it was first read.

    Args:
        name: for messages.

    Raises:
        MediaError: it cannot be read to its end.
    """
    status = os.fstat(file.fileno())
    digest = hashlib.sha256()
    n_bytes = 0
    try:
        for block in _blocks(file):
            digest.update(block)
            n_bytes += len(block)
        file.seek(0)
    except OSError as error:
        raise MediaError(
            f"{name} cannot be read to its end: {error.strerror}.", "Check the storage medium."
        ) from error
    return FileState(digest.hexdigest(), n_bytes, utc_iso(status.st_mtime))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """The content from the start, past the buffer of `file`."""
    if hasattr(os, "pread"):
        # Leaves the offset alone, which the file object believes it knows.
        position = 0
        while block := os.pread(file.fileno(), _BLOCK_BYTES, position):
            position += len(block)
            yield block
        return
    left_at = os.lseek(file.fileno(), 0, os.SEEK_CUR)
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    while block := os.read(file.fileno(), _BLOCK_BYTES):
        yield block
    os.lseek(file.fileno(), left_at, os.SEEK_SET)


def is_still_at(file: BinaryIO, path: Path) -> bool:
    """True while the name leads to the open file, and not to another that took its place."""
    try:
        named = path.stat(follow_symlinks=False)
    except OSError:
        # Gone, or no longer reachable: it does not lead there.
        return False
    return os.path.samestat(named, os.fstat(file.fileno()))


def write_atomically(path: Path, content: bytes, *, overwrite: bool = True) -> None:
    """Writes a file under a temporary name, then moves it into place.

    Args:
        overwrite: False refuses where something of that name is there, even if it came a moment ago.

    Raises:
        OutputError: it cannot be written, or exists and must not be overwritten.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes the file private; results are as readable as the umask says.
        temporary.chmod(0o666 & ~_umask())
        if not overwrite:
            # Takes the name, or fails; a hard link would do it too, but not on every USB stick.
            path.open("xb").close()
        temporary.replace(path)
        sync_folder(path.parent)
    except FileExistsError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise OutputError(f"{path} exists and is not overwritten.", "Give another name.") from error
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise OutputError(
            f"{path} cannot be written: {error.strerror}.", "Check the folder's permissions and free space."
        ) from error


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder survive a loss of power, where the system knows a way.

    Raises:
        OSError: the disk is at fault.
    """
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network and FUSE file systems cannot sync a folder; the file itself has been synced.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
    finally:
        os.close(descriptor)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
