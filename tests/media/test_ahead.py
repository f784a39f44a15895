"""Frames drawn in another thread: the same frames, the same errors, nothing left behind."""

import threading
import weakref
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensic_cli.media.ahead import drawn_ahead


class Item:
    def __init__(self, number: int) -> None:
        self.number = number


def no_thread_is_left() -> bool:
    return not [thread for thread in threading.enumerate() if thread.name.startswith("frame-decoder")]


@given(items=st.lists(st.integers(), max_size=20), n_ahead=st.integers(1, 5))
def test_what_comes_out_is_what_went_in(items: list[int], n_ahead: int) -> None:
    assert list(drawn_ahead(iter(items), n_ahead)) == items
    assert no_thread_is_left()


def test_an_error_comes_in_its_place_and_ends_the_stream() -> None:
    def failing() -> Iterator[int]:
        yield from range(5)
        raise OSError("the disk is gone")

    stream = drawn_ahead(failing(), 2)
    assert [next(stream) for _ in range(5)] == list(range(5))
    with pytest.raises(OSError, match="the disk is gone"):
        next(stream)
    assert no_thread_is_left()


def test_no_more_is_drawn_ahead_than_was_said_and_all_of_it_in_another_thread() -> None:
    threads: list[str] = []

    def source() -> Iterator[int]:
        for number in range(20):
            threads.append(threading.current_thread().name)
            yield number

    for number, _ in enumerate(drawn_ahead(source(), 3), 1):
        assert len(threads) <= number + 3
    assert len(threads) == 20
    assert all(name.startswith("frame-decoder") for name in threads)


def test_the_next_is_drawn_while_the_last_is_used() -> None:
    is_drawn = threading.Event()

    def source() -> Iterator[int]:
        yield 1
        is_drawn.set()
        yield 2

    stream = drawn_ahead(source(), 1)
    next(stream)
    assert is_drawn.wait(10)
    stream.close()


def test_closing_ends_the_thread_and_the_source() -> None:
    is_closed = threading.Event()

    def source() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            is_closed.set()

    stream = drawn_ahead(source(), 2)
    next(stream)
    stream.close()
    assert is_closed.is_set()
    assert no_thread_is_left()


def test_nothing_that_was_handed_on_is_kept_alive() -> None:
    alive: set[int] = set()

    def source() -> Iterator[Item]:
        for number in range(12):
            item = Item(number)
            alive.add(number)
            weakref.finalize(item, alive.discard, number)
            yield item
            del item

    largest = 0
    for item in drawn_ahead(source(), 2):
        del item
        largest = max(largest, len(alive))
    # Two wait, a third is being made or handed over.
    assert largest <= 3
