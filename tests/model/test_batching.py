"""Crops of several threads share batches: each gets its own reading, and one that is bad costs no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from forensic_cli.model.batching import BatchQueue, StoppedError
from forensic_cli.model.inference import Reading
from forensic_cli.types import LatentActivation, RgbImage

_BAD, _POISON = 254, 255
_TIMEOUT_S = 20


def _crop(value: int) -> RgbImage:
    return np.full((4, 4, 3), value, np.uint8)


class FakeExaminer:
    """Reads a crop's own value. Batches wait for the gate."""

    batch_size = 4

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def read_each(self, crops: Sequence[RgbImage]) -> list[Reading | ArithmeticError]:
        self.gate.wait(_TIMEOUT_S)
        values = [int(crop[0, 0, 0]) for crop in crops]
        self.sizes.append(len(values))
        if _POISON in values:
            raise RuntimeError("this crop breaks the model")
        return [
            ArithmeticError("no finite number")
            if value == _BAD
            else Reading(LatentActivation(0.0, float(value)), np.zeros((1, 1), np.float32))
            for value in values
        ]


@pytest.fixture
def examiner() -> FakeExaminer:
    return FakeExaminer()


@pytest.fixture
def batches(examiner: FakeExaminer) -> Iterator[BatchQueue]:
    with BatchQueue(examiner) as queue:
        yield queue
        examiner.gate.set()


def test_every_thread_gets_the_readings_of_its_own_crops(batches, examiner) -> None:
    def read(first: int) -> list[float]:
        futures = [batches.submit(_crop(first + k)) for k in range(40)]
        return [future.result(_TIMEOUT_S).activation.fake for future in futures]

    with ThreadPoolExecutor(3) as pool:
        for first, values in zip((0, 50, 100), pool.map(read, (0, 50, 100)), strict=True):
            assert values == [float(first + k) for k in range(40)]
    assert sum(examiner.sizes) == 120
    assert max(examiner.sizes) <= 4


def test_crops_of_different_threads_fill_one_batch(batches, examiner) -> None:
    examiner.gate.clear()
    first = batches.submit(_crop(0))  # taken at once, and held at the gate
    while batches.n_waiting:
        pass
    with ThreadPoolExecutor(4) as pool:
        others = list(pool.map(lambda value: batches.submit(_crop(value)), range(1, 5)))
    examiner.gate.set()
    assert [future.result(_TIMEOUT_S).activation.fake for future in (first, *others)] == [0, 1, 2, 3, 4]
    assert examiner.sizes == [1, 4]


def test_who_is_too_far_ahead_of_the_model_waits(batches, examiner) -> None:
    examiner.gate.clear()
    done = threading.Event()

    def submit_many() -> None:
        for value in range(30):
            batches.submit(_crop(value))
        done.set()

    threading.Thread(target=submit_many, daemon=True).start()
    assert not done.wait(0.3)
    # One batch is in the model's hands.
    assert batches.n_waiting <= batches.n_ahead
    examiner.gate.set()
    assert done.wait(_TIMEOUT_S)


def test_a_crop_without_a_finite_reading_costs_no_other(batches, examiner) -> None:
    examiner.gate.clear()
    futures = [batches.submit(_crop(value)) for value in (1, _BAD, 3)]
    examiner.gate.set()
    assert futures[0].result(_TIMEOUT_S).activation.fake == 1
    assert futures[2].result(_TIMEOUT_S).activation.fake == 3
    with pytest.raises(ArithmeticError, match="no finite number"):
        futures[1].result(_TIMEOUT_S)


def test_a_crop_that_breaks_its_batch_is_found_and_the_others_are_read(batches, examiner) -> None:
    examiner.gate.clear()
    futures = [batches.submit(_crop(value)) for value in (1, 2, _POISON, 4, 5)]
    examiner.gate.set()
    assert [futures[k].result(_TIMEOUT_S).activation.fake for k in (0, 1, 3, 4)] == [1, 2, 4, 5]
    with pytest.raises(RuntimeError, match="breaks the model"):
        futures[2].result(_TIMEOUT_S)


def test_closing_frees_whoever_waits(examiner) -> None:
    queue = BatchQueue(examiner)
    examiner.gate.clear()
    taken = queue.submit(_crop(1))
    while queue.n_waiting:
        pass
    waiting = queue.submit(_crop(2))
    closing = threading.Thread(target=queue.close)
    closing.start()
    with pytest.raises(StoppedError):
        waiting.result(_TIMEOUT_S)
    examiner.gate.set()
    closing.join(_TIMEOUT_S)
    assert taken.result(_TIMEOUT_S).activation.fake == 1
    with pytest.raises(StoppedError):
        queue.submit(_crop(3))
    queue.close()


def test_a_batch_that_may_linger_waits_for_company(examiner) -> None:
    with BatchQueue(examiner, linger_s=5.0) as queue:
        futures = [queue.submit(_crop(value)) for value in range(4)]
        assert [future.result(_TIMEOUT_S).activation.fake for future in futures] == [0, 1, 2, 3]
    assert examiner.sizes == [4]
