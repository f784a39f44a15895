"""What a scan tells whoever watches it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from forensic_cli.types import ItemResult


class ScanListener(Protocol):
    """Told of progress as it happens; called in the scanning thread."""

    def on_found(self, n_items: int) -> None:
        """All items are known."""

    def on_item(self, number: int, path: Path, n_frames: int) -> None:
        """Item `number` (from 1) begins; `n_frames` will be examined."""

    def on_frame(self) -> None:
        """One more frame of the item was examined."""

    def on_result(self, item: ItemResult) -> None:
        """The item is done."""
