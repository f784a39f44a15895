"""What examines items, several at a time, and tells of it in one thread: on this machine or on others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from forensic_cli.evidence.events import WorkerLost
from forensic_cli.media.discover import FoundItem
from forensic_cli.types import Evidence, ItemResult


@dataclass(frozen=True, slots=True)
class Hashed:
    """An item was hashed, and is about to be read."""

    item_id: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Planned:
    """An item was opened; so many frames of it will be examined."""

    item_id: str
    path: Path
    n_frames: int


@dataclass(frozen=True, slots=True)
class FrameDone:
    """One more frame of an item was examined."""

    item_id: str


@dataclass(frozen=True, slots=True)
class Examined:
    """An item is done, whatever was found.

    Attributes:
        node: of a cluster, that examined it; "" for this machine.
    """

    item: ItemResult
    node: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """The scan cannot go on: results cannot be written, or the program failed outside any item."""

    error: BaseException


Step = Hashed | Planned | FrameDone
Report = Step | Examined | WorkerLost | Broken


class Engine(Protocol):
    """Examines items side by side. All methods are called by one thread.

    An item's record does not depend on the engine, nor on what was examined beside it.
    """

    @property
    def n_places(self) -> int:
        """Items that are examined at a time."""
        ...

    def begin(self, item_id: str, found: FoundItem) -> None:
        """Hands an item to a free place; at most `n_places` at a time."""
        ...

    def next_report(self) -> Report:
        """Waits for the next thing that happens to an item that was begun."""
        ...

    def close(self) -> None:
        """Gives up what is still examined, and lets go of everything; a second time, nothing."""
        ...
