"""Items examined side by side on this machine.

Each lane is a thread with a decoding process of its own: while one item is hashed, opened or written down,
others are decoded and searched for faces. The model is one for all: its batches fill across the lanes.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING

from forensic_cli.config import ScanConfig
from forensic_cli.isolation import FaceReader
from forensic_cli.media.discover import FoundItem
from forensic_cli.model.batching import BatchQueue, StoppedError
from forensic_cli.pipeline.engine import Broken, Examined, Report, Step
from forensic_cli.pipeline.item import ItemExaminer, face_reader

if TYPE_CHECKING:
    from forensic_cli.model.inference import Examiner

# A batch that is not full waits so long where a full one costs no more: on a GPU.
_LINGER_S = 0.01
# Threads do not end in the middle of a hash: the program does not wait for them any longer than this.
_JOIN_TIMEOUT_S = 10.0
_MIN_THREADS = 2

Task = tuple[str, FoundItem]


def threads_of_lane(n_threads: int, n_lanes: int) -> int:
    """Detector threads of one lane, of those that the whole scan may have.

    Two at least where there are two: the last long video is examined alone.
    """
    return max(-(-n_threads // n_lanes), min(n_threads, _MIN_THREADS))


def lane_config(config: ScanConfig) -> ScanConfig:
    """The scan's options as one lane has them."""
    threads = threads_of_lane(config.faces.n_threads, config.n_at_once)
    return replace(config, faces=replace(config.faces, n_threads=threads))


def begun_reader(config: ScanConfig) -> FaceReader:
    """The first lane's reader, whose process loads decoders and detector from now on.

    Raises:
        UsageError, WeightsError: there is no detector.
    """
    reader = face_reader(lane_config(config))
    reader.prepare()
    return reader


class Lanes:
    """The engine of one machine; see `Engine`.

    Args:
        config: of the scan; `n_at_once` items are examined at a time.
        examiner: the model.
        reader: of the first lane, see `begun_reader`; closed with this. None makes one.

    Raises:
        UsageError, WeightsError: there is no detector.
    """

    def __init__(self, config: ScanConfig, examiner: Examiner, reader: FaceReader | None = None) -> None:
        self._config = lane_config(config)
        self._card = examiner.card
        self._reports: SimpleQueue[Report] = SimpleQueue()
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._stopping = threading.Event()
        self._n_busy = 0
        self._readers: list[FaceReader] = [reader or face_reader(self._config)]
        self._threads: list[threading.Thread] = []
        self._batches = BatchQueue(examiner, _LINGER_S if examiner.device.type == "cuda" else 0.0)

    @property
    def n_places(self) -> int:
        """Lanes, at most: one is opened when an item waits for it."""
        return self._config.n_at_once

    def begin(self, item_id: str, found: FoundItem) -> None:
        """See `Engine.begin`."""
        if self._n_busy == len(self._threads):
            self._open_lane()
        self._n_busy += 1
        self._tasks.put((item_id, found))

    def next_report(self, timeout_s: float | None = None) -> Report:
        """See `Engine.next_report`.

        Raises:
            queue.Empty: nothing happened within `timeout_s`.
        """
        report = self._reports.get(timeout=timeout_s)
        if isinstance(report, Examined | Broken):
            self._n_busy -= 1
        return report

    def close(self) -> None:
        """See `Engine.close`."""
        self._stopping.set()
        for _ in self._threads:
            self._tasks.put(None)
        self._batches.close()
        for reader in self._readers:
            reader.abort()
        for thread in self._threads:
            thread.join(_JOIN_TIMEOUT_S)
        for reader in self._readers:
            reader.close()

    def _open_lane(self) -> None:
        if len(self._readers) == len(self._threads):
            self._readers.append(face_reader(self._config))
        reader = self._readers[len(self._threads)]
        items = ItemExaminer(self._config, self._batches, self._card, reader, self._tell)
        name = f"lane-{len(self._threads) + 1}"
        thread = threading.Thread(target=self._run, args=(items,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _tell(self, step: Step) -> None:
        """Reports a step; the place where a lane finds out that it is to stop."""
        if self._stopping.is_set():
            raise StoppedError
        self._reports.put(step)

    def _run(self, items: ItemExaminer) -> None:
        while (task := self._tasks.get()) is not None:
            report: Report
            try:
                report = Examined(items.examine(*task))
            except StoppedError:
                return
            except BaseException as error:  # noqa: BLE001 - the edge of a thread: raised again by the scan
                report = Broken(error)
            # What ends while the scan is stopped may have been cut short: it is examined again.
            if self._stopping.is_set():
                return
            self._reports.put(report)
