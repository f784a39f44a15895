"""A model card on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from forensic_cli.model.calibration import Calibration, CalibrationRow
from forensic_cli.model.weights import ErrorRate, ModelCard


def print_card(card: ModelCard) -> None:
    """Prints everything that weights.json says of one entry."""
    console = Console()
    console.print(f"{card.name}  ({card.arch}, {card.file})", style="bold", markup=False)
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("SHA-256", card.sha256)
    facts.add_row("Likely forged", f"score >= {card.forged_threshold:.4f}")
    facts.add_row("No support", f"score < {card.no_support_threshold:.4f}")
    facts.add_row("Thresholds", card.threshold_rule)
    facts.add_row("Smallest face", f"{card.smallest_face_px} px")
    facts.add_row("Attention", f"form {card.attention_form}, normalisation {card.attention_norm}")
    for name, value in card.training:
        facts.add_row(name, value)
    console.print(facts, markup=False)
    _print_calibration(console, card.calibration)
    console.print("\nMeasured error rates at the forged threshold, in per cent (95% interval)", style="bold")
    for dataset in dict.fromkeys(row.dataset for row in card.error_rates):
        console.print(f"On {dataset}:", markup=False)
        console.print(_rates([row for row in card.error_rates if row.dataset == dataset]), markup=False)
    console.print("\nLimits", style="bold")
    for line in card.limitations:
        console.print(f"- {line}", markup=False)


def _print_calibration(console: Console, calibration: Calibration | None) -> None:
    if calibration is None:
        console.print("\nNot calibrated: no likelihood ratio.")
        return
    console.print("\nCalibration of the likelihood ratio (LR)", style="bold")
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    validated = calibration.validated
    for line in calibration.lines:
        facts.add_row(
            f"LR, {line.coding}",
            f"natural log {line.slope:.4f} * score {line.intercept:+.4f}; "
            f"log10 from {line.log10_lr_min:+.2f} to {line.log10_lr_max:+.2f}; Cllr {line.cllr:.3f}",
        )
    facts.add_row("Cllr", f"{calibration.cllr:.3f}, at best {calibration.cllr_min:.3f}")
    facts.add_row("Calib. error", f"{calibration.expected_calibration_error:.3f}, over ten bins")
    facts.add_row("Data", calibration.data)
    facts.add_row("Forged by", ", ".join(calibration.forging_methods))
    facts.add_row(
        "Validated",
        f"faces from {validated.smallest_face_px} px; "
        + "; ".join(
            f"coded as {line.coding} of sharpness {line.sharpness[0]:.1f} to {line.sharpness[1]:.1f}"
            for line in calibration.lines
        ),
    )
    facts.add_row("Method", calibration.method)
    facts.add_row("Bounds", calibration.bound_rule)
    facts.add_row("Plots", f"{calibration.tippett_file}, {calibration.entropy_file}")
    console.print(facts, markup=False)
    console.print(_costs(calibration.rows), markup=False)


def _costs(rows: Sequence[CalibrationRow]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for heading in ("genuine", "forged", "Cllr", "at best"):
        table.add_column(heading, justify="right", no_wrap=True)
    domain = ""
    for row in rows:
        if row.domain != domain:
            domain = row.domain
            table.add_row(Text(domain, style="dim"))
        counts = (str(row.n_genuine), str(row.n_forged))
        table.add_row(f"  {row.condition}", *counts, f"{row.cllr:.3f}", f"{row.cllr_min:.3f}")
    return table


def _rates(rows: list[ErrorRate]) -> Table:
    """A line a condition, grouped by what stands before the comma, so that 80 columns suffice."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for heading in ("genuine", "forged", "AUC", "false positives", "false negatives"):
        table.add_column(heading, justify="right", no_wrap=True)
    group = ""
    for row in rows:
        head, _, rest = row.condition.partition(", ")
        if head != group:
            group = head
            table.add_row(Text(f"{head} ({row.domain})", style="dim"))
        table.add_row(
            f"  {rest or head}",
            str(row.n_genuine),
            str(row.n_forged),
            "" if row.auc is None else f"{row.auc:.3f}",
            _rate(row.false_positive_rate, row.false_positive_interval),
            _rate(row.false_negative_rate, row.false_negative_interval),
        )
    return table


def _rate(rate: float | None, interval: tuple[float, float] | None) -> str:
    if rate is None:
        return ""
    text = f"{100 * rate:.1f}"
    return text if interval is None else f"{text} ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})"
