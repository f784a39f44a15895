"""One scan: find the items, read each in a stream, write what was found. No Typer, no print."""

from forensic_cli.pipeline.scan import draw_report, run_scan

__all__ = ["draw_report", "run_scan"]
