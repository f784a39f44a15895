"""An evaluation as plain text, at most 110 columns wide."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from train.bootstrap import Interval
from train.evaluation.false_alarms import ALL
from train.evaluation.records import (
    TARGET_PREFIX,
    AttentionFigures,
    Evaluation,
    EvaluationRow,
    FalseAlarms,
)

_LABEL = 28
_FIGURE = 20
_ALARM = 18
_SHORT = 8


def table(evaluation: Evaluation) -> str:
    """Separation, attention and false alarms, a line each method and compression."""
    return "\n".join(
        [
            *_heading(evaluation),
            *_separation(evaluation),
            *_attention(evaluation),
            *_false_alarms(evaluation),
        ]
    )


def _heading(evaluation: Evaluation) -> Iterator[str]:
    people = len({*evaluation.genuine[0].source_ids})
    yield (
        f"{evaluation.split}: {evaluation.n_photographs} genuine photographs of {people} people; "
        "in brackets 95% intervals, people resampled"
    )
    if evaluation.n_trained_on:
        yield f"left out: {evaluation.n_trained_on} crops cut from files that the run was trained on"


def _separation(evaluation: Evaluation) -> Iterator[str]:
    if not evaluation.rows:
        yield "no forged crops: false alarms only"
        return
    yield ""
    names = ("AUC", "equal error rate", "TPR at 1% FPR", "accuracy a_F=a_T")
    yield f"{'SEPARATION':<{_LABEL}}" + "".join(f"{name:<{_FIGURE}}" for name in names).rstrip()
    for own in _by_method(evaluation.rows):
        yield (
            f"{evaluation.title_of(own[0])}, {len(own[0].genuine)} genuine + {len(own[0].forged)} forged"
            + (
                f"; {own[0].n_unforgeable} that it left as they were do not count"
                if own[0].n_unforgeable
                else ""
            )
        )
        for row in own:
            cells = (
                _figure(row.auc, row.auc_interval),
                _figure(row.eer, row.eer_interval),
                _figure(row.tpr, row.tpr_interval),
                _figure(row.accuracy, row.accuracy_interval),
            )
            yield (
                f"  {row.condition:<{_LABEL - 2}}" + "".join(f"{cell:<{_FIGURE}}" for cell in cells).rstrip()
            )
    if evaluation.split.startswith(TARGET_PREFIX):
        return
    for was_trained, name in ((True, "trained"), (False, "held-out")):
        aucs = [row.auc for row in evaluation.rows if row.was_trained is was_trained]
        if aucs:
            yield f"mean AUC {np.mean(aucs):.3f} over {name} methods and compressions"


def _attention(evaluation: Evaluation) -> Iterator[str]:
    measured = [row for row in evaluation.rows if row.attention is not None]
    if not measured:
        return
    yield ""
    names = ("pixel AUC", "IoU", "pointing game", "energy inside")
    yield (
        f"{'ATTENTION':<{_LABEL}}"
        + "".join(f"{name:<{_FIGURE - 3}}" for name in names)
        + f"{'chance':<{_SHORT}}on rim"
    )
    for own in _by_method(tuple(measured)):
        figures = own[0].attention
        assert figures is not None
        missing = f", {figures.n_without_mask} without a mask" if figures.n_without_mask else ""
        yield f"{evaluation.title_of(own[0])}, {figures.n} forged crops{missing}"
        yield from (_attention_line(row.condition, row.attention) for row in own if row.attention)
    threshold = evaluation.iou_threshold
    iou = (
        "no IoU: no masks on validation"
        if threshold is None
        else f"IoU threshold {threshold:.4g}, of validation"
    )
    yield f"raw map, {evaluation.attention_form} form; {iou}; on rim: peak on the outermost ring of cells"
    yield "chance: the mask's share of the crop; pointing game and energy of an even map, and IoU of the whole crop"


def _attention_line(condition: str, figures: AttentionFigures) -> str:
    cells = (
        _short_figure(figures.pixel_auc, figures.pixel_auc_interval),
        _short_figure(figures.iou, figures.iou_interval),
        _short_figure(figures.pointing, figures.pointing_interval),
        _short_figure(figures.energy, figures.energy_interval),
    )
    return (
        f"  {condition:<{_LABEL - 2}}"
        + "".join(f"{cell:<{_FIGURE - 3}}" for cell in cells)
        + f"{figures.area:<{_SHORT}.2f}{figures.rim_peaks:.2f}"
    )


def _false_alarms(evaluation: Evaluation) -> Iterator[str]:
    conditions = list(dict.fromkeys(entry.condition for entry in evaluation.false_alarms))
    yield ""
    yield (
        f"FALSE ALARMS: genuine crops that score {evaluation.score_threshold:.4f} or more "
        f"({evaluation.score_threshold_rule})"
    )
    yield (
        f"{'':<24}{'n':>5}{'mean':>8}   "
        + "".join(f"{name:<{_ALARM}}" for name in _short(conditions)).rstrip()
    )
    rows: dict[tuple[str, str], list[FalseAlarms]] = {}
    for entry in evaluation.false_alarms:
        rows.setdefault((entry.kind, entry.name), []).append(entry)
    for (kind, name), own in rows.items():
        label = "all" if kind == ALL else f"{kind} {name}"
        cells = "".join(f"{_rate(entry):<{_ALARM}}" for entry in own).rstrip()
        if len(label) > 24:
            yield label
            label = ""
        yield f"{label:<24}{own[0].n:>5}{own[0].mean_score:>8.2f}   {cells}"
    yield f"mean: of the scores under {conditions[0]}; in brackets 95% Wilson intervals"


def _by_method(rows: tuple[EvaluationRow, ...]) -> list[list[EvaluationRow]]:
    found: dict[str, list[EvaluationRow]] = {}
    for row in rows:
        found.setdefault(row.name, []).append(row)
    return list(found.values())


def _short(conditions: list[str]) -> list[str]:
    return [name.removesuffix(" compression") for name in conditions]


def _figure(value: float, interval: Interval | None) -> str:
    return f"{value:.3f}" + (f" [{interval[0]:.2f}, {interval[1]:.2f}]" if interval else "")


def _short_figure(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" + (f" [{interval[0]:.2f}-{interval[1]:.2f}]" if interval else "")


def _rate(entry: FalseAlarms) -> str:
    return f"{entry.rate:.0%} [{entry.interval[0]:.0%}, {entry.interval[1]:.0%}]"
