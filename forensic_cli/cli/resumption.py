"""What the terminal says of a scan that goes on."""

from __future__ import annotations

from collections.abc import Sequence

from forensic_cli.cli.text import printable
from forensic_cli.types import Resumption

_MAX_NAMED = 20


def checking_line(n_items: int) -> str:
    """Says what is done before anything is examined."""
    return f"Hashing again the evidence of {n_items} finished item{'' if n_items == 1 else 's'}"


def resumption_lines(resumption: Resumption) -> list[str]:
    """What is kept, which items were being examined, and how the evidence changed; names safe to print."""
    lines = [f"Resumed: {resumption.n_kept} finished before and kept"]
    lines += [
        f"Being examined when the scan stopped: item {stopped.item} ({printable(stopped.path)})"
        for stopped in resumption.stopped
    ]
    named = (
        ("Finished before, but record or exhibits lost; examined again: item", resumption.repeated),
        ("New since the scan began, and examined last:", resumption.new_paths),
        ("Gone since the scan began; a record that there was is kept:", resumption.missing_paths),
        ("Changed since the scan began, and examined anew:", resumption.changed_paths),
        ("Set aside in the results folder:", resumption.set_aside),
    )
    for heading, names in named:
        lines += _listed(heading, names)
    return lines


def _listed(heading: str, names: Sequence[str]) -> list[str]:
    lines = [f"{heading} {printable(name)}" for name in names[:_MAX_NAMED]]
    if len(names) > _MAX_NAMED:
        lines.append(f"{heading} {len(names) - _MAX_NAMED} more; see audit.jsonl")
    return lines
