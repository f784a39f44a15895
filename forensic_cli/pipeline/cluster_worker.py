"""A worker of a cluster: the engine of one machine, asked for its reports from afar.

It keeps the model loaded. Pictures go to a temporary folder of its own, and from there to the scan together
with the record: it needs no access to the results folder.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from queue import Empty

from forensic_cli.config import DeviceName, EngineSettings
from forensic_cli.errors import ForensicError
from forensic_cli.model.inference import Examiner
from forensic_cli.pipeline.cluster_folder import worker_folder
from forensic_cli.pipeline.cluster_messages import ExhibitContent, Loaded, Logged, Message, Setup, Task
from forensic_cli.pipeline.conditions import current_conditions
from forensic_cli.pipeline.engine import Broken, Examined, Report
from forensic_cli.pipeline.lanes import Lanes

logger = logging.getLogger(__name__)
# A poll with nothing to tell ends after this; then the scan sees that the worker lives.
_QUIET_S = 1.0
# Steps of progress are collected for so long; what ends an item is told at once.
_COLLECT_S = 0.2
# Pictures of one answer; more of them wait for the next poll.
_MAX_ANSWER_BYTES = 32 << 20


class ClusterWorker:
    """Examines items for a scan on another machine. All methods are called by one thread.

    Args:
        setup: what the scan asks for.
        device: where the model runs.

    Raises:
        ForensicError: the model, or a detector, is not there.
    """

    def __init__(self, setup: Setup, device: DeviceName) -> None:
        import torch

        if any(not path.is_absolute() for path in setup.seen):
            os.chdir(setup.working_folder)
        self._unseen = tuple(path for path in setup.seen if not os.path.lexists(path))
        if device is DeviceName.CPU:
            torch.set_num_threads(setup.n_model_threads)
        self._resources = ExitStack()
        self._folder = self._resources.enter_context(worker_folder())
        config = replace(
            setup.config,
            out_dir=None if setup.config.out_dir is None else self._folder,
            report=None,
            model=replace(setup.config.model, device=device),
            engine=EngineSettings(),
        )
        examiner = Examiner(config.model)
        self._conditions = current_conditions(examiner)
        self._batch = examiner.batch_description
        self._lanes = Lanes(config, examiner)
        self._n_running = 0
        self._outbox: deque[Message | _Picture] = deque()
        self._log = _Forwarder(self._outbox)
        logging.getLogger("forensic_cli").addHandler(self._log)

    def loaded(self) -> Loaded:
        """What it came to."""
        return Loaded(self._conditions, self._unseen, self._lanes.n_places, self._batch)

    def poll(self, begun: Sequence[Task]) -> tuple[Message, ...]:
        """Takes new items, and tells what happened since the last poll; waits for it a moment."""
        for task in begun:
            self._lanes.begin(*task)
            self._n_running += 1
        if not self._outbox:
            self._collect()
        messages: list[Message] = []
        n_bytes = 0
        while self._outbox and n_bytes < _MAX_ANSWER_BYTES:
            message = self._outbox.popleft()
            if isinstance(message, _Picture):
                message = message.read()
                n_bytes += len(message.content)
            messages.append(message)
        return tuple(messages)

    def close(self) -> None:
        """Gives up what is still examined, and removes the pictures."""
        logging.getLogger("forensic_cli").removeHandler(self._log)
        self._lanes.close()
        self._resources.close()

    def _collect(self) -> None:
        end_s = time.monotonic() + _QUIET_S
        while self._n_running and (left_s := end_s - time.monotonic()) > 0:
            try:
                report = self._lanes.next_report(left_s)
            except Empty:
                return
            self._tell(report)
            if isinstance(report, Examined | Broken):
                self._n_running -= 1
                return
            end_s = min(end_s, time.monotonic() + _COLLECT_S)

    def _tell(self, report: Report) -> None:
        if isinstance(report, Examined):
            files = [exhibit.file for track in report.item.tracks for exhibit in track.exhibits]
            self._outbox += [_Picture(report.item.item_id, file, self._folder) for file in files]
        elif isinstance(report, Broken) and not isinstance(report.error, ForensicError):
            logger.error("defect in a worker", exc_info=report.error)
            kind = type(report.error).__name__
            hint = "Report this as a defect, with the traceback."
            report = Broken(ForensicError(f"The program failed ({kind}: {report.error}).", hint))
        self._outbox.append(report)


class _Picture:
    """A picture that waits to be sent: it is in memory only then."""

    def __init__(self, item_id: str, file: str, folder: Path) -> None:
        self._item_id, self._file, self._folder = item_id, file, folder

    def read(self) -> ExhibitContent:
        """Takes it out of the folder."""
        path = self._folder / self._file
        content = path.read_bytes()
        path.unlink()
        return ExhibitContent(self._item_id, self._file, content)


class _Forwarder(logging.Handler):
    """Sends warnings and defects to the terminal of the scan."""

    def __init__(self, outbox: deque[Message | _Picture]) -> None:
        super().__init__(logging.WARNING)
        self._outbox = outbox

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`."""
        self._outbox.append(Logged(record.levelno, self.format(record)))
