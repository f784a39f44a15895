"""Figures without a window or a shared state, and their bytes."""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import Any

from forensic_cli.errors import UsageError, extra_remedy


def require_matplotlib() -> None:
    """Checks that figures can be drawn, before the long work whose figures they are.

    Raises:
        UsageError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise UsageError(
            "Plots need matplotlib, which is not installed.", f"{extra_remedy('train')}, or add --no-plots."
        )


def new_figure(width_in: float, height_in: float) -> Any:
    """A matplotlib figure on the Agg canvas: no window, no shared state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def png_of_figure(figure: Any) -> bytes:
    """The figure as a PNG, without the program's version: equal figures give equal bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
