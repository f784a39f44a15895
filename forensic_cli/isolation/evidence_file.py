"""The evidence as a worker reads it: from a position of its own, and telling the host that it is being read."""

from __future__ import annotations

import errno
import io
import os
import time
from collections.abc import Callable
from typing import Any

_PROGRESS_INTERVAL_S = 1.0
_MAX_FILE_BYTES = 1 << 63


class _Positioned(io.RawIOBase):
    """A descriptor of which others hold copies: they share its position, so nothing here uses or moves it.

    (Pillow moves the descriptor's own where it decodes a compressed TIFF, and puts it back.)
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._at = descriptor, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def readinto(self, buffer: Any, /) -> int:  # collections.abc.Buffer from Python 3.12 on
        target = memoryview(buffer).cast("B")
        # The system refuses to read far behind the end.
        is_within = self._at < self._n_bytes()
        content = os.pread(self._descriptor, len(target), self._at) if is_within else b""
        target[: len(content)] = content
        self._at += len(content)
        return len(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        target = (self._n_bytes() if start is None else start) + offset
        if not 0 <= target < _MAX_FILE_BYTES:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._at = target
        return target

    def _n_bytes(self) -> int:
        return os.fstat(self._descriptor).st_size

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._descriptor)


class EvidenceFile(io.BufferedReader):
    """An evidence file, from its beginning.

    Two workers read one item side by side, each from where it is.

    Args:
        descriptor: of a regular file; closed with this.
        on_progress: called about every second in which something is read: indexing a long file takes minutes.
    """

    def __init__(self, descriptor: int, on_progress: Callable[[], None]) -> None:
        super().__init__(_Positioned(descriptor))
        self._on_progress = on_progress
        self._told_s = time.monotonic()

    def read(self, size: int | None = -1, /) -> bytes:
        """As ever."""
        now_s = time.monotonic()
        if now_s - self._told_s >= _PROGRESS_INTERVAL_S:
            self._told_s = now_s
            self._on_progress()
        return super().read(size)
