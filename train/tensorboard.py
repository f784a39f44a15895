"""TensorBoard, for those who want curves while a run goes on; metrics.jsonl holds the same."""

from __future__ import annotations

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
