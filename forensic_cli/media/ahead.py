"""Decoding ahead of whoever uses the frames, in a thread of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def drawn_ahead(source: Iterator[T], n_ahead: int) -> Generator[T, None, None]:
    """Yields what `source` yields, and draws the next ones meanwhile.

    Decoders let go of the interpreter's lock while they work.

    Args:
        source: drawn in one other thread, which is gone when this generator ends or is closed. It is closed
            too, where it can be.
        n_ahead: so many are drawn before they are asked for, at most.

    Raises:
        Whatever `source` raises, in its place.
    """
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="frame-decoder")

    def draw() -> Future[T]:
        return pool.submit(_next, source)

    drawn = deque(draw() for _ in range(n_ahead))
    try:
        while True:
            try:
                item = drawn.popleft().result()
            except _ExhaustedError:
                return
            drawn.append(draw())
            yield item
            del item  # the generator rests here between frames: it must not keep one alive
    finally:
        # What is being decoded cannot be stopped, and is waited for.
        pool.shutdown(wait=True, cancel_futures=True)
        if isinstance(source, Generator):
            source.close()


class _ExhaustedError(Exception):
    """Stands for StopIteration, which a future does not carry through a generator."""


def _next(source: Iterator[T]) -> T:
    try:
        return next(source)
    except StopIteration:
        raise _ExhaustedError from None
