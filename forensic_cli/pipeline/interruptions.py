"""Ctrl-C while results are written: later, or not at all. Python lets the main thread alone change that."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptions_ignored() -> Iterator[None]:
    """Holds Ctrl-C off for good."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def interruptions_deferred() -> Iterator[None]:
    """Lets what is inside end before Ctrl-C counts, so that a log is never left in the middle of a line.

    Raises:
        KeyboardInterrupt: at the end, if there was one meanwhile.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt
