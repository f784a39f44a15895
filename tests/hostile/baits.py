"""What hostile files point at: files whose opening is noticed, and a server that counts who connects."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

_IN_OPEN = 0x20
_EVENT = struct.Struct("iIII")


class OpenWatch:
    """Notices each opening of some files, by whichever process, through Linux's inotify.

    Args:
        paths: of regular files that exist.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self._paths: dict[int, Path] = {}
        for path in paths:
            watch = self._libc.inotify_add_watch(self._descriptor, os.fsencode(path), _IN_OPEN)
            if watch < 0:
                raise OSError(ctypes.get_errno(), "inotify_add_watch", os.fspath(path))
            self._paths[watch] = path

    def __enter__(self) -> OpenWatch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def opened(self) -> set[Path]:
        """The files that were opened since this was last asked."""
        found = set()
        while True:
            try:
                content = os.read(self._descriptor, 65_536)
            except BlockingIOError:
                return found
            at = 0
            while at < len(content):
                watch, _, _, n_name_bytes = _EVENT.unpack_from(content, at)
                at += _EVENT.size + n_name_bytes
                found.add(self._paths[watch])


class BaitServer:
    """Listens on this machine and counts connections; answers none."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.n_connections = 0

    @property
    def address(self) -> str:
        """For a URL: `127.0.0.1:port`."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def serve(self) -> None:
        """Counts until the listener is shut down."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.n_connections += 1
            connection.close()


@contextmanager
def bait_server() -> Iterator[BaitServer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = BaitServer(listener)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
