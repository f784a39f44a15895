"""A whole scan: discovery, the items one after the other, and what is written of them."""

from __future__ import annotations

import os
import signal
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forensic_cli import __version__
from forensic_cli.config import ScanConfig
from forensic_cli.evidence.aggregate import aggregation_rule
from forensic_cli.evidence.output import ResultsWriter, add_to_sums
from forensic_cli.evidence.records import ScanResult
from forensic_cli.faces.detect import make_detector
from forensic_cli.media.discover import discover
from forensic_cli.model.inference import Examiner
from forensic_cli.pipeline.guard import require_new_folder, require_new_report, require_outside_evidence
from forensic_cli.pipeline.item import ItemExaminer
from forensic_cli.pipeline.listener import ScanListener
from forensic_cli.pipeline.parameters import describe
from forensic_cli.provenance.run import (
    command_line,
    commit,
    platform_description,
    source_sha256,
    utc_now,
    versions,
)
from forensic_cli.types import ItemResult, RunInfo


def run_scan(config: ScanConfig, listener: ScanListener) -> ScanResult:
    """Runs a scan to its end, or to Ctrl-C, and writes its results if `config.out_dir` is set.

    After Ctrl-C the items done are complete, the others are accounted for as skipped, and
    `result.run.was_interrupted` is true. The PDF is not drawn here: see `report`.

    Raises:
        UsageError, WeightsError: before the first item is opened.
        OutputError: the same, or when results can no longer be written.
    """
    found = discover(config.paths).items
    require_outside_evidence([path for path in (config.out_dir, config.report) if path], config.paths)
    if config.report is not None:
        require_new_report(config.report)
    if config.out_dir is not None:
        require_new_folder(config.out_dir)
    examiner = Examiner(config.model)
    detector = make_detector(config.faces)
    item_examiner = ItemExaminer(config, examiner, detector, listener)
    writer = ResultsWriter(config.out_dir) if config.out_dir else None
    started_utc = utc_now()
    listener.on_found(len(found))
    items: list[ItemResult] = []

    def keep(item: ItemResult) -> None:
        items.append(item)
        if writer:
            writer.add(item)
        listener.on_result(item)

    was_interrupted = False
    try:
        for number, entry in enumerate(found, 1):
            keep(item_examiner.examine(f"{number:04d}", entry))
    except KeyboardInterrupt:
        was_interrupted = True
    # From here on the results are completed, however impatient the user.
    with _interruptions_ignored():
        for number, entry in enumerate(found[len(items) :], len(items) + 1):
            keep(item_examiner.interrupted(f"{number:04d}", entry))
        run = RunInfo(
            run_id=str(uuid.uuid4()),
            argv=command_line(),
            started_utc=started_utc,
            finished_utc=utc_now(),
            tool_version=__version__,
            commit=commit(),
            versions=(*versions(), _ffmpeg_version()),
            working_folder=os.fspath(Path.cwd()),
            source_sha256=source_sha256(),
            platform=platform_description(),
            device=examiner.device_description,
            precision=examiner.precision,
            seed=config.seed,
            was_interrupted=was_interrupted,
        )
        card = examiner.card
        result = ScanResult(run, config.case, card, describe(config), aggregation_rule(card), tuple(items))
        if writer:
            writer.finish(result)
    return result


@contextmanager
def _interruptions_ignored() -> Iterator[None]:
    """Holds Ctrl-C off. Python lets the main thread alone change that; in another there is no need."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _ffmpeg_version() -> tuple[str, str]:
    import av

    return "FFmpeg libavcodec", ".".join(str(part) for part in av.library_versions["libavcodec"])


def draw_report(result: ScanResult, results_dir: Path, target: Path) -> None:
    """Draws the PDF of saved results and adds its hash to SHA256SUMS.

    Raises:
        OutputError: it cannot be written.
    """
    from forensic_cli.report.build import build_report
    from forensic_cli.report.pdf import write_pdf

    with _interruptions_ignored():
        write_pdf(build_report(result, results_dir), target)
        add_to_sums(results_dir, target)
