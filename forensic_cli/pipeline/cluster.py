"""Items examined by the workers of a cluster: who gets which, and what becomes of them when a worker is lost."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from forensic_cli.errors import ForensicError, UsageError
from forensic_cli.evidence.events import WorkerLost
from forensic_cli.media.discover import FoundItem
from forensic_cli.pipeline.cluster_exhibits import ReceivedExhibits
from forensic_cli.pipeline.cluster_items import Progress, lost_item, require_seen_alike
from forensic_cli.pipeline.cluster_messages import (
    Answered,
    Cluster,
    ExhibitContent,
    Joined,
    Loaded,
    Logged,
    Lost,
    Message,
    Refused,
)
from forensic_cli.pipeline.engine import Broken, Examined, FrameDone, Hashed, Planned, Report

logger = logging.getLogger(__name__)
# An item whose worker was lost so often is not tried again: it is what they have in common.
MAX_LOSSES = 3
# A place whose worker dies so often without an item, one after the other, gets no other worker.
_MAX_IDLE_DEATHS = 3


@dataclass(slots=True)
class _Entry:
    """An item that was begun, and how often its worker was lost."""

    item_id: str
    found: FoundItem
    n_losses: int = 0


@dataclass(slots=True)
class _Member:
    """A worker that is ready, with what it examines and what it is not told of yet."""

    node: str
    n_places: int
    running: dict[str, _Entry] = field(default_factory=dict)
    untold: list[_Entry] = field(default_factory=list)
    is_polled: bool = False

    @property
    def has_suspect(self) -> bool:
        return any(entry.n_losses for entry in self.running.values())


class ClusterEngine:
    """The engine of a cluster; see `Engine`.

    A lost worker costs no item: what it examined is examined by another. So that an item which ends its
    worker does not take others with it, an item whose worker was lost is examined alone from then on; the
    third loss makes it a failed one.

    Args:
        cluster: not started yet.
        exhibits: where the workers' pictures go.
        check: of a worker that is ready; raises `UsageError` where it would not examine as the scan promises.

    Raises:
        UsageError: a worker is refused, or there is none.
    """

    def __init__(self, cluster: Cluster, exhibits: ReceivedExhibits, check: Callable[[Joined], None]) -> None:
        self._cluster, self._exhibits, self._check = cluster, exhibits, check
        self._members: dict[str, _Member] = {}
        self._waiting: deque[_Entry] = deque()
        self._reports: deque[Report] = deque()
        self._progress = Progress()
        self._n_idle_deaths: dict[str, int] = {}
        self._losses: list[str] = []
        self._loaded: list[Loaded] = []
        self._n_starting = cluster.start()
        self._await_workers()

    @property
    def loaded(self) -> tuple[Loaded, ...]:
        """What each worker that was ever ready said of itself."""
        return tuple(self._loaded)

    @property
    def n_places(self) -> int:
        """Items that the workers examine at a time; fewer when one is lost."""
        return max(1, sum(member.n_places for member in self._members.values()))

    def begin(self, item_id: str, found: FoundItem) -> None:
        """See `Engine.begin`."""
        self._waiting.append(_Entry(item_id, found))

    def next_report(self) -> Report:
        """See `Engine.next_report`."""
        while not self._reports:
            if not self._members and not self._n_starting:
                return Broken(self._no_worker_left())
            self._hand_out()
            self._poll()
            self._take_answer()
        return self._reports.popleft()

    def close(self) -> None:
        """See `Engine.close`."""
        self._cluster.close()
        for entry in (entry for member in self._members.values() for entry in member.running.values()):
            self._exhibits.discard(entry.item_id)
        self._members.clear()

    def _await_workers(self) -> None:
        """Waits until each worker is ready, refused or lost."""
        refused: list[Refused] = []
        while self._n_starting:
            answer = self._cluster.next_answer()
            if isinstance(answer, Refused):
                self._n_starting -= 1
                refused.append(answer)
            else:
                try:
                    self._take(answer)
                except UsageError as error:
                    refused.append(Refused("", "", error.message, error.hint))
        if refused:
            reasons = " ".join(dict.fromkeys(each.reason for each in refused))
            raise UsageError(reasons, " ".join(dict.fromkeys(each.remedy for each in refused)))
        if not self._members:
            raise UsageError(
                f"No worker of the cluster is ready. {' '.join(dict.fromkeys(self._losses))}".strip(),
                "`ray status` shows what the cluster has and what is taken.",
            )

    def _hand_out(self) -> None:
        """Gives waiting items to workers: those that lost a worker first, each to an idle one."""
        reserved = None
        for entry in [entry for entry in self._waiting if entry.n_losses]:
            idle = [member for member in self._members.values() if not member.running]
            if not idle:
                # One worker gets nothing new until it is idle.
                reserved = min(self._members.values(), key=lambda each: len(each.running), default=None)
                break
            self._give(entry, idle[0])
        for entry in [entry for entry in self._waiting if not entry.n_losses]:
            free = [
                member
                for member in self._members.values()
                if member is not reserved and len(member.running) < member.n_places and not member.has_suspect
            ]
            if not free:
                return
            self._give(entry, min(free, key=lambda each: len(each.running) / each.n_places))

    def _give(self, entry: _Entry, member: _Member) -> None:
        self._waiting.remove(entry)
        member.running[entry.item_id] = entry
        member.untold.append(entry)

    def _poll(self) -> None:
        for worker, member in self._members.items():
            if member.running and not member.is_polled:
                begun = tuple((entry.item_id, entry.found) for entry in member.untold)
                member.untold.clear()
                member.is_polled = True
                self._cluster.poll(worker, begun)

    def _take_answer(self) -> None:
        try:
            self._take(self._cluster.next_answer())
        except ForensicError as error:
            self._reports.append(Broken(error))

    def _take(self, answer: Joined | Answered | Lost | Refused) -> None:
        match answer:
            case Joined(worker, node, loaded):
                self._n_starting -= 1
                self._check(answer)
                self._members[worker] = _Member(node, loaded.n_places)
                self._loaded.append(loaded)
            case Answered(worker, messages):
                member = self._members[worker]
                member.is_polled = False
                for message in messages:
                    self._take_message(member, message)
            case Lost():
                self._lose(answer)
            case Refused(_, _, reason, remedy):
                self._n_starting -= 1
                raise UsageError(reason, remedy)

    def _take_message(self, member: _Member, message: Message) -> None:
        match message:
            case Hashed():
                self._reports.append(message)
            case Planned() | FrameDone():
                if self._progress.is_new(message):
                    self._reports.append(message)
            case ExhibitContent(item_id, file, content):
                self._exhibits.receive(item_id, file, content)
            case Logged(level, text):
                logger.log(level, "on %s: %s", member.node, text)
            case Examined(item):
                entry = member.running.pop(item.item_id)
                require_seen_alike(item, entry.found, member.node)
                self._exhibits.commit(item)
                self._n_idle_deaths.pop(member.node, None)
                self._end(Examined(item, member.node))
            case Broken(error):
                hint = error.hint if isinstance(error, ForensicError) else ""
                raise ForensicError(f"On {member.node}: {error}", hint) from error

    def _end(self, report: Examined) -> None:
        self._progress.forget(report.item.item_id)
        self._reports.append(report)

    def _lose(self, lost: Lost) -> None:
        member = self._members.pop(lost.worker, None)
        entries = list(member.running.values()) if member else []
        if member is None:
            self._n_starting -= 1
        if not entries:
            self._n_idle_deaths[lost.node] = self._n_idle_deaths.get(lost.node, 0) + 1
        self._losses.append(f"{lost.node}: {lost.reason}")
        self._reports.append(WorkerLost(lost.node, lost.reason, tuple(entry.item_id for entry in entries)))
        for entry in reversed(entries):
            entry.n_losses += 1
            self._exhibits.discard(entry.item_id)
            if entry.n_losses >= MAX_LOSSES:
                self._end(Examined(lost_item(entry.item_id, entry.found, entry.n_losses, lost.reason)))
            else:
                self._waiting.appendleft(entry)
        is_worth_it = self._n_idle_deaths.get(lost.node, 0) < _MAX_IDLE_DEATHS
        if member is not None and is_worth_it and self._cluster.replace(lost.worker):
            self._n_starting += 1

    def _no_worker_left(self) -> ForensicError:
        return ForensicError(
            f"Every worker of the cluster is lost. The last one: {self._losses[-1]}",
            "Start the nodes again, then continue the scan: it keeps what was finished.",
        )
