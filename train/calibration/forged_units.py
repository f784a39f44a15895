"""Units that are forged here: photographs of people who had no part in training, each also forged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from train.calibration.conditions import CONDITIONS_OF_CODING
from train.calibration.unit import Draw, Unit, first_of_each_person, in_turn, seen_in_each_coding
from train.data.crops import read_landmarks, read_portrait
from train.data.dataset import DatasetRow, Split, select
from train.data.pairs import ForgeSettings, make_pair
from train.forge.degrade import Codec, Degradation
from train.forge.visible import UnforgeableError
from train.recipe import Stage1Recipe
from train.validation import drawn

_N_TURNS = max(map(len, CONDITIONS_OF_CODING.values()))


def forged_units(
    dataset: Path, rows: Sequence[DatasetRow], recipe: Stage1Recipe, choosing: AbstractSet[str]
) -> Draw:
    """One photograph a person, forged once by a trained and once by a held-out method.

    Each is seen once in every coding. Methods and conditions are dealt out in turn, so that all come
    equally often. A person whose photograph a method leaves as it was is no unit.

    Args:
        dataset: folder of the crops.
        rows: of the whole dataset.
        recipe: of the run; its held-out methods may be none.
        choosing: who had a part in choosing the checkpoint.

    Raises:
        UsageError: the validation split holds no real crops.
    """
    real = select(rows, Split.VALIDATION)
    people = {row.source_id for row in real}
    fresh = first_of_each_person(row for row in real if row.source_id not in choosing)
    return Draw(
        units=_units(dataset, fresh, recipe),
        n_at_most=len(fresh),
        n_people=len(people),
        n_choosing=len(people & choosing),
        is_stored=False,
    )


def _units(dataset: Path, people: Sequence[DatasetRow], recipe: Stage1Recipe) -> Iterator[Unit]:
    landmarks = read_landmarks(dataset)
    number = 0
    # Another order than that in which the checkpoint's and the thresholds' photographs were drawn.
    for row, donor, rng in drawn(people, len(people), recipe.seed + 3):
        # Methods take their turn more slowly than conditions, so that every method meets every condition.
        turn = number // _N_TURNS
        chosen = [*in_turn(tuple(recipe.methods), turn)[:1], *in_turn(recipe.held_out, turn)[:1]]
        portrait, of_donor = (read_portrait(dataset, entry, landmarks) for entry in (row, donor))
        settings = [ForgeSettings({name: 1.0}, {Codec.NONE: 1.0}, window_jitter=False) for name in chosen]
        try:
            pairs = [make_pair(portrait, of_donor, each, rng, Degradation()) for each in settings]
        except UnforgeableError:
            # Counted by who compares the units with `n_at_most`.
            continue
        images = (pairs[0].real, *(pair.fake for pair in pairs))
        for condition, tracks in seen_in_each_coding(images, number):
            yield Unit(row.source_id, row.source_id, condition, chosen[0], "".join(chosen[1:]), tracks)
        number += 1
