"""A model card on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

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
    console.print("\nMeasured error rates at the forged threshold, in per cent (95% interval)", style="bold")
    for dataset in dict.fromkeys(row.dataset for row in card.error_rates):
        console.print(f"On {dataset}:", markup=False)
        console.print(_rates([row for row in card.error_rates if row.dataset == dataset]), markup=False)
    console.print("\nLimits", style="bold")
    for line in card.limitations:
        console.print(f"- {line}", markup=False)


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
