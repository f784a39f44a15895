"""Reading items one after the other, each in a worker of its own, and its media facts in another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from forensic_cli.config import IsolationSettings
from forensic_cli.errors import ForensicError, MediaError
from forensic_cli.factsheet import Factsheet, unread_factsheet
from forensic_cli.isolation.endings import WorkerDefectError, ended, of_fault, overdue, senseless, stalled
from forensic_cli.isolation.facts import receive_facts
from forensic_cli.isolation.host import Nursery, can_fork_cleanly
from forensic_cli.isolation.messages import Channel, ChannelClosedError, MessageError
from forensic_cli.isolation.remote import FaultError, OverdueError, RemoteFaceStream, StalledError
from forensic_cli.isolation.stream import FaceReading
from forensic_cli.isolation.worker import Errand, Task

logger = logging.getLogger(__name__)
# A worker that has said its last word, or has crashed, is gone at once; one whose host has hung up, when it
# next says something.
_EXIT_TIMEOUT_S = 10.0


@dataclass(slots=True)
class _Worker:
    """A running worker, as whoever waits for it sees it.

    Attributes:
        number: in its nursery.
    """

    nursery: Nursery
    number: int
    channel: Channel
    has_finished: bool = False

    def exit_code(self) -> int | None:
        return self.nursery.exit_code(self.number, _EXIT_TIMEOUT_S)


class IsolatedReader:
    """Decodes each item in a process of its own; see `FaceReader`.

    One nursery makes the workers of one item after the other. A worker that does not end is killed together
    with its nursery and whatever else that has made, and a new nursery is started.

    Args:
        reading: what is asked of every item.
        limits: of a worker.
        forks: see `nursery.main`.
    """

    def __init__(self, reading: FaceReading, limits: IsolationSettings, forks: bool | None = None) -> None:
        self._reading, self._limits = reading, limits
        self._forks = can_fork_cleanly() if forks is None else forks
        self._nursery: Nursery | None = None
        self._is_aborted = False
        # Where each item uses a nursery up, the next one loads meanwhile.
        self._spare: Nursery | None = None

    @property
    def nursery_pid(self) -> int | None:
        """Of the nursery in use, None where there is none."""
        return self._nursery.pid if self._nursery else None

    def prepare(self) -> None:
        """Starts a nursery, unless one is there. It loads while the host hashes.

        Raises:
            ForensicError: the reader was aborted.
        """
        if self._is_aborted:
            raise ForensicError("The scan was stopped.")
        if self._nursery is None:
            self._nursery, self._spare = self._spare or self._start(), None

    @contextmanager
    def open(self, file: BinaryIO, name: str) -> Iterator[RemoteFaceStream]:
        """See `FaceReader.open`.

        Raises:
            MediaError: also for a crash, a stall, too long a time and too much memory.
            WorkerDefectError: the program failed in the worker.
            ForensicError: no worker can be started.
        """
        worker = self._begin(Errand.FACES, file, name)
        with self._awaited(worker, name):
            stream = RemoteFaceStream(worker.channel, self._reading, self._limits)
            yield stream
            worker.has_finished = stream.is_complete

    @contextmanager
    def media_facts(self, file: BinaryIO, name: str) -> Iterator[Callable[[], Factsheet | None]]:
        """See `FaceReader.media_facts`; in a worker of its own, so that the facts cannot cost the faces.

        Raises:
            ForensicError: no worker can be started; also from what it gives.
        """
        # A nursery that does not fork serves one errand at a time.
        begun = self._begin(Errand.FACTS, file, name) if self._forks else None

        def facts() -> Factsheet | None:
            nonlocal begun
            worker, begun = begun, None
            if worker is not None and worker.nursery is not self._nursery:
                # It went down with the worker beside it, which had to be killed: no fault of its own.
                worker.channel.close()
                worker = None
            return self._facts(worker or self._begin(Errand.FACTS, file, name), name)

        try:
            yield facts
        finally:
            if begun is not None:
                self._dismiss(begun)

    def _facts(self, worker: _Worker, name: str) -> Factsheet | None:
        try:
            with self._awaited(worker, name):
                facts = _facts_if_media(worker.channel, self._limits)
                worker.has_finished = True
            return facts
        except MediaError as error:
            return unread_factsheet(error.message)
        except WorkerDefectError as error:
            logger.error("defect while reading the media facts of %s\nin the worker:\n%s", name, error.detail)
            return unread_factsheet(f"the program failed ({error.kind})")

    def _begin(self, errand: Errand, file: BinaryIO, name: str) -> _Worker:
        self.prepare()
        nursery = self._nursery
        assert nursery is not None  # prepare() has seen to it
        task = Task(name, self._reading, self._limits.memory_mib, errand)
        worker = _Worker(nursery, *nursery.hand_over(task, file))
        if not self._forks:
            self._spare = self._start()
        return worker

    @contextmanager
    def _awaited(self, worker: _Worker, name: str) -> Iterator[None]:
        """Sees a worker off; how it ends becomes the error that the item is told of."""
        is_clean = False
        try:
            yield
            is_clean = worker.has_finished and worker.exit_code() == 0
        except FaultError as error:
            is_clean = worker.exit_code() == 0
            raise of_fault(error.fault) from None
        except StalledError:
            raise stalled(name, self._limits) from None
        except OverdueError:
            raise overdue(name, self._limits) from None
        except MessageError as error:
            raise senseless(name, str(error)) from None
        except ChannelClosedError:
            exit_code = worker.exit_code()
            # Whatever ended the worker, the nursery has seen it off.
            is_clean = exit_code is not None
            raise ended(name, exit_code, self._limits) from None
        finally:
            worker.channel.close()
            # Nothing may linger: neither a worker that goes on, nor one that was left in the middle.
            if not (is_clean and self._forks):
                self._kill(worker.nursery)

    def _dismiss(self, worker: _Worker) -> None:
        """Ends a worker whose answer nobody wants any more."""
        worker.channel.close()
        if worker.exit_code() is None:
            self._kill(worker.nursery)

    def _kill(self, nursery: Nursery) -> None:
        nursery.kill()
        if self._nursery is nursery:
            self._nursery = None

    def abort(self) -> None:
        """See `FaceReader.abort`."""
        self._is_aborted = True
        for nursery in (self._nursery, self._spare):
            if nursery is not None:
                nursery.end()

    def close(self) -> None:
        """Ends every process that was started."""
        for nursery in (self._nursery, self._spare):
            if nursery is not None:
                nursery.kill()
        self._nursery = self._spare = None

    def _start(self) -> Nursery:
        return Nursery(self._reading.faces, self._forks)


def _facts_if_media(channel: Channel, limits: IsolationSettings) -> Factsheet | None:
    try:
        return receive_facts(channel, limits)
    except FaultError as error:
        if error.fault.kind == "defect":
            raise
        return None
