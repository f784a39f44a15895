"""Entries of a file system that are no regular files, and folders that go on and on."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

DEPTH = 150


def write_entries(folder: Path, target: Path) -> bool:
    """Links, loops, a pipe, a socket, a device, and a deep tree with a text at its end.

    Args:
        target: a file outside, that a link leads to.

    Returns:
        Whether a device could be made: that takes rights that not everybody has.
    """
    (folder / "link.png").symlink_to(target)
    (folder / "link-relative.png").symlink_to(os.path.relpath(target, folder))
    (folder / "link-to-folder").symlink_to(target.parent)
    (folder / "link-to-itself.png").symlink_to("link-to-itself.png")
    (folder / "loop-a.mp4").symlink_to("loop-b.mp4")
    (folder / "loop-b.mp4").symlink_to("loop-a.mp4")
    (folder / "dangling.mp4").symlink_to("nowhere")
    (folder / "below").mkdir()
    (folder / "below" / "up").symlink_to(folder)
    os.mkfifo(folder / "pipe.mp4")
    _bind_socket(folder, "socket.mp4")
    deepest = folder.joinpath("deep", *["d"] * DEPTH)
    deepest.mkdir(parents=True)
    (deepest / "notes.txt").write_text("Nothing to see.")
    (folder / "folder.mp4").mkdir()
    try:
        os.mknod(folder / "device.png", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:
        return False
    return True


def _bind_socket(folder: Path, name: str) -> None:
    """Its path may not be long, so that it is bound from within the folder."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(name)
    finally:
        os.chdir(here)
