"""What a training run shows while it runs: a live line on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from train.loop import StepReport

_LINE_EVERY_S = 10.0
_SMOOTHING = 0.95


class _Rate:
    """Images a second, smoothed."""

    def __init__(self) -> None:
        self._value = 0.0

    def update(self, now: float) -> float:
        self._value = now if not self._value else _SMOOTHING * self._value + (1 - _SMOOTHING) * now
        return self._value


@contextmanager
def live(what: str) -> Iterator[Callable[[StepReport], None]]:
    """Shows steps as they come: losses, learning rate, images a second, time left, validation.

    On a terminal a bar that stays in place, and a line for every validation; otherwise a line every ten
    seconds.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(what, console) as show:
            yield show
    else:
        yield _Lines(console)


@contextmanager
def _bar(what: str, console: Console) -> Iterator[Callable[[StepReport], None]]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn(what),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.1f}/s"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[losses]}"),
    )
    rate = _Rate()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=None, rate=0.0, losses="")

        def show(report: StepReport) -> None:
            progress.update(
                task,
                completed=report.n_images,
                total=report.n_images_total,
                rate=rate.update(report.images_per_s),
                losses=_losses(report),
            )
            if report.validation:
                progress.console.print(f"{report.n_images}  {_figures(report.validation)}", highlight=False)

        yield show


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown_s = 0.0
        self._rate = _Rate()

    def __call__(self, report: StepReport) -> None:
        rate = self._rate.update(report.images_per_s)
        if report.validation is None and time.monotonic() - self._shown_s < _LINE_EVERY_S:
            return
        self._shown_s = time.monotonic()
        left_min = (report.n_images_total - report.n_images) / max(rate, 1e-9) / 60
        line = (
            f"{report.n_images}/{report.n_images_total}  {_losses(report)}  lr {report.lr:.1e}  "
            f"{rate:.1f} images/s  {left_min:.0f} min left"
        )
        if report.validation:
            line += "  " + _figures(report.validation)
        self._console.print(line, highlight=False, soft_wrap=True)


def _losses(report: StepReport) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in report.losses.items())


def _figures(validation: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in validation.items())
