"""The shapes that stand before a finding's words, so that no finding rests on colour alone.

| finding | shape |
|---|---|
| likely forged | filled triangle |
| inconclusive | half-filled diamond |
| no support for forgery found | open circle |
| no face found | open square, dashed |
| not examined | horizontal bar |
| failed | cross |
"""

from __future__ import annotations

from typing import Any

from forensic_cli.report.styles import INK, WHITE
from forensic_cli.types import Verdict


def draw_symbol(canvas: Any, verdict: Verdict, x: float, y: float, size: float) -> None:
    """Draws a finding's shape into the square whose lower left corner is (x, y).

    Args:
        canvas: a reportlab canvas.
        verdict: the finding.
        x: left edge, in points.
        y: lower edge, in points.
        size: side of the square, in points.
    """
    canvas.saveState()
    canvas.setStrokeColor(INK)
    canvas.setFillColor(INK)
    canvas.setLineWidth(max(0.8, size * 0.12))
    canvas.setLineJoin(1)
    right, top, middle_x, middle_y = x + size, y + size, x + size / 2, y + size / 2
    match verdict:
        case Verdict.LIKELY_FORGED:
            _polygon(canvas, (x, y + size * 0.04), (right, y + size * 0.04), (middle_x, top))
        case Verdict.INCONCLUSIVE:
            canvas.setFillColor(WHITE)
            _polygon(canvas, (x, middle_y), (middle_x, top), (right, middle_y), (middle_x, y))
            canvas.setFillColor(INK)
            _polygon(canvas, (x, middle_y), (middle_x, top), (middle_x, y))
        case Verdict.NO_SUPPORT:
            canvas.setFillColor(WHITE)
            canvas.circle(middle_x, middle_y, size * 0.45, stroke=1, fill=1)
        case Verdict.NO_FACE:
            canvas.setDash(size * 0.22, size * 0.16)
            canvas.rect(x + size * 0.06, y + size * 0.06, size * 0.88, size * 0.88, stroke=1, fill=0)
        case Verdict.SKIPPED:
            canvas.rect(x, middle_y - size * 0.1, size, size * 0.2, stroke=0, fill=1)
        case Verdict.FAILED:
            canvas.setLineWidth(max(1.2, size * 0.2))
            canvas.line(x + size * 0.1, y + size * 0.1, right - size * 0.1, top - size * 0.1)
            canvas.line(x + size * 0.1, top - size * 0.1, right - size * 0.1, y + size * 0.1)
    canvas.restoreState()


def _polygon(canvas: Any, *corners: tuple[float, float]) -> None:
    path = canvas.beginPath()
    path.moveTo(*corners[0])
    for corner in corners[1:]:
        path.lineTo(*corner)
    path.close()
    canvas.drawPath(path, stroke=1, fill=1)
