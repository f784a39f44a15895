"""The heatmap grid: where the model looks on a few genuine crops and their forged versions."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np

from forensic_cli.model.lae import INPUT_PX
from train.evaluation.figure import new_figure, png_of_figure
from train.evaluation.gallery import Example
from train.localisation import enlarge

_GENUINE_COLUMNS = ("genuine", "attention")
_OUTLINES = ("#000000", "#FFFFFF")


def heatmaps_png(examples: Sequence[Example], attention_form: str) -> bytes:
    """A line an example: genuine crop and its attention, forged crop and its attention.

    The genuine columns are left out where no example's genuine crop is known. All maps share one
    scale, from 0 (what lies below is shown as 0) to the largest value on the page.
    """
    has_genuine = any(example.genuine is not None for example in examples)
    outlined = ", mask outlined" if any(example.mask is not None for example in examples) else ""
    columns = (
        *(_GENUINE_COLUMNS if has_genuine else ()),
        f"forged{outlined}",
        f"attention{outlined}",
    )
    figure = new_figure(2.05 * len(columns) + 0.4, 1.95 * len(examples) + 0.9)
    panels = figure.subplots(len(examples), len(columns), squeeze=False)
    maps = [m for e in examples for m in (e.genuine_attention, e.forged_attention) if m is not None]
    top = max(float(max(attention.max() for attention in maps)), 1e-9)
    shown: Any = None
    for line, example in enumerate(examples):
        if has_genuine:
            _draw_genuine(panels[line][0], panels[line][1], example, top)
        forged, forged_map = panels[line][-2:]
        forged.imshow(example.forged)
        shown = _heat(forged_map, example.forged_attention, top)
        if outlined:
            _outline(forged, example)
            _outline(forged_map, example)
        panels[line][0].set_ylabel(fill(example.method, 22), fontsize=8)
        for column, axes in enumerate(panels[line]):
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
            if line == 0:
                axes.set_title(columns[column], fontsize=9)
    bar = figure.colorbar(shown, ax=panels, location="bottom", shrink=0.7, aspect=40, pad=0.01)
    bar.set_label(f"attention, raw map ({attention_form} form)\none scale for the page", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    return png_of_figure(figure)


def _draw_genuine(axes: Any, axes_of_map: Any, example: Example, top: float) -> None:
    if example.genuine is None or example.genuine_attention is None:
        for each in (axes, axes_of_map):
            each.text(0.5, 0.5, "not known", ha="center", va="center", color="0.4", fontsize=8)
        return
    axes.imshow(example.genuine)
    _heat(axes_of_map, example.genuine_attention, top)


def _heat(axes: Any, attention: Any, top: float) -> Any:
    return axes.imshow(enlarge(attention), cmap="inferno", vmin=0, vmax=top)


def _outline(axes: Any, example: Example) -> None:
    """The mask's edge in white on black, so that it is seen on every ground."""
    if example.mask is None:
        axes.text(12, INPUT_PX - 14, "mask not known", color="white", fontsize=7, backgroundcolor="black")
        return
    for colour, width in zip(_OUTLINES, (2.2, 0.9), strict=True):
        axes.contour((example.mask > 0).astype(np.float32), levels=[0.5], colors=[colour], linewidths=[width])
