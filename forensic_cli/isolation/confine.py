"""Taking away from a worker what it does not need. What each system cannot enforce is said, not assumed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Collection

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
# FFmpeg, dlib and Python open a handful; a decoder that wants hundreds is up to something.
_MAX_OPEN_FILES = 64


def enforces_memory_limit() -> bool:
    """True where the kernel holds a process to its limit of writable memory (Linux 4.7 and newer)."""
    return sys.platform == "linux"


def die_with_parent() -> None:
    """Asks the kernel to kill this process when the one that started it is gone; Linux alone can."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It went before it could be watched.
        os._exit(1)


def confine(memory_mib: int, keep: Collection[int]) -> None:
    """Gives up, for good, what decoding does not need.

    No file can be written to, no core is dumped (it would hold the evidence's pixels), no privilege
    can be gained, writable memory is limited, standard streams lead nowhere, and every descriptor but
    `keep` is closed.

    Raises:
        OSError: the system refuses one of the limits.
    """
    import resource

    _set_limit(resource.RLIMIT_CORE, 0)
    _set_limit(resource.RLIMIT_FSIZE, 0)
    _close_all_but(keep)
    _set_limit(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)
    if enforces_memory_limit():
        # Of data and not of address space: libraries reserve much of that and never touch it.
        _set_limit(resource.RLIMIT_DATA, memory_mib << 20)
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _set_limit(kind: int, value: int) -> None:
    import resource

    hard = resource.getrlimit(kind)[1]
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (allowed, allowed))


def _close_all_but(keep: Collection[int]) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    highest = os.sysconf("SC_OPEN_MAX")
    first = 3
    for kept in (*sorted(keep), highest):
        os.closerange(first, kept)
        first = kept + 1


def _prctl(option: int, value: int) -> None:
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
