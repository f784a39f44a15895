"""Progress of a scan: a live display on a terminal, plain lines elsewhere, all on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from forensic_cli.cli.resumption import checking_line, resumption_lines
from forensic_cli.cli.text import printable
from forensic_cli.cli.words import VERDICT_WORDS
from forensic_cli.evidence.records import item_line
from forensic_cli.types import ItemResult, Resumption

_NAME_LENGTH = 32


class Listener(AbstractContextManager["Listener"]):
    """What the pipeline tells its progress to; this one says nothing, but prints JSON if asked to.

    Args:
        as_json: each item goes to stdout as one line when it is done.
    """

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def on_checking(self, n_items: int) -> None:
        """Evidence of finished items is hashed again."""

    def on_resumed(self, resumption: Resumption, kept: Sequence[ItemResult]) -> None:
        """A stopped scan goes on. What is kept goes to stdout too: there it is complete."""
        if self._as_json:
            for item in kept:
                self._write(item)

    def on_found(self, n_items: int) -> None:
        """All items are known, those that are kept of a stopped scan among them."""

    def on_item(self, number: int, path: Path, n_frames: int) -> None:
        """An item begins."""

    def on_frame(self, number: int) -> None:
        """One more frame of an item was examined."""

    def on_worker_lost(self, node: str, reason: str, n_items: int) -> None:
        """A worker of a cluster is gone."""

    def on_report(self, path: Path) -> None:
        """The PDF is being drawn."""

    def on_result(self, item: ItemResult) -> None:
        """An item is done."""
        if self._as_json:
            self._write(item)

    def _write(self, item: ItemResult) -> None:
        sys.stdout.write(item_line(item) + "\n")
        sys.stdout.flush()


class PlainListener(Listener):
    """One line an item: for logs, pipes and batch systems."""

    def __init__(self, as_json: bool) -> None:
        super().__init__(as_json)
        self._n_items = 0
        self._n_kept: int | None = None
        self._began_s: dict[int, float] = {}

    def on_checking(self, n_items: int) -> None:
        """Says what takes its time."""
        _say(checking_line(n_items))

    def on_resumed(self, resumption: Resumption, kept: Sequence[ItemResult]) -> None:
        """Says what is kept, which item was running, and what changed."""
        super().on_resumed(resumption, kept)
        self._n_kept = len(kept)
        for line in resumption_lines(resumption):
            _say(line)

    def on_found(self, n_items: int) -> None:
        """Says how many items there are."""
        self._n_items = n_items
        left = "" if self._n_kept is None else f", {n_items - self._n_kept} of them left"
        _say(f"{_count(n_items, 'item')} found{left}")

    def on_item(self, number: int, path: Path, n_frames: int) -> None:
        """Says which item begins."""
        self._began_s[number] = time.monotonic()
        _say(f"[{number}/{self._n_items}] {printable(path.name)}: {_count(n_frames, 'frame')} to examine")

    def on_result(self, item: ItemResult) -> None:
        """Says what was found, and how fast."""
        super().on_result(item)
        word = VERDICT_WORDS[item.finding.verdict]
        if item.finding.score is not None:
            word += f", score {item.finding.score:+.3f}"
        began_s = self._began_s.pop(int(item.item_id), None)
        if item.counts and item.counts.n_used and began_s is not None:
            n_used, seconds = item.counts.n_used, time.monotonic() - began_s
            word += f" ({_count(n_used, 'frame')} in {seconds:.1f} s, {n_used / seconds:.1f} a second)"
        elif item.finding.reasons:
            word += f": {printable(item.finding.reasons[0])}"
        _say(f"[{int(item.item_id)}/{self._n_items}] {word}")

    def on_worker_lost(self, node: str, reason: str, n_items: int) -> None:
        """Says which, and what becomes of its items."""
        _say(_lost_line(node, reason, n_items))

    def on_report(self, path: Path) -> None:
        """Says where the PDF goes."""
        _say(f"Drawing {printable(str(path))}")


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _lost_line(node: str, reason: str, n_items: int) -> str:
    moved = f"; {_count(n_items, 'item')} of it begin anew elsewhere" if n_items else ""
    return f"A worker on {printable(node)} is lost: {printable(reason)}{moved}"


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


class _RateColumn(ProgressColumn):
    """Steps a second, in the unit of the task."""

    def render(self, task: Task) -> Text:
        """Draws the rate, or nothing before there is one."""
        return Text("" if task.speed is None else f"{task.speed:.1f} {task.fields['unit']}/s", style="dim")


class _CountColumn(MofNCompleteColumn):
    """Steps done of steps in all, where there are steps to count."""

    def render(self, task: Task) -> Text:
        """Draws the count, or nothing for a task without an end."""
        return Text("") if task.total is None else super().render(task)


class LiveListener(Listener):
    """A bar for the batch and one for each item under way, with rate and time left."""

    def __init__(self, as_json: bool, console: Console) -> None:
        super().__init__(as_json)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            _CountColumn(),
            _RateColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._n_kept = 0
        self._batch: TaskID | None = None
        self._items: dict[int, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def on_found(self, n_items: int) -> None:
        """Adds the batch's bar."""
        self._batch = self._progress.add_task("Items", total=n_items, completed=self._n_kept, unit="items")

    def on_checking(self, n_items: int) -> None:
        """Says what takes its time."""
        self._progress.console.print(Text(checking_line(n_items)))

    def on_resumed(self, resumption: Resumption, kept: Sequence[ItemResult]) -> None:
        """Says, above the bars, what is kept, which item was running, and what changed."""
        super().on_resumed(resumption, kept)
        self._n_kept = len(kept)
        for line in resumption_lines(resumption):
            self._progress.console.print(Text(line))

    def on_item(self, number: int, path: Path, n_frames: int) -> None:
        """Adds the item's bar."""
        name = printable(path.name)
        if len(name) > _NAME_LENGTH:
            name = f"{name[: _NAME_LENGTH // 2]}…{name[-_NAME_LENGTH // 2 + 1 :]}"
        self._items[number] = self._progress.add_task(escape(name), total=n_frames, unit="frames")

    def on_frame(self, number: int) -> None:
        """Moves the item's bar."""
        self._progress.advance(self._items[number])

    def on_result(self, item: ItemResult) -> None:
        """Moves the batch's bar."""
        super().on_result(item)
        bar = self._items.pop(int(item.item_id), None)
        if bar is not None:
            self._progress.remove_task(bar)
        if self._batch is not None:
            self._progress.advance(self._batch)

    def on_worker_lost(self, node: str, reason: str, n_items: int) -> None:
        """Says, above the bars, which, and what becomes of its items."""
        self._progress.console.print(Text(_lost_line(node, reason, n_items)))

    def on_report(self, path: Path) -> None:
        """Says that the PDF is being drawn."""
        self._progress.add_task(f"Drawing {escape(printable(path.name))}", total=None, unit="pages")


def make_listener(as_json: bool, quiet: bool) -> Listener:
    """The listener for this terminal: live where stderr is one, plain lines where it is none."""
    if quiet:
        return Listener(as_json)
    console = Console(stderr=True)
    return LiveListener(as_json, console) if console.is_terminal else PlainListener(as_json)
