"""The PDF of saved results: drawn, noted in the audit log, added to SHA256SUMS."""

from __future__ import annotations

import os
from pathlib import Path

from forensic_cli.errors import OutputError
from forensic_cli.evidence.output import add_report, add_to_sums, is_in_sums
from forensic_cli.evidence.past import PastScan
from forensic_cli.evidence.records import ScanResult, load_results
from forensic_cli.pipeline.interruptions import interruptions_ignored
from forensic_cli.provenance.audit import AUDIT_NAME
from forensic_cli.provenance.files import write_atomically
from forensic_cli.provenance.lock import folder_lock
from forensic_cli.report.form import DRAFT, ReportForm


def draw_report(result: ScanResult, results_dir: Path, target: Path, form: ReportForm = DRAFT) -> None:
    """Draws the PDF of saved results, notes it in the audit log, and adds its hash to SHA256SUMS.

    Raises:
        OutputError: it cannot be written, or is there already.
    """
    from forensic_cli.report.build import build_report
    from forensic_cli.report.pdf import write_pdf

    with interruptions_ignored(), folder_lock(results_dir):
        write_pdf(build_report(result, results_dir, form), target)
        add_report(results_dir, target)


def complete_report(past: PastScan, results_dir: Path) -> Path | None:
    """Draws the PDF of a complete scan that was stopped before its report was in place.

    Returns:
        The report, or None where nothing was left to be done.

    Raises:
        OutputError: it cannot be written, or another file has its name.
    """
    target = past.report
    if target is None:
        return None
    with interruptions_ignored(), folder_lock(results_dir):
        if os.path.relpath(target, results_dir).replace(os.sep, "/") in past.reports:
            if is_in_sums(results_dir, target):
                return None
            add_to_sums(results_dir, results_dir / AUDIT_NAME, target)
            return target
        options = past.started.options
        form = ReportForm(options.report_language, options.report_is_final)
        content = _drawn(load_results(results_dir), results_dir, form)
        if not target.exists():
            write_atomically(target, content, overwrite=False)
        elif target.read_bytes() != content:
            raise OutputError(
                f"{target} exists and is not the report of this scan.",
                "Move it away, or draw the report under another name: lae-forensics report.",
            )
        add_report(results_dir, target)
    return target


def _drawn(result: ScanResult, results_dir: Path, form: ReportForm) -> bytes:
    from forensic_cli.report.build import build_report
    from forensic_cli.report.pdf import draw_pdf

    return draw_pdf(build_report(result, results_dir, form))
