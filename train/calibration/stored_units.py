"""Units from the fakes that lie in a dataset, each with its genuine partner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from train.annotate.scan_crop import read_scan_crop
from train.calibration.conditions import CONDITIONS_OF_CODING
from train.calibration.unit import Draw, Unit, first_of_each_person, in_turn, seen_in_each_coding
from train.data.dataset import DatasetRow, Split, select
from train.data.sources import trained_methods
from train.data.stored import StoredPairs
from train.forge.degrade import Codec
from train.recipe import Stage1Recipe

# Where any genuine crop will do, every epoch draws another one, until somebody is found who is free.
_N_EPOCHS = 8
_N_TURNS = max(map(len, CONDITIONS_OF_CODING.values()))


def stored_units(
    dataset: Path, rows: Sequence[DatasetRow], recipe: Stage1Recipe, choosing: AbstractSet[str]
) -> Draw:
    """One fake a person by a trained method and, of those who have such, one by a method not trained on.

    Each is seen once in every coding. Of every person and method the first fake by path may serve.
    Methods and conditions are dealt out in turn; where nobody is left with a fake by a method, the next
    method takes its turn. The genuine partner is the one that `StoredPairs` gives.

    Args:
        dataset: folder of the crops.
        rows: of the whole dataset.
        recipe: of the run.
        choosing: who had a part in choosing the checkpoint.

    Raises:
        UsageError: the validation split holds no real or no fake crops, or a fake names a pair that is
            no real crop of the split.
    """
    real, fakes = (select(rows, Split.VALIDATION, label) for label in ("real", "fake"))
    people = {row.source_id for row in (*real, *fakes)}
    fresh_real = [row for row in real if row.source_id not in choosing]
    chose = {row.path for row in real if row.source_id in choosing}
    fresh = [row for row in fakes if row.source_id not in choosing and row.pair not in chose]
    by_method = {
        method: first_of_each_person(row for row in fresh if row.method == method)
        for method in sorted({row.method for row in fresh})
    }
    trained = trained_methods(rows, recipe)
    # Without one genuine crop there is nothing to pair.
    own = {name: rows for name, rows in by_method.items() if name in trained} if fresh_real else {}
    other = {name: rows for name, rows in by_method.items() if name not in trained}
    pairs = {
        name: StoredPairs(
            dataset, fakes_of, fresh_real, {Codec.NONE: 1.0}, recipe.seed + 3, window_jitter=False
        )
        for name, fakes_of in own.items()
    }
    return Draw(
        units=_units(dataset, pairs, other),
        n_at_most=len({row.source_id for fakes_of in own.values() for row in fakes_of}),
        n_people=len(people),
        n_choosing=len(people & choosing),
        is_stored=True,
    )


def _units(
    dataset: Path, pairs: Mapping[str, StoredPairs], other: Mapping[str, Sequence[DatasetRow]]
) -> Iterator[Unit]:
    left = {name: _rows_of(own) for name, own in pairs.items()}
    held_out = {name: {row.source_id: row for row in rows} for name, rows in other.items()}
    used: set[str] = set()
    number = 0
    while True:
        turn = number // _N_TURNS
        found = next(filter(None, (_unused(left[name], used) for name in in_turn(tuple(left), turn))), None)
        if found is None:
            return
        fake, real = found
        used |= {fake.source_id, real.source_id}
        chosen = [real, fake]
        for name in in_turn(tuple(held_out), turn):
            if fake.source_id in held_out[name]:
                chosen.append(held_out[name][fake.source_id])
                break
        images = [read_scan_crop(dataset, row.path) for row in chosen]
        by_held_out = "".join(row.method for row in chosen[2:])
        for condition, tracks in seen_in_each_coding(images, number):
            yield Unit(fake.source_id, real.source_id, condition, fake.method, by_held_out, tracks)
        number += 1


def _rows_of(pairs: StoredPairs) -> Iterator[tuple[DatasetRow, DatasetRow]]:
    """The fake and the real crop of every pair, epoch after epoch, each in its seeded order."""
    return (pairs.rows(k) for k in range(_N_EPOCHS * len(pairs.fake_rows)))


def _unused(
    left: Iterator[tuple[DatasetRow, DatasetRow]], used: AbstractSet[str]
) -> tuple[DatasetRow, DatasetRow] | None:
    """The next pair that shows nobody who is in another unit; those before it are let go."""
    return next((rows for rows in left if used.isdisjoint(row.source_id for row in rows)), None)
