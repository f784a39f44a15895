"""One thread that runs the model for everybody: batches fill across frames and across files."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from forensic_cli.model.reading import Reading
from forensic_cli.provenance.closing import Closing
from forensic_cli.types import RgbImage

# Crops that may wait for the model: two batches, so that it never starves, and a few where a batch is one
# crop. What waits stays small.
_N_BATCHES_WAITING = 2
_MIN_WAITING = 8


class CropReader(Protocol):
    """What reads batches of crops; see `Examiner`."""

    batch_size: int

    def read_each(self, crops: Sequence[RgbImage]) -> list[Reading | ArithmeticError]:
        """Reads (256, 256, 3) uint8 crops; one answer each, in order."""
        ...


class StoppedError(BaseException):
    """The scan was stopped, and this answer will not come. No fault of any item, so no `Exception`."""


class BatchQueue(Closing):
    """Collects crops of several threads into batches, and hands each its own reading.

    A crop's reading does not depend on the company it is read in: see `Examiner.read_each`.

    Args:
        examiner: used by one thread alone.
        linger_s: how long a batch that is not full waits for more. Worth it where a full batch takes no
            longer than a small one.

    Attributes:
        n_ahead: crops that may wait for the model.
    """

    def __init__(self, examiner: CropReader, linger_s: float = 0.0) -> None:
        self._examiner, self._linger_s = examiner, linger_s
        self._size = examiner.batch_size
        self.n_ahead = max(_N_BATCHES_WAITING * self._size, _MIN_WAITING)
        self._waiting: deque[tuple[RgbImage, Future[Reading]]] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self._thread.start()

    @property
    def n_waiting(self) -> int:
        """Crops that the model has not begun to read."""
        return len(self._waiting)

    def submit(self, crop: RgbImage) -> Future[Reading]:
        """Hands a crop over; blocks while `n_ahead` wait already.

        Returns:
            Its reading to come; raises ArithmeticError where the model gave no finite number.

        Raises:
            StoppedError: the queue was closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or len(self._waiting) < self.n_ahead)
            if self._is_closed:
                raise StoppedError
            future: Future[Reading] = Future()
            self._waiting.append((crop, future))
            self._changed.notify_all()
            return future

    def close(self) -> None:
        """Ends the thread after the batch in hand; whoever still waits gets `StoppedError`."""
        with self._changed:
            self._is_closed = True
            left = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        for _, future in left:
            future.set_exception(StoppedError())
        self._thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            crops = [crop for crop, _ in batch]
            try:
                answers: Sequence[Reading | Exception] = self._examiner.read_each(crops)
            except Exception as error:  # noqa: BLE001 - the edge of a thread: each waiting item is told
                answers = [error] * len(batch) if len(batch) == 1 else self._one_by_one(crops)
            for (_, future), answer in zip(batch, answers, strict=True):
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    def _one_by_one(self, crops: Sequence[RgbImage]) -> list[Reading | Exception]:
        """What one crop provokes must not cost the others, which may be of another item."""
        answers: list[Reading | Exception] = []
        for crop in crops:
            try:
                answers += self._examiner.read_each([crop])
            except Exception as error:  # noqa: BLE001 - as above
                answers.append(error)
        return answers

    def _next_batch(self) -> list[tuple[RgbImage, Future[Reading]]]:
        """Waits for crops; an empty batch means the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or bool(self._waiting))
            if self._linger_s:
                self._changed.wait_for(
                    lambda: self._is_closed or len(self._waiting) >= self._size, self._linger_s
                )
            n = min(self._size, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(n)]
            self._changed.notify_all()
            return batch
