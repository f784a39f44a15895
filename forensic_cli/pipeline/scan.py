"""A whole scan: discovery, the items one after the other, and what is written of them."""

from __future__ import annotations

import os
import shlex
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.config import ScanConfig
from forensic_cli.errors import OutputError
from forensic_cli.evidence.aggregate import aggregation_rule
from forensic_cli.evidence.events import ScanStarted
from forensic_cli.evidence.journal import ScanJournal, begin_journal
from forensic_cli.evidence.output import close_results
from forensic_cli.evidence.records import ScanResult
from forensic_cli.media.discover import FoundItem, discover
from forensic_cli.model.inference import Examiner
from forensic_cli.pipeline.comparison import item_found
from forensic_cli.pipeline.conditions import current_conditions
from forensic_cli.pipeline.guard import require_new_folder, require_new_report, require_outside_evidence
from forensic_cli.pipeline.interruptions import interruptions_deferred, interruptions_ignored
from forensic_cli.pipeline.item import ItemExaminer, face_reader
from forensic_cli.pipeline.listener import ScanListener
from forensic_cli.pipeline.parameters import describe
from forensic_cli.provenance.audit import CLOCK_NOTE
from forensic_cli.provenance.lock import LOCK_NAME, folder_lock
from forensic_cli.provenance.run import command_line, commit, platform_description, utc_now
from forensic_cli.types import ItemResult, Resumption, RunInfo

Numbered = tuple[str, FoundItem]


@dataclass(frozen=True, slots=True)
class ScanTools:
    """What every item of a scan is examined with."""

    examiner: Examiner
    items: ItemExaminer


@contextmanager
def load_tools(config: ScanConfig, listener: ScanListener) -> Iterator[ScanTools]:
    """Loads the model, and what decodes items and finds their faces.

    Raises:
        UsageError, WeightsError: one of them is not there, or not trusted.
    """
    examiner = Examiner(config.model)
    with closing(face_reader(config)) as reader:
        yield ScanTools(examiner, ItemExaminer(config, examiner, reader, listener))


def run_scan(config: ScanConfig, listener: ScanListener) -> ScanResult:
    """Runs a scan to its end, or to Ctrl-C, and writes its results if `config.out_dir` is set.

    After Ctrl-C the items done are complete, the others are accounted for as skipped, and
    `result.run.was_interrupted` is true. The PDF is not drawn here: see `draw_report`. A scan that is
    stopped in any way goes on by `resume.resume_scan`.

    Raises:
        UsageError, WeightsError: before the first item is opened.
        OutputError: the same, or when results can no longer be written.
    """
    found = discover(config.paths).items
    require_outside_evidence([path for path in (config.out_dir, config.report) if path], config.paths)
    if config.report is not None:
        require_new_report(config.report)
    if config.out_dir is not None:
        _require_free(config.out_dir)
    with load_tools(config, listener) as tools:
        numbered = [(f"{number:04d}", entry) for number, entry in enumerate(found, 1)]
        started = start_of(config, tools.examiner, len(numbered))
        started_utc = utc_now()
        if config.out_dir is None:
            listener.on_found(len(numbered))
            items, n_unfinished = examine_all(numbered, tools.items, listener, None)
            return result_of(config, tools, started, started_utc, items, n_unfinished)
        with _new_journal(config.out_dir, started, numbered) as journal:
            listener.on_found(len(numbered))
            items, n_unfinished = examine_all(numbered, tools.items, listener, journal)
            # From here on the results are completed, however impatient the user.
            with interruptions_ignored():
                result = result_of(config, tools, started, started_utc, items, n_unfinished)
                return close_results(result, journal, n_unfinished)


@contextmanager
def _new_journal(folder: Path, started: ScanStarted, numbered: Sequence[Numbered]) -> Iterator[ScanJournal]:
    """Takes a folder and begins the journal of a scan in it.

    Raises:
        OutputError: another scan holds or held the folder, or it cannot be written.
    """
    with folder_lock(folder):
        if any(path.name != LOCK_NAME for path in folder.iterdir()):
            raise OutputError(
                f"Another scan has written into {folder} meanwhile.", "Give --out a new folder."
            )
        found = (item_found(*entry) for entry in numbered)
        with resumable(folder), begin_journal(folder, started, found) as journal:
            yield journal


def _require_free(folder: Path) -> None:
    if (folder / LOCK_NAME).exists():
        # Held: that is what the user needs to know, rather than that the folder is not empty.
        with folder_lock(folder):
            pass
    require_new_folder(folder)


def start_of(config: ScanConfig, examiner: Examiner, n_items: int) -> ScanStarted:
    """The scan's first event."""
    return ScanStarted(
        run_id=str(uuid.uuid4()),
        argv=command_line(),
        working_folder=os.fspath(Path.cwd()),
        clock=CLOCK_NOTE,
        commit=commit(),
        platform=platform_description(),
        conditions=current_conditions(examiner),
        options=config,
        n_items=n_items,
    )


def examine_all(
    numbered: Sequence[Numbered], examiner: ItemExaminer, listener: ScanListener, journal: ScanJournal | None
) -> tuple[list[ItemResult], int]:
    """Examines items until they are done or Ctrl-C comes; then the rest is accounted for as skipped.

    Returns:
        A record for each item, and how many of them an interruption kept from being examined.

    Raises:
        OutputError: results can no longer be written.
    """
    items: list[ItemResult] = []

    def keep(item: ItemResult, *, is_unfinished: bool) -> None:
        if journal:
            journal.item_done(item, is_unfinished=is_unfinished)
        items.append(item)
        listener.on_result(item)

    running = ""
    try:
        for item_id, entry in numbered:
            with interruptions_deferred():
                running = item_id
                if journal:
                    journal.item_started(item_id, os.fspath(entry.path))
            item = examiner.examine(item_id, entry)
            with interruptions_deferred():
                keep(item, is_unfinished=False)
                running = ""
    except KeyboardInterrupt:
        with interruptions_ignored():
            rest = numbered[len(items) :]
            if journal:
                journal.interrupted(running)
            for item_id, entry in rest:
                keep(examiner.interrupted(item_id, entry), is_unfinished=True)
            return items, len(rest)
    finally:
        examiner.close()
    return items, 0


def result_of(
    config: ScanConfig,
    tools: ScanTools,
    started: ScanStarted,
    started_utc: str,
    items: Sequence[ItemResult],
    n_unfinished: int,
    resumptions: tuple[Resumption, ...] = (),
) -> ScanResult:
    """Everything that is known when the last item is done."""
    conditions, card = started.conditions, tools.examiner.card
    run = RunInfo(
        run_id=started.run_id,
        argv=started.argv,
        started_utc=started_utc,
        finished_utc=utc_now(),
        tool_version=conditions.tool_version,
        commit=started.commit,
        versions=conditions.versions,
        working_folder=started.working_folder,
        source_sha256=conditions.source_sha256,
        platform=started.platform,
        device=conditions.device,
        precision=conditions.precision,
        seed=config.seed,
        was_interrupted=n_unfinished > 0,
        resumptions=resumptions,
    )
    return ScanResult(run, config.case, card, describe(config), aggregation_rule(card), tuple(items))


@contextmanager
def resumable(folder: Path) -> Iterator[None]:
    """Adds to the remedy of whatever cannot be written how the scan goes on afterwards."""
    try:
        yield
    except OutputError as error:
        command = f"lae-forensics scan --resume {shlex.quote(os.fspath(folder))}"
        raise OutputError(error.message, f"{error.hint} Then continue with: {command}") from error
