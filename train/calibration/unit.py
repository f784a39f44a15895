"""A unit of a calibration: one person in one coding, genuine and forged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from forensic_cli.types import RgbImage
from train.calibration.conditions import CONDITIONS_OF_CODING, UnitCondition
from train.data.dataset import DatasetRow

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One person in one coding: genuine, forged by a method trained on and, where there is such, held out.

    Attributes:
        identity: who is in the forged pictures.
        partner: who is in the genuine one: somebody else only where a stored fake has no genuine crop
            of its own.
        condition: of all its tracks.
        method, held_out: by which it was forged; "" in held_out where there is no such picture.
        tracks: genuine, forged, and forged by the held-out method; each the crops of a face track,
            (256, 256, 3) uint8 RGB, in the order of time.
    """

    identity: str
    partner: str
    condition: UnitCondition
    method: str
    held_out: str
    tracks: tuple[tuple[RgbImage, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """The units that a validation split gives, made one after the other, so that their pixels can be let go.

    Attributes:
        units: every person's follow each other, one in each coding; no person is in two of one coding.
        n_at_most: so many people who give units at most.
        n_people: everybody in the split.
        n_choosing: those of them who are left out since they had a part in choosing the checkpoint.
        is_stored: the fakes lie in the dataset; otherwise they are forged here.
    """

    units: Iterator[Unit]
    n_at_most: int
    n_people: int
    n_choosing: int
    is_stored: bool


def first_of_each_person(rows: Iterable[DatasetRow]) -> list[DatasetRow]:
    """The first crop of every identity, by path."""
    first: dict[str, DatasetRow] = {}
    for row in sorted(rows, key=lambda row: row.path):
        first.setdefault(row.source_id, row)
    return list(first.values())


def seen_in_each_coding(
    images: Sequence[RgbImage], turn: int
) -> Iterator[tuple[UnitCondition, tuple[tuple[RgbImage, ...], ...]]]:
    """One condition of each coding in turn, and the tracks that the pictures give under it.

    Args:
        images: (256, 256, 3) uint8 RGB, not compressed yet; all are moved alike.
    """
    for conditions in CONDITIONS_OF_CODING.values():
        condition = in_turn(conditions, turn)[0]
        yield condition, tuple(condition.track(image, turn) for image in images)


def in_turn(entries: Sequence[_T], turn: int) -> Sequence[_T]:
    """The entries from the one whose turn it is, all of them once."""
    start = turn % len(entries) if entries else 0
    return [*entries[start:], *entries[:start]]
