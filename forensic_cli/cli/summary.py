"""The table at the end of a scan, on stderr."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from forensic_cli.cli.text import printable
from forensic_cli.cli.words import VERDICT_SIGNS, VERDICT_STYLES, VERDICT_WORDS
from forensic_cli.evidence.likelihood import NOT_CALIBRATED
from forensic_cli.evidence.records import ScanResult
from forensic_cli.types import Finding, ItemResult, Verdict

MAX_ROWS = 60
_LR_READS = "A positive log10 LR supports that the face was forged, a negative one that it was not."


def print_summary(result: ScanResult, results_dir: Path | None, report: Path | None) -> None:
    """Prints the finding of every item, the sum that accounts for all, and where the files are."""
    console = Console(stderr=True)
    shown = result.items[:MAX_ROWS]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Item", "File", "Finding"):
        table.add_column(heading, overflow="fold")
    is_calibrated = result.model.calibration is not None
    for heading in ("Score", *(("log10 LR",) if is_calibrated else ()), "Faces", "Frames"):
        table.add_column(heading, justify="right")
    for item in shown:
        verdict = item.finding.verdict
        table.add_row(
            item.item_id,
            Text(printable(Path(item.evidence.path).name)),
            Text(f"{VERDICT_SIGNS[verdict]} {VERDICT_WORDS[verdict]}", style=VERDICT_STYLES[verdict]),
            "" if item.finding.score is None else f"{item.finding.score:+.3f}",
            *((likelihood(item.finding),) if is_calibrated else ()),
            str(len(item.tracks)) if verdict.is_analysed else "",
            str(item.counts.n_used) if item.counts else "",
        )
    console.print()
    console.print(table)
    if len(result.items) > MAX_ROWS:
        console.print(f"... and {len(result.items) - MAX_ROWS} more; see the results.")
    console.print()
    for item in shown:
        _print_notes(console, item)
    console.print(Text(accounting(result)))
    card = result.model
    console.print(
        Text(
            f"Weights {card.name}: scores of {card.forged_threshold:+.3f} or more read 'likely forged', below "
            f"{card.no_support_threshold:+.3f} 'no support'. A score is no probability; a human must review. "
            f"{_LR_READS if is_calibrated else NOT_CALIBRATED}"
        )
    )
    if report is not None:
        console.print(Text(f"Report:  {printable(str(report))}"))
    if results_dir is not None:
        console.print(Text(f"Results: {printable(str(results_dir))}"))
    else:
        console.print(Text("Nothing was saved. Add --report out.pdf or --out FOLDER to keep the results."))


def _print_notes(console: Console, item: ItemResult) -> None:
    if not item.finding.verdict.is_analysed and item.finding.verdict is not Verdict.NO_FACE:
        for reason in item.finding.reasons:
            console.print(Text(f"{item.item_id}: {printable(reason)}"))
    for warning in item.warnings:
        console.print(Text(f"{item.item_id}: warning: {printable(warning.message)}"))
    if item.finding.lr_note not in {"", NOT_CALIBRATED}:
        console.print(Text(f"{item.item_id}: likelihood ratio: {printable(item.finding.lr_note)}"))


def likelihood(finding: Finding) -> str:
    """log10 LR and its verbal term; a bounded one reads "at least"."""
    if finding.log10_lr is None or finding.lr_term is None:
        return "none" if finding.lr_note else ""
    at_least = " (at least)" if finding.lr_is_bounded and finding.log10_lr else ""
    # Adding 0.0 takes the sign off a value that rounds to zero.
    return f"{round(finding.log10_lr, 2) + 0.0:+.2f}{at_least}, {finding.lr_term.value}"


def accounting(result: ScanResult) -> str:
    """The sum: analysed + without a face + skipped + failed = found."""
    verdicts = [item.finding.verdict for item in result.items]
    n_analysed = sum(verdict.is_analysed for verdict in verdicts)
    counts = {verdict: verdicts.count(verdict) for verdict in Verdict}
    line = (
        f"{n_analysed} analysed + {counts[Verdict.NO_FACE]} without a face + {counts[Verdict.SKIPPED]} skipped "
        f"+ {counts[Verdict.FAILED]} failed = {len(verdicts)} found"
    )
    return f"{line} (interrupted)" if result.run.was_interrupted else line
