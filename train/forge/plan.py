"""Which forgeries `train forge` makes: methods, splits, portraits and donors, all from one seed."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forensic_cli.errors import UsageError
from train.data.crops import read_portrait
from train.data.dataset import DatasetRow, Split, draw_donor
from train.forge.methods import METHODS, method_named
from train.forge.portrait import Forgery, Landmarks
from train.forge.visible import UnforgeableError, forge_visibly

_MAX_PORTRAITS = 16


@dataclass(frozen=True, slots=True)
class Assignment:
    """One forgery to make.

    Attributes:
        split: that portrait and donor come from.
        index: among the forgeries of this method and split, 0-based.
        number: among the forgeries of this method; names the file.
    """

    method: str
    split: Split
    index: int
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class MadeForgery:
    """A forgery and where it came from.

    Attributes:
        donor: None where the method uses none.
        entropy: `np.random.default_rng(entropy)` is the generator that donor and forgery were drawn from.
        n_resisted: portraits drawn before, which the method left as they were.
    """

    forgery: Forgery
    portrait: DatasetRow
    donor: DatasetRow | None
    entropy: tuple[int, ...]
    n_resisted: int


def share_out(n: int, sizes: Mapping[Split, int]) -> dict[Split, int]:
    """Spreads n over the splits in the proportion of their sizes, at least 1 each.

    Args:
        sizes: real crops of each split, none of them 0.

    Raises:
        UsageError: n is less than the number of splits.
    """
    if n < len(sizes):
        raise UsageError(
            f"{n} forgeries a method do not reach {len(sizes)} splits.",
            f"Give --n {len(sizes)} or more, or one --split.",
        )
    total = sum(sizes.values())
    given = dict.fromkeys(sizes, 1)
    for _ in range(n - len(sizes)):
        # The one furthest below its share; ties go to the first.
        neediest = max(sizes, key=lambda split: n * sizes[split] / total - given[split])
        given[neediest] += 1
    return given


def plan_forgeries(
    rows_by_split: Mapping[Split, Sequence[DatasetRow]], methods: Sequence[str], n: int
) -> list[Assignment]:
    """Lists n forgeries of each method, spread over the splits by `share_out`.

    Args:
        rows_by_split: real crops; every split holds two identities or more.

    Raises:
        UsageError: a method is unknown or named twice, or n is too small.
    """
    for name in methods:
        method_named(name)
        if methods.count(name) > 1:
            raise UsageError(f"The method {name} is named twice.", "Name each --method once.")
    counts = share_out(n, {split: len(rows) for split, rows in rows_by_split.items()})
    parts = [(split, index) for split, count in counts.items() for index in range(count)]
    return [
        Assignment(method, split, index, number)
        for method in methods
        for number, (split, index) in enumerate(parts)
    ]


def make_forgery(
    assignment: Assignment,
    folder: Path,
    rows: Sequence[DatasetRow],
    landmarks: dict[str, Landmarks],
    seed: int,
) -> MadeForgery:
    """Draws a portrait and, where the method wants one, a donor, and forges.

    The same seed, method, split and index make the same forgery of the same rows, whatever else is
    being made. Each photograph of the split serves once before any serves twice, as long as none resists.

    Args:
        folder: of the prepared dataset.
        rows: the real crops of the assignment's split.

    Raises:
        UsageError: 16 portraits in a row resisted the method, or a crop cannot be read.
    """
    # A number of the method's own: its pixels must not depend on which others are made.
    key = (seed, zlib.crc32(assignment.method.encode()), list(Split).index(assignment.split))
    for attempt in range(_MAX_PORTRAITS):
        entropy = (*key, assignment.index, attempt)
        rng = np.random.default_rng(entropy)
        portrait = rows[int(rng.integers(len(rows)))] if attempt else _in_turn(rows, key, assignment.index)
        donor = draw_donor(rows, portrait, rng) if METHODS[assignment.method].needs_donor else None
        picture = read_portrait(folder, portrait, landmarks)
        other = picture if donor is None else read_portrait(folder, donor, landmarks)
        try:
            forgery = forge_visibly(assignment.method, picture, other, rng)
        except UnforgeableError:
            continue
        return MadeForgery(forgery, portrait, donor, entropy, attempt)
    raise UsageError(
        f"{assignment.method} left {_MAX_PORTRAITS} photographs of {assignment.split} as they were.",
        "Leave that --method out, or prepare more material.",
    )


def _in_turn(rows: Sequence[DatasetRow], key: tuple[int, ...], index: int) -> DatasetRow:
    turn, position = divmod(index, len(rows))
    order = np.random.default_rng((*key, turn)).permutation(len(rows))
    return rows[int(order[position])]
