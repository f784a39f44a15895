"""What the drawn graphics share: axes, ticks, and the mark of a frame that is shown."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from forensic_cli.report.model import ScorePlot
from forensic_cli.report.styles import ACCENT, WHITE

LABEL_SIZE = 7.0
_MARK_RADIUS = 4.0


def nice_step(span: float, n_steps: int) -> float:
    """The smallest of 1, 2, 5 x 10^k that divides `span` into at most `n_steps`. Needs span > 0."""
    rough = span / n_steps
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))


def ticks(low: float, high: float, step: float) -> Iterator[float]:
    """The multiples of `step` in [low, high]."""
    first = math.ceil(low / step - 1e-9)
    yield from (n * step for n in range(first, math.floor(high / step + 1e-9) + 1))


class Axis:
    """Maps values in [low, high] to points in [start, end], clamped."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value: float) -> float:
        """The place of `value`, in points."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


def score_range(plot: ScorePlot) -> tuple[float, float]:
    """Lowest and highest score that a plot has room for, padding included."""
    values = [score for _, score in plot.points]
    values += [plot.thresholds.forged, plot.thresholds.no_support]
    values += list(plot.interval or ())
    low, high = min(values), max(values)
    pad = max((high - low) * 0.14, 0.05)
    return low - pad, high + pad


def draw_diamond(canvas: Any, x: float, y: float) -> None:
    """The mark of a frame that the report shows, centred on (x, y)."""
    path = canvas.beginPath()
    path.moveTo(x - _MARK_RADIUS, y)
    path.lineTo(x, y + _MARK_RADIUS)
    path.lineTo(x + _MARK_RADIUS, y)
    path.lineTo(x, y - _MARK_RADIUS)
    path.close()
    canvas.setFillColor(WHITE)
    canvas.setStrokeColor(ACCENT)
    canvas.setLineWidth(1.2)
    canvas.drawPath(path, stroke=1, fill=1)
    canvas.setFillColor(ACCENT)
    canvas.circle(x, y, 1.1, stroke=0, fill=1)
