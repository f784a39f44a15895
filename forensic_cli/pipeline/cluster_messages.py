"""What a worker of a cluster and the scan that it works for tell each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from forensic_cli.config import ScanConfig
from forensic_cli.evidence.events import Conditions
from forensic_cli.media.discover import FoundItem
from forensic_cli.pipeline.engine import Report

Task = tuple[str, FoundItem]


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker is told once.

    Attributes:
        config: of the scan.
        working_folder: where relative paths start.
        seen: those of the paths to scan that are there, as the scan sees it.
        n_model_threads: threads of the model on a CPU: the last bits of a score depend on them.
    """

    config: ScanConfig
    working_folder: Path
    seen: tuple[Path, ...]
    n_model_threads: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """A worker's answer to its setup: it is ready.

    Attributes:
        conditions: of its process.
        unseen: paths of the setup that it does not see.
        n_places: items that it examines at a time.
        batch: crops in a forward pass, in words.
    """

    conditions: Conditions
    unseen: tuple[Path, ...]
    n_places: int
    batch: str


@dataclass(frozen=True, slots=True)
class ExhibitContent:
    """One picture of an item; all of them come before its `Examined`.

    Attributes:
        file: as in the item's record.
    """

    item_id: str
    file: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Logged:
    """A line of the worker's log that belongs on the terminal."""

    level: int
    text: str


Message = Report | ExhibitContent | Logged


@dataclass(frozen=True, slots=True)
class Joined:
    """A worker is ready."""

    worker: str
    node: str
    loaded: Loaded


@dataclass(frozen=True, slots=True)
class Answered:
    """A worker answered a poll."""

    worker: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker is gone, or did not start. What it examined is not done.

    Attributes:
        reason: one sentence.
    """

    worker: str
    node: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A worker is not used: it would not examine as the scan promises.

    Attributes:
        remedy: one sentence.
    """

    worker: str
    node: str
    reason: str
    remedy: str


Answer = Joined | Answered | Lost | Refused


class Cluster(Protocol):
    """Workers on several machines. A worker is polled by one exchange at a time."""

    def start(self) -> int:
        """Begins to start every worker that the cluster has room for; returns how many."""
        ...

    def replace(self, worker: str) -> bool:
        """Begins to start another worker in the place of a lost one; False where its node is gone."""
        ...

    def poll(self, worker: str, begun: tuple[Task, ...]) -> None:
        """Hands a worker new items, and asks for what happened meanwhile."""
        ...

    def next_answer(self) -> Answer:
        """Waits for the next answer to a start, a replacement or a poll."""
        ...

    def close(self) -> None:
        """Ends every worker and lets go of the cluster; a second time, nothing."""
        ...
