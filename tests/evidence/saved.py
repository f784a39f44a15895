"""Results folders without a scan: made-up items, written the way in which a scan writes them."""

from __future__ import annotations

from pathlib import Path

from forensic_cli.case.model import Case
from forensic_cli.config import ScanConfig
from forensic_cli.evidence.events import Conditions, ItemFound, ScanStarted
from forensic_cli.evidence.journal import ScanJournal, begin_journal
from forensic_cli.evidence.output import close_results
from forensic_cli.evidence.records import ScanResult
from forensic_cli.model.weights import ModelCard
from forensic_cli.types import Evidence, Finding, ItemResult, RunInfo, Verdict


def run_info(**changes: object) -> RunInfo:
    values: dict[str, object] = {
        "run_id": "12345678-0000-4000-8000-000000000000",
        "argv": ("lae-forensics", "scan"),
        "started_utc": "2026-01-01T00:00:00Z",
        "finished_utc": "2026-01-01T00:00:01Z",
        "tool_version": "0",
        "commit": "",
        "versions": (("torch", "2"),),
        "working_folder": "/tmp",
        "source_sha256": "0" * 64,
        "platform": "test",
        "device": "cpu",
        "precision": "fp32",
        "seed": 1,
    }
    return RunInfo(**{**values, **changes})  # type: ignore[arg-type]


def result_of(card: ModelCard, *some: ItemResult) -> ScanResult:
    return ScanResult(run_info(), Case(number="7/2026"), card, (("a", "b"),), ("One rule.",), some)


def failed(path: str, number: int = 1) -> ItemResult:
    return ItemResult(f"{number:04d}", Evidence(path, 1, "", ""), Finding(Verdict.FAILED, ("why",)))


def started(result: ScanResult, folder: Path) -> ScanStarted:
    run, card = result.run, result.model
    conditions = Conditions(
        run.tool_version, run.source_sha256, run.versions, card.name, card.sha256, run.device, run.precision
    )
    config = ScanConfig((Path("/evidence"),), out_dir=folder, case=result.case)
    return ScanStarted(
        run.run_id, run.argv, run.working_folder, "", run.commit, run.platform, conditions, config,
        len(result.items),
    )  # fmt: skip


def begun(folder: Path, result: ScanResult) -> ScanJournal:
    folder.mkdir(exist_ok=True)
    found = (ItemFound(item.item_id, item.evidence.path, False, "", 1, 1) for item in result.items)
    return begin_journal(folder, started(result, folder), found)


def saved(folder: Path, result: ScanResult) -> ScanResult:
    """Writes the results folder whole; returns the result with the head of its audit log."""
    with begun(folder, result) as journal:
        for item in result.items:
            journal.item_started(item.item_id, item.evidence.path)
            journal.item_done(item)
        return close_results(result, journal, 0)
