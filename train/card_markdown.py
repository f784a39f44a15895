"""The model card as Markdown: what weights.json holds, and what its tables have no room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensic_cli.model.calibration import Calibration
from forensic_cli.model.weights import ErrorRate, ModelCard
from train.bootstrap import Interval
from train.evaluation.records import TARGET_PREFIX, Evaluation, EvaluationRow


def card_markdown(card: ModelCard, measured: Evaluation, targets: Sequence[Evaluation]) -> str:
    """Writes the card.

    Args:
        measured: of the split that the card's error rates come from.
        targets: of target sets; none of them chose anything.
    """
    parts = [
        f"# {card.name}",
        f"The encoder of the Locality-Aware AutoEncoder (Du et al., CIKM 2020), `{card.file}`, SHA-256 "
        f"`{card.sha256}`. It scores 256 x 256 crops of faces; higher = more like a forgery. The score is no "
        "probability. `lae-forensics weights show` prints this card from `weights.json`.",
        "## How it was made",
        _table(("", ""), card.training),
        "## Thresholds",
        f"Likely forged from {card.forged_threshold:.4f}; no support below {card.no_support_threshold:.4f}. "
        + card.threshold_rule,
        "## Error rates at the forged threshold",
        f"On the {measured.split} split; 95% intervals in brackets (Wilson).",
        _table(_RATE_HEADER, (_rate_row(row) for row in card.error_rates)),
        "## Separation and attention",
        "95% intervals by resampling identities. Accuracy is balanced, at a_F = a_T, as the paper's. TPR is the "
        "share of forgeries found at 1% false alarms. Energy is the share of the positive attention inside the "
        f"mask, pointing the share of maps whose peak lies there; the mask's area is what chance would give. "
        f"Attention form: {measured.attention_form}.",
        _table(_ROW_HEADER, (_evaluation_row(row) for row in measured.rows)),
        "## False alarms by group and collection",
        f"Genuine crops of the {measured.split} split at or above the forged threshold; Wilson intervals.",
        _table(_ALARM_HEADER, _alarm_rows(measured)),
    ]
    for target in targets:
        parts += list(_target(target))
    parts += ["## Calibration", *_calibration(card.calibration)]
    parts += ["## Limits", "\n".join(f"- {line}" for line in card.limitations)]
    return "\n\n".join(parts) + "\n"


_RATE_HEADER = ("condition", "domain", "genuine", "forged", "AUC", "false alarms", "missed")
_ROW_HEADER = (
    "method",
    "compression",
    "trained",
    "AUC",
    "accuracy",
    "EER",
    "TPR at 1%",
    "pixel AUC",
    "IoU",
    "energy",
    "pointing",
    "area",
)
_ALARM_HEADER = ("kind", "name", "compression", "crops", "mean score", "false alarms")


def _table(header: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    # A bar in a cell would end it.
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _rate_row(row: ErrorRate) -> tuple[str, ...]:
    return (
        row.condition,
        row.domain,
        str(row.n_genuine),
        str(row.n_forged),
        "-" if row.auc is None else f"{row.auc:.3f}",
        _percent(row.false_positive_rate, row.false_positive_interval),
        _percent(row.false_negative_rate, row.false_negative_interval),
    )


def _percent(rate: float | None, interval: Interval | None) -> str:
    if rate is None:
        return "-"
    return f"{rate:.1%}" + (f" ({interval[0]:.1%} to {interval[1]:.1%})" if interval else "")


def _figure(value: float | None, interval: Interval | None = None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" + (f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else "")


def _evaluation_row(row: EvaluationRow) -> tuple[str, ...]:
    attention = row.attention
    where = ("-",) * 5
    if attention:
        where = (
            _figure(attention.pixel_auc),
            _figure(attention.iou),
            _figure(attention.energy, attention.energy_interval),
            _figure(attention.pointing, attention.pointing_interval),
            _figure(attention.area),
        )
    return (
        row.name,
        row.condition,
        "yes" if row.was_trained else "no",
        _figure(row.auc, row.auc_interval),
        _figure(row.accuracy, row.accuracy_interval),
        _figure(row.eer),
        _figure(row.tpr),
        *where,
    )


def _alarm_rows(evaluation: Evaluation) -> Iterator[tuple[str, ...]]:
    for entry in evaluation.false_alarms:
        alarms = f"{entry.n_alarms} = {_percent(entry.rate, entry.interval)}"
        yield entry.kind, entry.name, entry.condition, str(entry.n), f"{entry.mean_score:+.3f}", alarms


def _target(target: Evaluation) -> Iterator[str]:
    yield f"## Target set: {target.split.removeprefix(TARGET_PREFIX)}"
    yield "From elsewhere. It was never trained on and chose nothing."
    if target.rows:
        yield _table(_ROW_HEADER, (_evaluation_row(row) for row in target.rows))
    yield _table(_ALARM_HEADER, _alarm_rows(target))


def _calibration(calibration: Calibration | None) -> Iterator[str]:
    if calibration is None:
        yield "Not calibrated: no likelihood ratio can be given."
        return
    yield (
        f"Of face tracks, by the item's last compression; reported as log10. Cllr {calibration.cllr:.3f} (at best "
        f"{calibration.cllr_min:.3f}; 1 = says nothing). {calibration.data}"
    )
    yield _table(
        ("coded as", "natural log LR", "bounds of log10 LR", "crops a track", "tracks", "Cllr", "at best"),
        (
            (
                line.coding,
                f"{line.slope:.4f} x score {line.intercept:+.4f}",
                f"{line.log10_lr_min:+.2f} to {line.log10_lr_max:+.2f}",
                str(line.crops_per_track),
                f"{line.n_genuine} + {line.n_forged}",
                f"{line.cllr:.3f}",
                f"{line.cllr_min:.3f}",
            )
            for line in calibration.lines
        ),
    )
