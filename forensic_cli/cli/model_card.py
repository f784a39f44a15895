"""A model card on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from forensic_cli.model.weights import ModelCard


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
    console.print("\nMeasured error rates (95% intervals)", style="bold")
    rates = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Condition", "Domain", "Data"):
        rates.add_column(heading, overflow="fold")
    for heading in ("Genuine", "Forged", "AUC", "False positives", "False negatives"):
        rates.add_column(heading, justify="right")
    for row in card.error_rates:
        rates.add_row(
            row.condition,
            row.domain,
            row.dataset,
            str(row.n_genuine),
            str(row.n_forged),
            "" if row.auc is None else f"{row.auc:.3f}",
            _rate(row.false_positive_rate, row.false_positive_interval),
            _rate(row.false_negative_rate, row.false_negative_interval),
        )
    console.print(rates)
    console.print("\nLimits", style="bold")
    for line in card.limitations:
        console.print(f"- {line}", markup=False)


def _rate(rate: float | None, interval: tuple[float, float] | None) -> str:
    if rate is None:
        return ""
    text = f"{rate:.1%}"
    return text if interval is None else f"{text} ({interval[0]:.1%} to {interval[1]:.1%})"
