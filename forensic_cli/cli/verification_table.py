"""What `verify` prints on stdout: a paragraph a file, a line a check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from forensic_cli.cli.text import printable
from forensic_cli.provenance.checks import Check, CheckState
from forensic_cli.verification.verify import Verification

_SIGNS = {
    CheckState.HOLDS: Text("✓ holds", style="green"),
    CheckState.FAULT: Text("✕ FAULT", style="bold red"),
    CheckState.NOT_CHECKED: Text("– not checked", style="yellow"),
}
MAX_FAULTS = 200
_N_TOGETHER = 3
_UNTIED = (
    "Nothing outside the folder ties these files down: whoever may write to it could have rewritten all of "
    "them alike. A signature by a trusted signer does tie them down."
)


def print_verification(shown: Iterable[Check], done: Verification) -> None:
    """Prints one line a check, alike ones together, under what was checked; then the sum.

    Args:
        shown: the checks to list.
        done: all of them, for the sum.
    """
    console = Console()
    n_faults = 0
    for (area, subject), rows in groupby(_rows(shown), lambda row: (row[1].area, row[0])):
        lines = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
        lines.add_column(no_wrap=True, min_width=max(len(sign.plain) for sign in _SIGNS.values()))
        lines.add_column(overflow="fold")
        for _, check in rows:
            n_faults += check.state is CheckState.FAULT
            if check.state is CheckState.FAULT and n_faults > MAX_FAULTS:
                continue
            said = f"{check.claim}. {check.detail}" if check.detail else check.claim
            lines.add_row(_SIGNS[check.state], Text(printable(said)))
        if lines.row_count:
            console.print(
                Text(f"{printable(area)}  ", style="bold").append(printable(subject)), soft_wrap=True
            )
            console.print(Padding(lines, (0, 0, 0, 2)))
    if n_faults > MAX_FAULTS:
        console.print(Text(f"... and {n_faults - MAX_FAULTS} more faults; --json names all."))
    counts = {state: len(done.of_state(state)) for state in CheckState}
    console.print(
        Text(
            f"{counts[CheckState.HOLDS]} checks hold, {counts[CheckState.FAULT]} faults, "
            f"{counts[CheckState.NOT_CHECKED]} not checked."
        )
    )
    if not _is_tied_down(done):
        console.print(Text(_UNTIED))


def _rows(checks: Iterable[Check]) -> Iterator[tuple[str, Check]]:
    """Subject and check of each row; neighbours that differ in their subject alone become one row."""

    def key(check: Check) -> tuple[str, str, str, str]:
        return check.area, check.claim, check.state.value, check.detail

    for _, alike in groupby(checks, key):
        group = list(alike)
        if len(group) > _N_TOGETHER and group[0].state is not CheckState.FAULT:
            yield f"{len(group)}: {group[0].subject} to {group[-1].subject}", group[0]
        else:
            yield from ((check.subject, check) for check in group)


def _is_tied_down(done: Verification) -> bool:
    return any(
        check.claim == "The signer is trusted" and check.state is CheckState.HOLDS for check in done.checks
    )
