"""A scan that was stopped goes on: what is finished is trusted after a check, the rest is examined."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from forensic_cli.config import ScanConfig
from forensic_cli.errors import EvidenceChangedError, UsageError
from forensic_cli.evidence.events import Event, EvidenceChanged, ItemFound, Resumed, SetAside, as_logged
from forensic_cli.evidence.journal import continue_journal
from forensic_cli.evidence.output import close_results
from forensic_cli.evidence.past import PastScan, kept_records, read_past
from forensic_cli.evidence.records import ScanResult
from forensic_cli.media.discover import FoundItem, discover
from forensic_cli.pipeline.comparison import Comparison, compare, item_found
from forensic_cli.pipeline.conditions import current_conditions, require_same_conditions
from forensic_cli.pipeline.guard import require_new_report, require_outside_evidence
from forensic_cli.pipeline.interruptions import interruptions_ignored
from forensic_cli.pipeline.leftovers import clear_away, cut_torn_audit_line
from forensic_cli.pipeline.listener import ScanListener
from forensic_cli.pipeline.scan import Examination, Numbered, examine_all, load_tools, result_of, resumable
from forensic_cli.provenance.audit import AUDIT_NAME, continue_audit
from forensic_cli.provenance.lock import folder_lock
from forensic_cli.provenance.run import command_line, utc_now
from forensic_cli.types import ItemResult, Resumption, StoppedItem

_MAX_NAMED = 5


def resume_scan(
    folder: Path, config: ScanConfig, listener: ScanListener, *, reanalyse_changed: bool
) -> ScanResult:
    """Continues a scan after Ctrl-C, a kill, a loss of power or a full disk.

    An item is not examined again where its record is the one that the audit log names, its evidence has
    the hash of that record, and its exhibits are in place. Everything else is.

    Args:
        folder: of its results.
        config: the options of its first run; only the report, threads and the engine may be others.
        reanalyse_changed: examines anew what changed in between.

    Raises:
        UsageError: there is nothing to continue, or it began under other conditions.
        VerificationError: the audit log was altered.
        EvidenceChangedError: a file changed in between, and `reanalyse_changed` is False.
        OutputError: another scan holds the folder, or results cannot be written.
    """
    with folder_lock(folder):
        past = read_past(folder)
        _require_same_place(past, config)
        require_outside_evidence([path for path in (folder, config.report) if path], config.paths)
        if config.report is not None:
            require_new_report(config.report)
        with load_tools(config) as tools:
            require_same_conditions(past.started.conditions, current_conditions(tools.examiner))
            entries = discover([path for path in config.paths if os.path.lexists(path)]).items
            listener.on_checking(len(past.done))
            records = kept_records(folder, past)
            comparison = compare(folder, past, records, entries)
            with resumable(folder):
                torn = cut_torn_audit_line(folder)
                if comparison.changed and not reanalyse_changed:
                    _refuse_changed(folder, comparison.changed, torn)
                aside, removed = clear_away(folder, records, comparison.kept)
                resumption = _resumption(past, comparison, (*torn, *aside))
                pending, found = _pending(past, comparison, entries)
                with continue_journal(folder) as journal:
                    journal.log(
                        *torn,
                        *aside,
                        Resumed(resumption, config.report, removed),
                        *comparison.changed,
                        *found,
                    )
                    listener.on_resumed(resumption, comparison.kept)
                    listener.on_found(len(comparison.kept) + len(pending))
                    done = examine_all(pending, tools.engine, listener, journal)
                    with interruptions_ignored():
                        every = _with_kept(done, past, comparison.kept)
                        resumptions = (*past.resumptions, resumption)
                        result = result_of(config, tools, past.started, past.started_utc, every, resumptions)
                        return close_results(result, journal, every.n_unfinished)


def _with_kept(done: Examination, past: PastScan, kept: Sequence[ItemResult]) -> Examination:
    nodes = {item.item_id: past.done[item.item_id].node for item in kept}
    items = sorted((*kept, *done.items), key=lambda item: int(item.item_id))
    return Examination(tuple(items), done.n_unfinished, {**nodes, **done.nodes})


def _require_same_place(past: PastScan, config: ScanConfig) -> None:
    """Relative paths of the first run start where it was run."""
    report = (config.report,) if config.report is not None and config.report == past.report else ()
    is_relative = any(not path.is_absolute() for path in (*config.paths, *report))
    if is_relative and os.fspath(Path.cwd()) != past.started.working_folder:
        raise UsageError(
            f"The scan was begun in {past.started.working_folder}, and its paths start there.",
            "Change to that folder, and resume it from there.",
        )


def _refuse_changed(folder: Path, changed: Sequence[EvidenceChanged], torn: Sequence[SetAside]) -> None:
    events: list[Event] = [*torn, *changed]
    with continue_audit(folder / AUDIT_NAME) as audit:
        audit.append_all(map(as_logged, events))
    named = "; ".join(f"{event.path}: {event.change}" for event in changed[:_MAX_NAMED])
    more = f"; and {len(changed) - _MAX_NAMED} more, see {AUDIT_NAME}" if len(changed) > _MAX_NAMED else ""
    files = "1 file" if len(changed) == 1 else f"{len(changed)} files"
    raise EvidenceChangedError(
        f"{files} of the evidence changed since the scan began ({named}{more}).",
        "Restore what was there; or add --reanalyse-changed, which examines these anew and keeps the old "
        "records aside.",
    )


def _resumption(past: PastScan, comparison: Comparison, aside: Sequence[SetAside]) -> Resumption:
    return Resumption(
        time_utc=utc_now(),
        argv=command_line(),
        stopped=tuple(StoppedItem(begun.item, begun.path) for begun in past.stopped),
        n_kept=len(comparison.kept),
        repeated=comparison.repeated,
        new_paths=tuple(os.fspath(entry.path) for entry in comparison.new),
        missing_paths=tuple(item.path for item in comparison.missing),
        changed_paths=tuple(event.path for event in comparison.changed),
        set_aside=tuple(note.kept_as for note in aside),
    )


def _pending(
    past: PastScan, comparison: Comparison, entries: Sequence[FoundItem]
) -> tuple[list[Numbered], list[ItemFound]]:
    """What is left to be examined: known items under their numbers, then new ones.

    Returns:
        The items, and those events that the audit log does not hold yet: of new and changed ones.
    """
    now = {os.fspath(entry.path): entry for entry in entries}
    kept = {item.item_id for item in comparison.kept}
    changed = {event.item for event in comparison.changed}
    pending, found = [], []
    for item_id, before in past.found.items():
        if item_id in kept:
            continue
        # What is gone is examined too: that it cannot be opened becomes its record.
        gone = FoundItem(Path(before.path), before.named_explicitly, before.refusal)
        entry = now.get(before.path, gone)
        pending.append((item_id, entry))
        if item_id in changed:
            found.append(item_found(item_id, entry))
    first = max((int(item_id) for item_id in past.found), default=0) + 1
    for number, entry in enumerate(comparison.new, first):
        pending.append((f"{number:04d}", entry))
        found.append(item_found(*pending[-1]))
    return pending, found
