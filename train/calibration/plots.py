"""The two plots that are kept with the weights: Tippett, and empirical cross-entropy."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from train.calibration.bounds import Bounds
from train.calibration.measures import empirical_cross_entropy, pav_log_lrs
from train.metrics import Scores

_FORGED, _GENUINE, _HELD_OUT, _MUTED = "#b03a2e", "#1f618d", "#b9770e", "#707b7c"
_N_PRIORS = 121


def tippett_png(genuine: Scores, forged: Scores, held_out: Scores, bounds: Sequence[Bounds]) -> bytes:
    """Share of units whose likelihood ratio is at least x, for every x, as a PNG.

    Args:
        genuine, forged, held_out: (n,) natural log likelihood ratios before bounding; the last of units
            forged by held-out methods, empty for none.
        bounds: of each coding, drawn as dotted lines.
    """
    figure, axes = _figure()
    curves = [("genuine", genuine, _GENUINE), ("forged, trained methods", forged, _FORGED)]
    if len(held_out):
        curves.append(("forged, held-out methods", held_out, _HELD_OUT))
    for name, log_lrs, colour in curves:
        values = np.sort(log_lrs) / np.log(10)
        shares = 1 - np.arange(len(values)) / len(values)
        axes.step(values, shares, where="pre", color=colour, label=f"{name} (n = {len(values)})")
    axes.axvline(0.0, color=_MUTED, linewidth=0.8)
    for bound in (end for own in bounds for end in (own.log10_min, own.log10_max)):
        axes.axvline(bound, color=_MUTED, linewidth=1.0, linestyle=":")
    axes.set_xlabel("log10 LR (dotted: the bounds)")
    axes.set_ylabel("share of units at or above")
    axes.set_ylim(0, 1)
    axes.set_title("Tippett plot, cross-validated by identity")
    axes.legend(frameon=False, fontsize=8)
    return _png(figure)


def entropy_png(genuine: Scores, forged: Scores) -> bytes:
    """Empirical cross-entropy over prior odds: as reported, at its floor, and without ratios, as a PNG.

    Args:
        genuine, forged: (n,) natural log likelihood ratios as reported, bounded.
    """
    figure, axes = _figure()
    log10_odds = np.linspace(-2.5, 2.5, _N_PRIORS)
    floor_genuine, floor_forged = pav_log_lrs(genuine, forged)
    one = np.zeros(1)
    curves = (
        ("LR = 1 always", one, one, _MUTED, "--"),
        ("as reported", genuine, forged, _FORGED, "-"),
        ("after the best monotone calibration (PAV)", floor_genuine, floor_forged, _GENUINE, "-."),
    )
    for name, of_genuine, of_forged, colour, line in curves:
        costs = [empirical_cross_entropy(of_genuine, of_forged, odds * np.log(10)) for odds in log10_odds]
        axes.plot(log10_odds, costs, line, color=colour, label=name)
    axes.axvline(0.0, color=_MUTED, linewidth=0.8)
    axes.set_xlabel("log10 of the prior odds of forged")
    axes.set_ylabel("empirical cross-entropy, bits")
    axes.set_ylim(bottom=0)
    axes.set_title("Empirical cross-entropy; at even odds it is Cllr")
    axes.legend(frameon=False, fontsize=8)
    return _png(figure)


def _figure() -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.2), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    # No version in the file: the same figures give the same bytes.
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
