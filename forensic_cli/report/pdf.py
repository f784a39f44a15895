"""Draws a `ReportModel` as a PDF. Everything that is said was decided in `build`."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reportlab import rl_config

from forensic_cli.provenance.files import write_atomically
from forensic_cli.report.closing_pages import closing_story
from forensic_cli.report.cover import cover_story
from forensic_cli.report.fonts import register_text_fonts
from forensic_cli.report.item_pages import items_story
from forensic_cli.report.model import ReportModel
from forensic_cli.report.pages import PagedCanvas, ReportDocument
from forensic_cli.report.request_pages import request_story


def write_pdf(model: ReportModel, target: Path) -> None:
    """Draws the report and moves it into place in one step.

    The same model gives the same bytes: the only time in the file is the model's issue time, and
    pictures are named by their pixels.

    Args:
        model: from `build.build_report`.
        target: replaced if it exists; whether it may be is the caller's decision.

    Raises:
        VerificationError: an exhibit is missing or is not the one that was recorded.
        OutputError: the file cannot be written.
    """
    write_atomically(target, draw_pdf(model), overwrite=False)


def draw_pdf(model: ReportModel) -> bytes:
    """The report as the bytes of a PDF.

    Args:
        model: from `build.build_report`.

    Raises:
        VerificationError: an exhibit is missing or is not the one that was recorded.
    """
    register_text_fonts()
    # Names in markup cannot fetch anything even if one passed unescaped.
    rl_config.trustedSchemes = []
    rl_config.trustedHosts = None
    # Binary streams: a quarter smaller than their ASCII form.
    rl_config.useA85 = 0
    buffer = io.BytesIO()
    with _issue_time(model.head.issued_epoch_s):
        document = ReportDocument(buffer, model)
        story = [*cover_story(model), *request_story(model), *items_story(model), *closing_story(model)]
        document.build(story, canvasmaker=PagedCanvas)
    return buffer.getvalue()


@contextmanager
def _issue_time(epoch_s: int) -> Iterator[None]:
    """Lets reportlab stamp this time; it reads SOURCE_DATE_EPOCH and has no argument for it."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch_s)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before
