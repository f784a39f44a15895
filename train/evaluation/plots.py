"""The plots of an evaluation: ROC curves, score histograms, and the heatmap grid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

from forensic_cli.provenance.files import write_atomically
from train.evaluation.figure import new_figure, png_of_figure
from train.evaluation.gallery import Example
from train.evaluation.heatmaps import heatmaps_png
from train.evaluation.records import Evaluation
from train.roc import roc_curves

# Okabe and Ito's palette, legible with every common colour blindness; line styles tell more than eight.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_LINES = ("-", "--", ":")
_GENUINE, _FORGED = "#0072B2", "#D55E00"
_MOST_BINS = 30


def save_plots(folder: Path, evaluation: Evaluation, examples: Sequence[Example]) -> None:
    """Writes roc.png, scores.png and heatmaps.png, as far as there is something to show.

    Without forged crops there is no ROC curve and no heatmap; the histograms show the genuine scores.

    Args:
        folder: made if need be.
    """
    pictures = {"scores.png": scores_png(evaluation)}
    if evaluation.rows:
        pictures["roc.png"] = roc_png(evaluation)
    if examples:
        pictures["heatmaps.png"] = heatmaps_png(examples, evaluation.attention_form)
    for name, content in pictures.items():
        write_atomically(folder / name, content)


def roc_png(evaluation: Evaluation) -> bytes:
    """A panel a compression, a curve a method, with the AUC in the legend."""
    conditions = list(dict.fromkeys(row.condition for row in evaluation.rows))
    n_columns = min(2, len(conditions))
    n_rows = -(-len(conditions) // n_columns)
    figure = new_figure(4.9 * n_columns, 4.7 * n_rows)
    panels = figure.subplots(n_rows, n_columns, squeeze=False)
    for axes in panels.flat[len(conditions) :]:
        axes.set_visible(False)
    for axes, condition in zip(panels.flat, conditions, strict=False):
        own = [row for row in evaluation.rows if row.condition == condition]
        for k, row in enumerate(own):
            curve = roc_curves(np.array(row.genuine), np.array(row.forged))
            axes.plot(
                curve.false_positive_rates[0],
                curve.true_positive_rates[0],
                _LINES[k // len(COLOURS) % len(_LINES)],
                color=COLOURS[k % len(COLOURS)],
                linewidth=1.4,
                label=f"{row.auc:.3f}  {evaluation.title_of(row)}",
            )
        axes.plot([0, 1], [0, 1], color="0.75", linewidth=0.8, zorder=0)
        axes.set(xlim=(0, 1), ylim=(0, 1.005), title=condition)
        axes.set_xlabel("genuine crops called forged (FPR)")
        axes.set_ylabel("forged crops called forged (TPR)")
        axes.set_aspect("equal")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(
            title="AUC", loc="lower right", fontsize=7, title_fontsize=7, framealpha=0.85, edgecolor="none"
        )
    return png_of_figure(figure)


def scores_png(evaluation: Evaluation) -> bytes:
    """Histograms of genuine and forged scores: a row a method, a column a compression."""
    conditions = [entry.condition for entry in evaluation.genuine]
    methods = list(dict.fromkeys(evaluation.title_of(row) for row in evaluation.rows))
    by_panel = {(evaluation.title_of(row), row.condition): row for row in evaluation.rows}
    everything = [np.array(entry.scores) for entry in evaluation.genuine]
    everything += [np.array(row.forged) for row in evaluation.rows]
    low, high = np.percentile(np.concatenate(everything), (0.5, 99.5))
    margin = 0.05 * max(high - low, 1e-6)
    n_bins = int(np.clip(2 * np.sqrt(len(everything[0])), 10, _MOST_BINS))
    edges = np.linspace(low - margin, high + margin, n_bins + 1)
    figure = new_figure(2.9 * len(conditions) + 0.6, 1.5 * max(1, len(methods)) + 0.9)
    panels = figure.subplots(max(1, len(methods)), len(conditions), squeeze=False, sharex=True, sharey="row")
    for (line, column), axes in np.ndenumerate(panels):
        row = by_panel.get((methods[line], conditions[column])) if methods else None
        genuine = row.genuine if row else evaluation.genuine[column].scores
        _histogram(axes, genuine, edges, _GENUINE, "genuine", is_filled=True)
        if row:
            _histogram(axes, row.forged, edges, _FORGED, "forged", is_filled=False)
        axes.axvline(0, color="0.55", linewidth=0.8, linestyle=":")
        axes.axvline(evaluation.score_threshold, color="0.25", linewidth=0.9, linestyle="--")
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=7)
        if line == 0:
            axes.set_title(conditions[column], fontsize=9)
        if column == 0:
            name = _wrapped(methods[line]) if methods else "genuine"
            axes.set_ylabel(f"{name}\nshare of crops", fontsize=7)
    figure.supxlabel(
        "score a_F - a_T; dotted: a_F = a_T; dashed: threshold; outermost bins: beyond", fontsize=8
    )
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2, fontsize=8, frameon=False)
    return png_of_figure(figure)


def _histogram(
    axes: Any, scores: Sequence[float], edges: Any, colour: str, label: str, *, is_filled: bool
) -> None:
    values = np.clip(np.array(scores), edges[0], edges[-1])
    weights = np.full(len(values), 1 / len(values))
    style = {"color": colour, "alpha": 0.45} if is_filled else {"color": colour, "linewidth": 1.4}
    kind = "stepfilled" if is_filled else "step"
    axes.hist(values, edges, weights=weights, histtype=kind, label=label, **style)


def _wrapped(title: str) -> str:
    """A method's title on short lines, "(held out)" on one of its own."""
    return "\n".join(fill(part, 22) for part in title.replace(" (held out)", "\n(held out)").split("\n"))
