"""TensorBoard, for those who want curves while a run goes on; metrics.jsonl holds the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from forensic_cli.errors import UsageError, extra_remedy
from train.loop import StepReport
from train.run_folder import RunFolder


class Board:
    """Writes losses, learning rate, speed and validation figures by images seen."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def add(self, report: StepReport) -> None:
        """Adds one step."""
        values = {f"loss/{name}": value for name, value in report.losses.items()}
        values |= {"lr": report.lr, "images_per_s": report.images_per_s}
        values |= {f"validation/{name}": value for name, value in (report.validation or {}).items()}
        for name, value in values.items():
            self._writer.add_scalar(name, value, report.n_images)

    def close(self) -> None:
        """Writes what is left."""
        self._writer.close()


def open_board(folder: RunFolder) -> Board:
    """Opens `tensorboard/` in a run folder.

    Raises:
        UsageError: TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UsageError("TensorBoard is not installed.", extra_remedy("tensorboard")) from error
    return Board(SummaryWriter(str(folder.path / "tensorboard")))


class StepReports:
    """Hands every step of the first process on: to whoever shows it, and to TensorBoard if asked for.

    Args:
        has_board: write TensorBoard's files too.

    Raises:
        UsageError: TensorBoard is asked for and not installed.
    """

    def __init__(
        self, is_first: bool, folder: RunFolder, has_board: bool, on_step: Callable[[StepReport], None]
    ) -> None:
        self._is_first, self._on_step = is_first, on_step
        self._board = open_board(folder) if has_board and is_first else None

    def __call__(self, report: StepReport) -> None:
        """Hands one step on."""
        if self._board:
            self._board.add(report)
        if self._is_first:
            self._on_step(report)

    def close(self) -> None:
        """Writes what is left."""
        if self._board:
            self._board.close()
