"""One scan: find the items, read each in a stream, write what was found. No Typer, no print."""

from forensic_cli.pipeline.drawing import complete_report, draw_report
from forensic_cli.pipeline.resume import resume_scan
from forensic_cli.pipeline.scan import run_scan

__all__ = ["complete_report", "draw_report", "resume_scan", "run_scan"]
