"""Splits are by identity, always the same, and the table survives its way to the disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensic_cli.errors import UsageError
from train.data.dataset import Split, assign_split, read_dataset, select, write_dataset


@given(st.text(max_size=20), st.integers(0, 100))
def test_an_identity_always_lands_in_the_same_split(source_id: str, seed: int) -> None:
    fractions = (0.8, 0.1, 0.1)
    assert assign_split(source_id, fractions, seed) is assign_split(source_id, fractions, seed)


def test_splits_have_about_the_sizes_asked_for() -> None:
    drawn = [assign_split(f"person-{k}", (0.7, 0.2, 0.1), 1) for k in range(4000)]
    assert drawn.count(Split.TRAIN) / 4000 == pytest.approx(0.7, abs=0.03)
    assert drawn.count(Split.VALIDATION) / 4000 == pytest.approx(0.2, abs=0.03)


def test_reserved_fractions_never_give_a_training_crop() -> None:
    assert all(assign_split(str(k), (0.0, 0.5, 0.5), 1) is not Split.TRAIN for k in range(500))


def test_fractions_must_be_a_partition() -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        assign_split("a", (0.5, 0.1, 0.1), 1)


def test_table_is_read_back_as_it_was_written(dataset: Path, tmp_path: Path) -> None:
    rows = read_dataset(dataset)
    write_dataset(tmp_path, reversed(rows))
    assert read_dataset(tmp_path) == rows


def test_no_identity_is_in_two_splits(dataset: Path) -> None:
    rows = read_dataset(dataset)
    people = {split: {row.source_id for row in select(rows, split)} for split in Split}
    assert not people[Split.TRAIN] & people[Split.VALIDATION]
    assert not people[Split.TRAIN] & people[Split.TEST]


def test_missing_table_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_dataset(tmp_path)
    assert "train prepare" in caught.value.hint


@pytest.mark.parametrize("line", ["a,real", "a,real,,,b,c,,nowhere,d,e"])
def test_malformed_rows_are_refused(dataset: Path, tmp_path: Path, line: str) -> None:
    header = (dataset / "dataset.csv").read_text().splitlines()[0]
    (tmp_path / "dataset.csv").write_text(f"{header}\n{line}\n")
    with pytest.raises(UsageError, match="malformed"):
        read_dataset(tmp_path)


def test_an_empty_split_is_an_error(dataset: Path) -> None:
    with pytest.raises(UsageError, match="no fake crops"):
        select(read_dataset(dataset), Split.TRAIN, "fake")
