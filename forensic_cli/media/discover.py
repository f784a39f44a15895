"""Finding the files of a scan, so that each of them can be accounted for.

Links are never followed, and nothing is left out in silence: what may not be opened is an item
too, with the reason. Content is not looked at here; see `sniff`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.errors import UsageError

_OTHER_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)


@dataclass(frozen=True, slots=True)
class FoundItem:
    """One entry that must be accounted for.

    Attributes:
        path: as given, or the given folder joined with the names below it.
        named_explicitly: the user named it, rather than a folder above it.
        refusal: why it may not be opened, with the remedy; "" when it may.
    """

    path: Path
    named_explicitly: bool
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found, sorted by the bytes of the path; one item for each name on the disk."""

    items: tuple[FoundItem, ...]

    @property
    def openable(self) -> tuple[FoundItem, ...]:
        """The items that may be opened."""
        return tuple(item for item in self.items if not item.refusal)

    @property
    def refused(self) -> tuple[FoundItem, ...]:
        """Links, devices, pipes, sockets and folders that could not be listed."""
        return tuple(item for item in self.items if item.refusal)


def discover(paths: Sequence[Path]) -> Discovery:
    """Finds every file at or below `paths`.

    The same name reached twice (given twice, or given and below a given folder) is one item. Two
    hard links are two names, hence two items.

    Raises:
        UsageError: a path does not exist.
    """
    found: dict[bytes, FoundItem] = {}
    for path in paths:
        for item in _walk(path):
            key = _identity(item.path)
            known = found.get(key)
            if known is None or _preference(item) < _preference(known):
                found[key] = item
    return Discovery(tuple(sorted(found.values(), key=lambda item: os.fsencode(item.path))))


def _walk(given: Path) -> Iterator[FoundItem]:
    """The items at or below one path that the user named."""
    try:
        mode = given.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise UsageError(f"{given} does not exist.", "Check the spelling of the path.") from error
    except OSError as error:
        yield FoundItem(given, True, f"It cannot be looked at: {error.strerror}. Check the permissions.")
        return
    if not stat.S_ISDIR(mode):
        yield FoundItem(given, True, _refusal(given, mode))
        return
    # A stack of our own: the depth of a hostile tree must not exhaust Python's.
    folders = [given]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                children = [folder / entry.name for entry in entries]
        except OSError as error:
            reason = f"The folder cannot be listed: {error.strerror}. Check its permissions."
            yield FoundItem(folder, folder is given, reason)
            continue
        for path in children:
            try:
                mode = path.lstat().st_mode
            except OSError as error:
                yield FoundItem(path, False, f"It cannot be looked at: {error.strerror}. Scan again.")
                continue
            if stat.S_ISDIR(mode):
                folders.append(path)
            else:
                yield FoundItem(path, False, _refusal(path, mode))


def _refusal(path: Path, mode: int) -> str:
    """Why an entry that is no folder may not be opened; "" for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISLNK(mode):
        try:
            target = f" to {path.readlink()}"
        except OSError:
            # It vanished or may not be read; that it is a link is known all the same.
            target = ""
        return f"It is a symbolic link{target}, and links are not followed. Name the target itself."
    kind = next((name for is_kind, name in _OTHER_KINDS if is_kind(mode)), "no regular file")
    return f"It is {kind}. Only regular files are examined; copy its content into one."


def _identity(path: Path) -> bytes:
    """The folder's real path and the entry's own name, whose link is not followed."""
    return os.fsencode(path.parent.resolve() / path.name)


def _preference(item: FoundItem) -> tuple[bool, bytes]:
    return (not item.named_explicitly, os.fsencode(item.path))
