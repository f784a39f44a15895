"""A unit of a calibration: one person, genuine and forged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from forensic_cli.types import RgbImage
from train.calibration.conditions import UnitCondition
from train.data.dataset import DatasetRow


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One person genuine, forged by a method trained on and, where there is such, by one held out.

    Attributes:
        identity: who is in the forged pictures.
        partner: who is in the genuine one: somebody else only where a stored fake has no genuine crop
            of its own.
        condition: of all its pictures.
        method, held_out: by which it was forged; "" in held_out where there is no such picture.
        images: genuine, forged, and forged by the held-out method; each (256, 256, 3) uint8 RGB.
    """

    identity: str
    partner: str
    condition: UnitCondition
    method: str
    held_out: str
    images: tuple[RgbImage, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """The units that a validation split gives, made one after the other, so that their pixels can be let go.

    Attributes:
        units: no person is in two of them.
        n_at_most: so many units at most.
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


def in_turn(names: Sequence[str], turn: int) -> Sequence[str]:
    """The names from the one whose turn it is, all of them once."""
    start = turn % len(names) if names else 0
    return [*names[start:], *names[:start]]
