"""A whole scan: discovery, the items side by side, and what is written of them."""

from __future__ import annotations

import os
import shlex
import uuid
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.config import EngineName, ScanConfig
from forensic_cli.errors import OutputError
from forensic_cli.evidence.aggregate import aggregation_rule
from forensic_cli.evidence.events import ScanStarted, WorkerLost
from forensic_cli.evidence.journal import ScanJournal, begin_journal
from forensic_cli.evidence.output import close_results
from forensic_cli.evidence.records import ScanResult
from forensic_cli.media.discover import FoundItem, discover
from forensic_cli.pipeline.comparison import item_found
from forensic_cli.pipeline.conditions import ModelInUse, current_conditions
from forensic_cli.pipeline.engine import Broken, Engine, Examined, FrameDone, Hashed, Planned
from forensic_cli.pipeline.guard import require_new_folder, require_new_report, require_outside_evidence
from forensic_cli.pipeline.interruptions import interruptions_deferred, interruptions_ignored
from forensic_cli.pipeline.item import interrupted_item
from forensic_cli.pipeline.lanes import Lanes, begun_reader
from forensic_cli.pipeline.listener import ScanListener
from forensic_cli.pipeline.parameters import describe
from forensic_cli.provenance.audit import CLOCK_NOTE
from forensic_cli.provenance.lock import LOCK_NAME, folder_lock
from forensic_cli.provenance.run import command_line, commit, platform_description, utc_now
from forensic_cli.types import Evidence, ItemResult, NodeWork, Resumption, RunInfo

Numbered = tuple[str, FoundItem]


@dataclass(frozen=True, slots=True)
class ScanTools:
    """What the items of a scan are examined with."""

    examiner: ModelInUse
    engine: Engine


@dataclass(frozen=True, slots=True)
class Examination:
    """What became of the items.

    Attributes:
        items: a record for each, in order.
        n_unfinished: items that an interruption kept from being examined.
        nodes: of a cluster, that examined each item, by id; "" for this machine.
    """

    items: tuple[ItemResult, ...]
    n_unfinished: int
    nodes: Mapping[str, str]


@contextmanager
def load_tools(config: ScanConfig) -> Iterator[ScanTools]:
    """Loads the model, and what decodes items and finds their faces.

    Raises:
        UsageError, WeightsError: one of them is not there, or not trusted.
    """
    if config.engine.name is EngineName.RAY:
        from forensic_cli.pipeline.ray_engine import load_cluster

        model, cluster = load_cluster(config)
        with closing(cluster):
            yield ScanTools(model, cluster)
        return
    # Another process loads decoders and detector meanwhile: torch alone takes seconds.
    reader = begun_reader(config)
    try:
        from forensic_cli.model.inference import Examiner

        examiner = Examiner(config.model)
    except BaseException:
        reader.close()
        raise
    with closing(Lanes(config, examiner, reader)) as engine:
        yield ScanTools(examiner, engine)


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
    with load_tools(config) as tools:
        numbered = [(f"{number:04d}", entry) for number, entry in enumerate(found, 1)]
        started = start_of(config, tools.examiner, len(numbered))
        started_utc = utc_now()
        if config.out_dir is None:
            listener.on_found(len(numbered))
            done = examine_all(numbered, tools.engine, listener, None)
            return result_of(config, tools, started, started_utc, done)
        with _new_journal(config.out_dir, started, numbered) as journal:
            listener.on_found(len(numbered))
            done = examine_all(numbered, tools.engine, listener, journal)
            # From here on the results are completed, however impatient the user.
            with interruptions_ignored():
                result = result_of(config, tools, started, started_utc, done)
                return close_results(result, journal, done.n_unfinished)


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


def start_of(config: ScanConfig, examiner: ModelInUse, n_items: int) -> ScanStarted:
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
    numbered: Sequence[Numbered], engine: Engine, listener: ScanListener, journal: ScanJournal | None
) -> Examination:
    """Examines items until they are done or Ctrl-C comes; then the rest is accounted for as skipped.

    Items are begun in order. Each is written down when it is done, whatever is still examined beside it.

    Raises:
        OutputError: results can no longer be written.
    """
    waiting = deque(numbered)
    running: dict[str, FoundItem] = {}
    hashed: dict[str, Evidence] = {}
    items: dict[str, ItemResult] = {}
    nodes: dict[str, str] = {}

    def keep(item: ItemResult, *, is_unfinished: bool, node: str = "") -> None:
        if journal:
            journal.item_done(item, is_unfinished=is_unfinished, node=node)
        items[item.item_id] = item
        nodes[item.item_id] = node
        listener.on_result(item)

    n_unfinished = 0
    try:
        while waiting or running:
            while waiting and len(running) < engine.n_places:
                with interruptions_deferred():
                    item_id, entry = waiting.popleft()
                    running[item_id] = entry
                    if journal:
                        journal.item_started(item_id, os.fspath(entry.path))
                    engine.begin(item_id, entry)
            report = engine.next_report()
            with interruptions_deferred():
                match report:
                    case Hashed(item_id, evidence):
                        hashed[item_id] = evidence
                    case Planned(item_id, path, n_frames):
                        listener.on_item(int(item_id), path, n_frames)
                    case FrameDone(item_id):
                        listener.on_frame(int(item_id))
                    case WorkerLost(node, reason, lost):
                        if journal:
                            journal.log(report)
                        listener.on_worker_lost(node, reason, len(lost))
                    case Examined(item, node):
                        keep(item, is_unfinished=False, node=node)
                        del running[item.item_id]
                        hashed.pop(item.item_id, None)
                    case Broken(error):
                        raise error
    except KeyboardInterrupt:
        with interruptions_ignored():
            engine.close()
            if journal:
                journal.interrupted(running)
            rest = [entry for entry in numbered if entry[0] not in items]
            for item_id, entry in rest:
                keep(interrupted_item(item_id, entry, hashed.get(item_id)), is_unfinished=True)
            n_unfinished = len(rest)
    finally:
        engine.close()
    return Examination(tuple(items[item_id] for item_id, _ in numbered), n_unfinished, nodes)


def result_of(
    config: ScanConfig,
    tools: ScanTools,
    started: ScanStarted,
    started_utc: str,
    done: Examination,
    resumptions: tuple[Resumption, ...] = (),
) -> ScanResult:
    """Everything that is known when the last item is done."""
    conditions, card = started.conditions, tools.examiner.card
    n_items = Counter(node for node in done.nodes.values() if node)
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
        was_interrupted=done.n_unfinished > 0,
        resumptions=resumptions,
        nodes=tuple(NodeWork(node, n) for node, n in sorted(n_items.items())),
    )
    parameters = describe(config, tools.examiner.batch_description)
    return ScanResult(run, config.case, card, parameters, aggregation_rule(card), done.items)


@contextmanager
def resumable(folder: Path) -> Iterator[None]:
    """Adds to the remedy of whatever cannot be written how the scan goes on afterwards."""
    try:
        yield
    except OutputError as error:
        command = f"lae-forensics scan --resume {shlex.quote(os.fspath(folder))}"
        raise OutputError(error.message, f"{error.hint} Then continue with: {command}") from error
