"""A track's score over time, drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from forensic_cli.report.axes import LABEL_SIZE, Axis, draw_diamond, nice_step, score_range, ticks
from forensic_cli.report.flow import Drawn
from forensic_cli.report.fonts import BOLD, REGULAR
from forensic_cli.report.language import Language
from forensic_cli.report.model import ScorePlot
from forensic_cli.report.styles import ACCENT, BAND, INK, MUTED, RULE, TEXT_WIDTH
from forensic_cli.report.text import draw_text

# With more readings the lines between them close up to a grey area.
_MAX_JOINED = 250
_CLOCK_STEPS_S = (2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


class Timeline(Drawn):
    """Score over time: one dot a frame, the frames shown as lettered diamonds.

    The thresholds are labelled lines, the band between them is shaded and named, and at the
    right stands the score of all frames together with its interval.
    """

    LEFT, RIGHT, TOP, BOTTOM = 34.0, 108.0, 20.0, 40.0

    def __init__(self, plot: ScorePlot, lang: Language, height: float = 176.0) -> None:
        super().__init__(TEXT_WIDTH, height)
        self.lang = lang
        self.plot = plot
        low, high = score_range(plot)
        self.y = Axis(low, high, self.BOTTOM, height - self.TOP)
        self.x = Axis(*self._time_range(), self.LEFT, TEXT_WIDTH - self.RIGHT)

    def _time_range(self) -> tuple[float, float]:
        first, last = self.plot.points[0][0], self.plot.points[-1][0]
        # A face seen for a few seconds of a long video would shrink to a dot: show its own span.
        if 0 < self.plot.duration_s <= 4 * (last - first):
            end = max(self.plot.duration_s, last)
            return min(0.0, first) - 0.015 * end, end
        pad = max((last - first) * 0.04, 0.05)
        return first - pad, last + pad

    def draw(self) -> None:
        """Draws band, axes, thresholds, points, marks and legend, in this order."""
        self._draw_band()
        self._draw_axes()
        self._draw_points()
        self._draw_marks()
        self._draw_track_score()
        self._draw_legend()

    def _draw_band(self) -> None:
        canvas, lang, y, right = self.canv, self.lang, self.y, self.x.end
        low, high = y(self.plot.thresholds.no_support), y(self.plot.thresholds.forged)
        canvas.setFillColor(BAND)
        canvas.rect(self.LEFT, low, right - self.LEFT, high - low, stroke=0, fill=1)
        canvas.setStrokeColor(ACCENT)
        canvas.setLineWidth(0.7)
        canvas.setDash()
        canvas.line(self.LEFT, high, right, high)
        canvas.setDash(2.4, 1.6)
        canvas.line(self.LEFT, low, right, low)
        canvas.setDash()
        label_x = right + 42
        canvas.setFillColor(INK)
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.4)
        # Each label keeps a line's distance even where the thresholds lie close together.
        high_label, low_label = high + 2.5, min(low, high - 10) - 7.5
        canvas.line(right + 32, high, label_x - 2, high)
        canvas.line(right + 32, low, label_x - 2, low)
        draw_text(canvas, label_x, high_label + 8.5, lang.say("plot.forged"), BOLD, LABEL_SIZE)
        draw_text(
            canvas,
            label_x,
            high_label,
            lang.say("plot.from", value=lang.signed(self.plot.thresholds.forged)),
            REGULAR,
            LABEL_SIZE,
        )
        if high - low > 12:
            draw_text(canvas, label_x, (high + low) / 2 - 2.4, lang.say("plot.band"), BOLD, LABEL_SIZE)
        draw_text(
            canvas,
            label_x,
            low_label,
            lang.say("plot.below", value=lang.signed(self.plot.thresholds.no_support)),
            REGULAR,
            LABEL_SIZE,
        )
        draw_text(canvas, label_x, low_label - 8.5, lang.say("plot.no_support"), BOLD, LABEL_SIZE)

    def _draw_axes(self) -> None:
        canvas, lang, x, y = self.canv, self.lang, self.x, self.y
        canvas.setStrokeColor(MUTED)
        canvas.setLineWidth(0.5)
        canvas.line(x.start, y.start, x.end, y.start)
        canvas.line(x.start, y.start, x.start, y.end)
        canvas.setFillColor(MUTED)
        step = nice_step(y.high - y.low, 8)
        for value in ticks(y.low, y.high, step):
            canvas.line(x.start - 2.5, y(value), x.start, y(value))
            digits = max(1, -math.floor(math.log10(step)))
            draw_text(
                canvas, x.start - 5, y(value) - 2.5, lang.signed(value, digits), REGULAR, LABEL_SIZE, "right"
            )
        step = _time_step(x.high - x.low)
        for value in ticks(x.low, x.high, step):
            canvas.line(x(value), y.start, x(value), y.start - 2.5)
            draw_text(
                canvas, x(value), y.start - 10.5, _tick_time(value, step, lang), REGULAR, LABEL_SIZE, "centre"
            )
        draw_text(canvas, 0, y.end + 7, lang.say("plot.score"), REGULAR, LABEL_SIZE)
        unit = "h:mm:ss" if x.high >= 3600 else "m:ss"
        draw_text(canvas, x.end, y.start - 20, lang.say("plot.time", unit=unit), REGULAR, LABEL_SIZE, "right")

    def _draw_points(self) -> None:
        canvas = self.canv
        places = [(self.x(time_s), self.y(score)) for time_s, score in self.plot.points]
        path = canvas.beginPath()
        for ((x0, y0), (x1, y1)), is_joined in zip(pairwise(places), self._joined(), strict=True):
            if is_joined:
                path.moveTo(x0, y0)
                path.lineTo(x1, y1)
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.6)
        if len(places) <= _MAX_JOINED:
            canvas.drawPath(path)
        # Dots are strokes of no length with round ends: a tenth of a circle's bytes.
        dots = canvas.beginPath()
        for px, py in places:
            dots.moveTo(px, py)
            dots.lineTo(px, py)
        canvas.setLineCap(1)
        canvas.setStrokeColor(INK)
        canvas.setLineWidth(3.4 if len(places) <= 400 else 1.8)
        canvas.drawPath(dots)
        canvas.setLineCap(0)

    def _joined(self) -> Iterator[bool]:
        """For each pair of neighbours: whether the face was seen without a gap between them."""
        times = [time_s for time_s, _ in self.plot.points]
        gaps = [after - before for before, after in pairwise(times)]
        usual = sorted(gaps)[len(gaps) // 2] if gaps else 0.0
        return (gap <= 2.5 * usual for gap in gaps)

    def _draw_marks(self) -> None:
        canvas = self.canv
        taken: list[tuple[float, float]] = []
        for mark in self.plot.marks:
            x, y = self.x(mark.time_s), self.y(mark.score)
            draw_diamond(canvas, x, y)
            label_y = y + 6.5
            while any(abs(x - tx) < 10 and abs(label_y - ty) < 8 for tx, ty in taken):
                label_y += 8
            taken.append((x, label_y))
            canvas.setFillColor(ACCENT)
            draw_text(canvas, x, label_y, mark.letter, BOLD, 8.0, "centre")

    def _draw_track_score(self) -> None:
        if self.plot.score is None:
            return
        canvas, x, y = self.canv, self.x.end + 20, self.y
        canvas.setStrokeColor(INK)
        canvas.setLineWidth(1.0)
        if self.plot.interval:
            low, high = map(y, self.plot.interval)
            canvas.line(x, low, x, high)
            canvas.line(x - 3, low, x + 3, low)
            canvas.line(x - 3, high, x + 3, high)
        canvas.setFillColor(INK)
        canvas.rect(x - 2.6, y(self.plot.score) - 2.6, 5.2, 5.2, stroke=0, fill=1)
        canvas.setFillColor(MUTED)
        draw_text(canvas, x, y.start - 10.5, self.lang.say("plot.track"), REGULAR, LABEL_SIZE, "centre")

    def _draw_legend(self) -> None:
        canvas, y = self.canv, 4.0
        x = self.LEFT + 3
        canvas.setFillColor(INK)
        canvas.circle(x, y + 2.4, 1.7, stroke=0, fill=1)
        canvas.setFillColor(MUTED)
        x = draw_text(canvas, x + 6, y, self.lang.say("plot.legend_point"), REGULAR, LABEL_SIZE) + 18
        if self.plot.marks:
            draw_diamond(canvas, x, y + 2.4)
            canvas.setFillColor(MUTED)
            x = draw_text(canvas, x + 8, y, self.lang.say("plot.legend_mark"), REGULAR, LABEL_SIZE) + 18
        canvas.setFillColor(INK)
        canvas.rect(x - 2.6, y, 5.2, 5.2, stroke=0, fill=1)
        canvas.setFillColor(MUTED)
        draw_text(canvas, x + 7, y, self.lang.say("plot.legend_track"), REGULAR, LABEL_SIZE)


def _time_step(span_s: float) -> float:
    """The step between the ticks of a time axis: round in seconds, minutes or hours."""
    rough = span_s / 8
    for step in _CLOCK_STEPS_S:
        if 1 < rough <= step:
            return float(step)
    return nice_step(span_s, 8) if rough <= 1 else 3600.0 * nice_step(span_s / 3600, 8)


def _tick_time(seconds: float, step: float, lang: Language) -> str:
    """A time as short as the step allows: "1:02:00", "0:02", "0:02.5"."""
    full = lang.time(seconds)
    hours, rest = full.split(":", 1)
    whole = rest.rstrip("0").rstrip(",.") if step < 1 else rest[:-4]
    return f"{hours}:{whole}" if hours != "0" else whole.removeprefix("0")
