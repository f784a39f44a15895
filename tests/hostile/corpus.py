"""A corpus of damaged files through one real scan, and what became of each, counted."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forensic_cli.factsheet import Reason
from forensic_cli.types import ItemResult, Verdict
from tests.hostile.mutations import MUTATIONS, mutated
from tests.hostile.scanning import Scanned, scan_program

# Two frames of each clip: what is tried is the way of hostile bytes, not the score.
OPTIONS = ("--frames", "2", "--heatmaps", "top")


def write_corpus(folder: Path, originals: dict[str, bytes], n_files: int, seed: int) -> None:
    """Writes `n_files` damaged files; every format meets every kind of damage in turn."""
    folder.mkdir()
    names = sorted(originals)
    for number in range(n_files):
        rng = np.random.default_rng((seed, number))
        name = names[number % len(names)]
        mutation = MUTATIONS[number // len(names) % len(MUTATIONS)]
        other = originals[names[int(rng.integers(0, len(names)))]]
        content = mutated(originals[name], mutation, rng, other)
        (folder / f"{number:04d}-{mutation.__name__}-{name}").write_bytes(content)


@dataclass(frozen=True)
class CorpusCounts:
    """What became of a corpus.

    Attributes:
        by_verdict: records of each finding.
        crashes: items whose decoder crashed; they cost themselves alone, and were reported as failed.
        tracebacks: items at which the program itself failed, and lines on the terminal that begin one.
        hangs: items that a time limit ended.
        evidence_changed: files that are not what they were, by our hash or by the program's.
        unaccounted: files without a record, and records without a file.
    """

    n_files: int
    exit_code: int
    seconds: float
    by_verdict: dict[str, int]
    crashes: tuple[str, ...]
    tracebacks: tuple[str, ...]
    hangs: tuple[str, ...]
    evidence_changed: tuple[str, ...]
    unaccounted: tuple[str, ...]
    has_report: bool

    @property
    def is_clean(self) -> bool:
        """True where nothing happened that may not happen."""
        faults = (*self.tracebacks, *self.hangs, *self.evidence_changed, *self.unaccounted)
        return not faults and self.exit_code in {0, 3} and self.has_report

    def table(self) -> str:
        """The counts, a line each."""
        rows = [
            ("files tried", str(self.n_files)),
            *((f"  {verdict}", str(n)) for verdict, n in sorted(self.by_verdict.items())),
            ("  of these, crashes of the decoder", _counted(self.crashes)),
            ("tracebacks", _counted(self.tracebacks)),
            ("hangs", _counted(self.hangs)),
            ("evidence files changed", _counted(self.evidence_changed)),
            ("items unaccounted for", _counted(self.unaccounted)),
            ("exit code", str(self.exit_code)),
            ("report written", "yes" if self.has_report else "no"),
            ("seconds", f"{self.seconds:.0f}"),
        ]
        return "\n".join(f"{name:36} {value}" for name, value in rows)


def _counted(names: tuple[str, ...]) -> str:
    return f"{len(names)}" + (f": {', '.join(names)}" if names else "")


def scan_corpus(folder: Path, place: Path, *options: object) -> Scanned:
    """Scans a corpus.

    Args:
        place: an existing folder for results and report.
    """
    return scan_program(folder, place, *OPTIONS, *options)


def count(scanned: Scanned) -> CorpusCounts:
    """What became of a corpus that was scanned."""
    items = scanned.items()
    names = {os.fsdecode(path).rpartition("/")[2] for path in scanned.before}
    on_terminal = tuple(line for line in scanned.stderr.splitlines() if line.startswith("Traceback"))
    return CorpusCounts(
        n_files=len(scanned.before),
        exit_code=scanned.exit_code,
        seconds=scanned.seconds,
        by_verdict=dict(Counter(item.finding.verdict.value for item in items.values())),
        crashes=tuple(name for name, item in items.items() if _says(item, "the decoder crashed on it")),
        tracebacks=(*(name for name, item in items.items() if _has_defect(item)), *on_terminal),
        hangs=tuple(name for name, item in items.items() if _hung(item)),
        evidence_changed=tuple(sorted(_changed(scanned, items))),
        unaccounted=tuple(sorted(names ^ items.keys())),
        has_report=scanned.report.is_file() and scanned.report.read_bytes().startswith(b"%PDF-"),
    )


def _says(item: ItemResult, words: str) -> bool:
    return any(words in reason for reason in item.finding.reasons)


def _has_defect(item: ItemResult) -> bool:
    facts = item.media_facts
    return _says(item, "That is a defect in it") or (
        facts is not None and any(entry.reason is Reason.DEFECT for entry in facts.not_determined)
    )


def _hung(item: ItemResult) -> bool:
    is_ended = any(_says(item, words) for words in ("made no progress for", "took longer than the limit"))
    return item.finding.verdict is Verdict.FAILED and is_ended


def _changed(scanned: Scanned, items: dict[str, ItemResult]) -> set[str]:
    """Files of which the folder, or the program's own hashes, say something else than at first."""
    different = {
        os.fsdecode(path).rpartition("/")[2]
        for path in {*scanned.before, *scanned.after}
        if scanned.before.get(path) != scanned.after.get(path)
    }
    for name, item in items.items():
        known = scanned.before.get(os.fsencode(scanned.evidence / name))
        if known is None or item.evidence.sha256_before != known.content or not item.evidence.is_unchanged:
            different.add(name)
    return different


def digest(folder: Path) -> str:
    """One hash over the names and bytes of a corpus: the same seed gives the same."""
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        whole.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()
