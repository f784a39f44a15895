"""Where a run's pairs come from: forged on the fly from real crops, or the dataset's own fakes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from forensic_cli.errors import UsageError
from train.data.dataset import DatasetRow, Split, select
from train.data.pairs import ForgedPairs, ForgeSettings
from train.data.stored import StoredPairs
from train.recipe import Source, Stage1Recipe
from train.validation import CONDITIONS, FixedPairs, FixedStoredPairs, ValidationSet, n_choosing

# The lightest and the heaviest: a checkpoint that is good at both is good between them.
CHOOSING_CONDITIONS = (CONDITIONS[0], CONDITIONS[-1])


def has_stored_fakes(rows: Sequence[DatasetRow]) -> bool:
    """Whether the training split has fakes of its own."""
    return any(row.split is Split.TRAIN and row.label == "fake" for row in rows)


def stored_fakes(rows: Sequence[DatasetRow], split: Split, recipe: Stage1Recipe) -> list[DatasetRow]:
    """A split's fakes, without those of held-out methods.

    Raises:
        UsageError: none are left.
    """
    fakes = [row for row in select(rows, split, "fake") if row.method not in recipe.held_out]
    if not fakes:
        raise UsageError(
            f"All fakes of split {split} are of held-out methods: {', '.join(recipe.held_out)}.",
            "Name fewer methods in the recipe's held_out.",
        )
    return fakes


def trained_methods(rows: Sequence[DatasetRow], recipe: Stage1Recipe) -> tuple[str, ...]:
    """The methods that a run trains on, in the recipe's order, or sorted for stored fakes."""
    if recipe.source is Source.STORED:
        return tuple(sorted({row.method for row in stored_fakes(rows, Split.TRAIN, recipe)}))
    return tuple(recipe.methods)


def training_pairs(
    dataset: Path, rows: Sequence[DatasetRow], recipe: Stage1Recipe, seed: int | None = None
) -> ForgedPairs | StoredPairs:
    """The endless pairs of the training split.

    Args:
        recipe: with its source resolved.
        seed: another one than the recipe's.

    Raises:
        UsageError: the split holds nothing that fits.
    """
    seed = recipe.seed if seed is None else seed
    real = select(rows, Split.TRAIN)
    if recipe.source is Source.STORED:
        return StoredPairs(dataset, stored_fakes(rows, Split.TRAIN, recipe), real, recipe.codecs, seed)
    settings = ForgeSettings(recipe.methods, recipe.codecs, is_varied=recipe.is_varied)
    return ForgedPairs(dataset, real, settings, seed)


def choosing_sets(dataset: Path, rows: Sequence[DatasetRow], recipe: Stage1Recipe) -> list[ValidationSet]:
    """Fixed validation pairs of every trained method, under the lightest and the heaviest compression.

    Raises:
        UsageError: the validation split holds nothing that fits.
    """
    real = select(rows, Split.VALIDATION)
    if recipe.source is Source.STORED:
        fakes = stored_fakes(rows, Split.VALIDATION, recipe)
        return [
            FixedStoredPairs(
                dataset,
                [row for row in fakes if row.method == method],
                real,
                condition,
                n_choosing(len(fakes)),
                recipe.seed,
            )
            for method in sorted({row.method for row in fakes})
            for condition in CHOOSING_CONDITIONS
        ]
    return [
        FixedPairs(dataset, real, method, condition, n_choosing(len(real)), recipe.seed)
        for method in recipe.methods
        for condition in CHOOSING_CONDITIONS
    ]
