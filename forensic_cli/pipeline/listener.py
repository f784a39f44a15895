"""What a scan tells whoever watches it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from forensic_cli.types import ItemResult, Resumption


class ScanListener(Protocol):
    """Told of progress as it happens, in one thread. Several items may be under way at a time."""

    def on_checking(self, n_items: int) -> None:
        """The evidence of `n_items` that were finished before is hashed again."""

    def on_resumed(self, resumption: Resumption, kept: Sequence[ItemResult]) -> None:
        """A stopped scan goes on; `kept` are the items that are not examined again."""

    def on_found(self, n_items: int) -> None:
        """All items are known, those that are kept of a stopped scan among them."""

    def on_item(self, number: int, path: Path, n_frames: int) -> None:
        """Item `number` (from 1) begins; `n_frames` will be examined."""

    def on_frame(self, number: int) -> None:
        """One more frame of item `number` was examined."""

    def on_worker_lost(self, node: str, reason: str, n_items: int) -> None:
        """A worker of a cluster is gone; another examines the `n_items` that it had under way."""

    def on_result(self, item: ItemResult) -> None:
        """The item is done."""
