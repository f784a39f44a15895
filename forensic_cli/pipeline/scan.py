"""A whole scan: discovery, the items one after the other, and what is written of them."""

from __future__ import annotations

import uuid
from pathlib import Path

from forensic_cli import __version__
from forensic_cli.config import ScanConfig
from forensic_cli.errors import OutputError, UsageError
from forensic_cli.evidence.aggregate import aggregation_rule
from forensic_cli.evidence.output import ResultsWriter, add_to_sums
from forensic_cli.evidence.records import ScanResult
from forensic_cli.media.discover import discover
from forensic_cli.model.inference import Examiner
from forensic_cli.pipeline.item import examine_item, interrupted_item
from forensic_cli.pipeline.listener import ScanListener
from forensic_cli.pipeline.parameters import describe
from forensic_cli.provenance.run import command_line, commit, platform_description, utc_now, versions
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
    _refuse_output_in_evidence(config)
    examiner = Examiner(config.model)
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
            keep(examine_item(f"{number:04d}", entry, config, examiner, listener))
    except KeyboardInterrupt:
        was_interrupted = True
        for number, entry in enumerate(found[len(items) :], len(items) + 1):
            keep(interrupted_item(f"{number:04d}", entry))
    run = RunInfo(
        run_id=str(uuid.uuid4()),
        argv=command_line(),
        started_utc=started_utc,
        finished_utc=utc_now(),
        tool_version=__version__,
        commit=commit(),
        versions=(*versions(), _ffmpeg_version()),
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

    write_pdf(build_report(result, results_dir), target)
    add_to_sums(results_dir, target)


def _refuse_output_in_evidence(config: ScanConfig) -> None:
    """Nothing may be written into the evidence tree, nor over anything that exists."""
    outputs = [path for path in (config.out_dir, config.report) if path is not None]
    for output in outputs:
        resolved = output.resolve()
        for path in config.paths:
            if path.is_dir() and resolved.is_relative_to(path.resolve()):
                raise UsageError(
                    f"{output} lies inside the evidence folder {path}.",
                    "Write the results somewhere else: evidence is never written to.",
                )
            if resolved == path.resolve():
                raise UsageError(f"{output} is the evidence itself.", "Give the output another name.")
    if config.report is not None and config.report.exists():
        raise OutputError(
            f"{config.report} exists; a report is never overwritten.", "Give --report another name."
        )
