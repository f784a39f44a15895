"""Hundreds of damaged files through one real scan: no traceback, no hang, no change, none lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.hostile.corpus import CorpusCounts, count, digest, scan_corpus, write_corpus
from tests.hostile.mutations import MUTATIONS, mutated

SEED = 20200


def counts_of(n_files: int, place: Path, originals: dict[str, bytes], options: list[str]) -> CorpusCounts:
    write_corpus(place / "corpus", originals, n_files, SEED)
    (place / "scan").mkdir()
    return count(scan_corpus(place / "corpus", place / "scan", *options))


def require_clean(counts: CorpusCounts, n_files: int) -> None:
    assert counts.is_clean, counts.table()
    assert counts.n_files == n_files == sum(counts.by_verdict.values())
    assert counts.exit_code == 3
    # The damage is such that a good part can still be read, and a good part cannot.
    assert min(counts.by_verdict["failed"], n_files - counts.by_verdict["failed"]) > n_files / 5


def test_a_hundred_damaged_files(
    tmp_path: Path, originals: dict[str, bytes], seeded_options: list[str]
) -> None:
    require_clean(counts_of(100, tmp_path, originals, seeded_options), 100)


@pytest.mark.slow
def test_five_hundred_damaged_files(
    tmp_path: Path, originals: dict[str, bytes], seeded_options: list[str]
) -> None:
    require_clean(counts_of(500, tmp_path, originals, seeded_options), 500)


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
