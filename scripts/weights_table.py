"""Prints the README's table of error rates from weights.json, so that nobody copies numbers by hand.

python scripts/weights_table.py

The lightest and the heaviest compression alone: the card has all of them.
"""

from __future__ import annotations

from forensic_cli.model.weights import ErrorRate, load_catalogue


def main() -> None:
    """Prints one row a method and compression, in Markdown."""
    card = load_catalogue().card()
    conditions = list(dict.fromkeys(_compression(row) for row in card.error_rates))
    ends = {conditions[0], conditions[-1]}
    print("| forgery | compression | domain | AUC | false alarms | missed |")
    print("|---|---|---|---|---|---|")
    for row in card.error_rates:
        method, compression = row.condition.partition(", ")[0], _compression(row)
        if compression not in ends:
            continue
        print(
            f"| {method} | {compression} | {row.domain} | {row.auc:.2f} "
            f"| {_rate(row, 'false_positive')} | {_rate(row, 'false_negative')} |"
        )


def _compression(row: ErrorRate) -> str:
    return row.condition.partition(", ")[2]


def _rate(row: ErrorRate, kind: str) -> str:
    low, high = getattr(row, f"{kind}_interval")
    return f"{getattr(row, f'{kind}_rate'):.0%} ({low:.0%} to {high:.0%})"


if __name__ == "__main__":
    main()
