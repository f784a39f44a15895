"""Hundreds of damaged files through one real scan: no traceback, no hang, no change, none lost."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forensic_cli.config import IsolationSettings
from forensic_cli.isolation.endings import ended, overdue, stalled
from forensic_cli.pipeline import item as item_module
from forensic_cli.types import Finding, Verdict
from tests.hostile.corpus import CorpusCounts, count, digest, scan_corpus, write_corpus
from tests.hostile.mutations import MUTATIONS, mutated
from tests.hostile.scanning import Scanned

SEED = 20200


def scanned_corpus(n_files: int, place: Path, originals: dict[str, bytes], options: list[str]) -> Scanned:
    write_corpus(place / "corpus", originals, n_files, SEED)
    (place / "scan").mkdir()
    return scan_corpus(place / "corpus", place / "scan", *options)


def require_clean(counts: CorpusCounts, n_files: int) -> None:
    assert counts.is_clean, counts.table()
    assert counts.n_files == n_files == sum(counts.by_verdict.values())
    assert counts.exit_code == 3
    # The damage is such that a good part can still be read, and a good part cannot.
    assert min(counts.by_verdict["failed"], n_files - counts.by_verdict["failed"]) > n_files / 5


@pytest.fixture(scope="module")
def hundred(
    tmp_path_factory: pytest.TempPathFactory, originals: dict[str, bytes], seeded_options: list[str]
) -> Scanned:
    return scanned_corpus(100, tmp_path_factory.mktemp("hundred"), originals, seeded_options)


def test_a_hundred_damaged_files(hundred: Scanned) -> None:
    require_clean(count(hundred), 100)


@pytest.mark.slow
def test_five_hundred_damaged_files(
    tmp_path: Path, originals: dict[str, bytes], seeded_options: list[str]
) -> None:
    require_clean(count(scanned_corpus(500, tmp_path, originals, seeded_options)), 500)


def test_a_changed_file_a_missing_record_and_a_traceback_would_be_counted(hundred: Scanned) -> None:
    path, entry = next(iter(hundred.before.items()))
    name = os.fsdecode(path).rpartition("/")[2]
    changed = count(replace(hundred, after={**hundred.after, path: replace(entry, content="0" * 64)}))
    assert changed.evidence_changed == (name,)
    lost = count(replace(hundred, before={**hundred.before, path + b"-more": entry}))
    assert lost.unaccounted == (f"{name}-more",)
    defect = count(replace(hundred, stderr=f"{hundred.stderr}\nTraceback (most recent call last):\n"))
    assert defect.tracebacks == ("Traceback (most recent call last):",)
    assert not any(one.is_clean for one in (changed, lost, defect))


LIMITS = IsolationSettings()


@pytest.mark.parametrize(
    ("reason", "what"),
    [
        (str(stalled("a", LIMITS)), lambda counts: counts.hangs),
        (str(overdue("a", LIMITS)), lambda counts: counts.hangs),
        (str(ended("a", -11, LIMITS)), lambda counts: counts.crashes),
        ("The program failed on this item (E). That is a defect in it.", lambda counts: counts.tracebacks),
    ],
)
def test_a_hang_a_crash_and_a_defect_would_be_counted(
    hundred: Scanned,
    monkeypatch: pytest.MonkeyPatch,
    reason: str,
    what: Callable[[CorpusCounts], tuple[str, ...]],
) -> None:
    items = hundred.items()
    name, item = next(iter(items.items()))
    items[name] = replace(item, finding=Finding(Verdict.FAILED, (reason,)))
    monkeypatch.setattr(Scanned, "items", lambda self: items)
    assert what(count(hundred)) == (name,)


def test_the_words_of_a_defect_are_the_programs() -> None:
    assert "That is a defect in it." in inspect.getsource(item_module)


def test_the_same_seed_gives_the_same_corpus_and_another_one_another(
    tmp_path: Path, originals: dict[str, bytes]
) -> None:
    for name, seed in (("one", 1), ("again", 1), ("two", 2)):
        write_corpus(tmp_path / name, originals, 30, seed)
    assert digest(tmp_path / "one") == digest(tmp_path / "again") != digest(tmp_path / "two")


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_damage_changes_every_original(originals: dict[str, bytes], mutation) -> None:
    n_changed = 0
    for name, content in originals.items():
        rng = np.random.default_rng(SEED)
        n_changed += mutated(content, mutation, rng, originals["vp9.webm"]) != content
        assert originals[name] == content
    assert n_changed >= len(originals) - 1
