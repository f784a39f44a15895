"""The two scales: a single score against the thresholds, and the colours of the attention."""

from __future__ import annotations

import math

from reportlab.lib.colors import Color, HexColor

from forensic_cli.report.axes import LABEL_SIZE, Axis, draw_diamond, score_range
from forensic_cli.report.flow import Drawn
from forensic_cli.report.fonts import BOLD, REGULAR
from forensic_cli.report.language import Language
from forensic_cli.report.model import ScorePlot
from forensic_cli.report.styles import ACCENT, BAND, INK, MUTED, TEXT_WIDTH
from forensic_cli.report.text import draw_text, text_width

# OpenCV's COLORMAP_INFERNO at 0, 1/32, ... 1, which the exhibits are coloured with.
INFERNO_STOPS = (
    "#000004", "#040312", "#0B0724", "#150B37", "#210C4A", "#2F0A5B", "#3D0965", "#4A0C6B", "#56106E",
    "#63156E", "#70196E", "#7D1E6D", "#89226A", "#962766", "#A32C61", "#AF315B", "#BB3654", "#C63D4D",
    "#D14545", "#DA4F3C", "#E35932", "#EB6529", "#F1721E", "#F67F14", "#F98C0A", "#FB9B06", "#FCAA0F",
    "#FBBA1F", "#F9C932", "#F5D949", "#F2E865", "#F3F586", "#FCFFA4",
)  # fmt: skip


class ScoreBar(Drawn):
    """A single score on a line with the thresholds: for still pictures, which have no time."""

    def __init__(self, plot: ScorePlot, lang: Language) -> None:
        super().__init__(TEXT_WIDTH, 62)
        self.lang = lang
        self.plot = plot

    def draw(self) -> None:
        """Draws the line, its three parts with their names, and the score."""
        canvas, lang, (low, high) = self.canv, self.lang, score_range(self.plot)
        axis = Axis(low, high, 0, self.width)
        line_y = 26.0
        no_support, forged = axis(self.plot.thresholds.no_support), axis(self.plot.thresholds.forged)
        canvas.setFillColor(BAND)
        canvas.rect(no_support, line_y - 6, forged - no_support, 12, stroke=0, fill=1)
        canvas.setStrokeColor(MUTED)
        canvas.setLineWidth(0.6)
        canvas.line(0, line_y, self.width, line_y)
        canvas.setStrokeColor(ACCENT)
        canvas.setLineWidth(0.8)
        for x in (no_support, forged):
            canvas.line(x, line_y - 8, x, line_y + 8)
        canvas.setFillColor(INK)
        below = lang.say("plot.bar_below", value=lang.signed(self.plot.thresholds.no_support))
        above = lang.say("plot.bar_above", value=lang.signed(self.plot.thresholds.forged))
        # Each label stays on the page, and clear of the other where the thresholds lie close together.
        above_x = min(forged + 4, self.width - text_width(above, REGULAR, LABEL_SIZE))
        below_end = min(no_support - 4, above_x - 10)
        below_end = max(below_end, text_width(below, REGULAR, LABEL_SIZE))
        draw_text(canvas, below_end, 6, below, REGULAR, LABEL_SIZE, "right")
        draw_text(canvas, max(above_x, below_end + 10), 6, above, REGULAR, LABEL_SIZE)
        band = lang.say("plot.band")
        if forged - no_support > text_width(band, BOLD, LABEL_SIZE) + 6:
            draw_text(canvas, (no_support + forged) / 2, 6, band, REGULAR, LABEL_SIZE, "centre")
        for _, score in self.plot.points:
            x = axis(score)
            draw_diamond(canvas, x, line_y)
            canvas.setFillColor(ACCENT)
            label = " ".join((*(mark.letter for mark in self.plot.marks), lang.signed(score)))
            half = text_width(label, BOLD, 8.0) / 2
            draw_text(canvas, min(max(x, half), self.width - half), line_y + 11, label, BOLD, 8.0, "centre")


class AttentionScale(Drawn):
    """The colour scale of the heatmaps, with its two ends in numbers.

    Args:
        top: attention value at the light end; the dark end is 0.
    """

    BAR_WIDTH, BAR_HEIGHT = 150.0, 8.0

    def __init__(self, top: float, lang: Language) -> None:
        super().__init__(self.BAR_WIDTH, self.BAR_HEIGHT + 12)
        self.top = top
        self.lang = lang

    def draw(self) -> None:
        """Draws the bar, dark to light, and the values of its ends."""
        canvas = self.canv
        n_steps = 64
        width = self.BAR_WIDTH / n_steps
        for step in range(n_steps):
            canvas.setFillColor(inferno(step / (n_steps - 1)))
            # Overlapping by a hair hides the seams that some viewers show.
            canvas.rect(step * width, 12, width + 0.3, self.BAR_HEIGHT, stroke=0, fill=1)
        canvas.setFillColor(INK)
        draw_text(canvas, 0, 2, "0", REGULAR, LABEL_SIZE)
        draw_text(canvas, self.BAR_WIDTH / 2, 2, self._value(self.top / 2), REGULAR, LABEL_SIZE, "centre")
        draw_text(canvas, self.BAR_WIDTH, 2, self._value(self.top), REGULAR, LABEL_SIZE, "right")

    def _value(self, value: float) -> str:
        """Three digits, as few of them after the mark as that takes."""
        return self.lang.number(value, max(0, 2 - math.floor(math.log10(value)))).rstrip("0").rstrip(",.")


def inferno(share: float) -> Color:
    """The colour at `share` in [0, 1] of the scale."""
    place = min(1.0, max(0.0, share)) * (len(INFERNO_STOPS) - 1)
    index = min(int(place), len(INFERNO_STOPS) - 2)
    low, high = HexColor(INFERNO_STOPS[index]), HexColor(INFERNO_STOPS[index + 1])
    part = place - index
    return Color(*(a + (b - a) * part for a, b in zip(low.rgb(), high.rgb(), strict=True)))
