"""The crops that are examined: genuine ones, ones forged here, and fakes that lie in a dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forensic_cli.errors import UsageError
from forensic_cli.types import RgbImage
from train.data.crops import read_landmarks, read_picture, read_portrait
from train.data.dataset import DatasetRow
from train.data.pairs import ForgeSettings, draw_window, make_pair
from train.data.stored import read_mask
from train.forge.degrade import Codec, Degradation
from train.forge.portrait import BinaryMask
from train.forge.visible import UnforgeableError
from train.validation import drawn


@dataclass(frozen=True, slots=True, eq=False)
class CropSet:
    """Crops as a scan would see them, before any further compression.

    Attributes:
        rows: (n,) whose they are; of crops forged here the real crop that was forged.
        image: k -> (256, 256, 3) uint8 RGB of crop k.
        mask: k -> (256, 256) uint8, 1 inside the forgery of crop k; None where it is unknown.
    """

    rows: tuple[DatasetRow, ...]
    image: Callable[[int], RgbImage]
    mask: Callable[[int], BinaryMask | None]

    @property
    def source_ids(self) -> tuple[str, ...]:
        """(n,) identity of each."""
        return tuple(row.source_id for row in self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class ForgedSet:
    """Forged crops of one method, and what they are held against.

    Attributes:
        is_stored: the fakes lie in the dataset; otherwise they were forged here from the genuine crops.
        was_trained: the run was trained on such forgeries.
        genuine_index: (n,) the genuine crop of each, forged here; None for stored fakes, which are held
            against all genuine crops.
        n_unforgeable: genuine crops that the method left as they were: neither version counts.
    """

    method: str
    is_stored: bool
    was_trained: bool
    crops: CropSet
    genuine_index: tuple[int, ...] | None = None
    n_unforgeable: int = 0


def genuine_set(folder: Path, rows: Sequence[DatasetRow]) -> CropSet:
    """Real crops of a prepared dataset."""
    rows = tuple(rows)
    return CropSet(rows, lambda k: _central(read_picture(folder / rows[k].path)), lambda _: None)


def forged_here(
    folder: Path, rows: Sequence[DatasetRow], method: str, was_trained: bool, n: int, seed: int
) -> ForgedSet:
    """Forges the crops that `drawn` names, exactly as `FixedPairs` does, once for all compressions.

    Args:
        rows: real crops of one split.
        n: at most so many photographs.

    Raises:
        UsageError: the method left every one of them as it was.
    """
    settings = ForgeSettings({method: 1.0}, {Codec.NONE: 1.0}, window_jitter=False)
    landmarks = read_landmarks(folder)
    forged: list[DatasetRow] = []
    images: list[RgbImage] = []
    masks: list[BinaryMask] = []
    index: list[int] = []
    n_drawn = 0
    for row, donor, rng in drawn(rows, n, seed):
        n_drawn += 1
        portrait, of_donor = (read_portrait(folder, entry, landmarks) for entry in (row, donor))
        try:
            pair = make_pair(portrait, of_donor, settings, rng, Degradation())
        except UnforgeableError:
            continue
        forged.append(row)
        images.append(pair.fake)
        masks.append(pair.mask)
        index.append(n_drawn - 1)
    if not forged:
        raise UsageError(
            f"{method} left all {n_drawn} photographs as they were.", "Raise --n, or prepare more material."
        )
    crops = CropSet(tuple(forged), images.__getitem__, masks.__getitem__)
    return ForgedSet(method, False, was_trained, crops, tuple(index), n_drawn - len(forged))


def stored_fakes(
    folder: Path, rows: Sequence[DatasetRow], method: str, was_trained: bool, n: int | None, seed: int
) -> ForgedSet:
    """The fakes of one method that lie in a dataset.

    Args:
        rows: fakes; those of other methods are passed over.
        n: the first n in a seeded order; all in the dataset's order if None.
    """
    own = [row for row in rows if row.method == method]
    if n is not None:
        own = [own[int(k)] for k in np.random.default_rng(seed).permutation(len(own))[:n]]
    chosen = tuple(own)
    crops = CropSet(
        chosen,
        lambda k: _central(read_picture(folder / chosen[k].path)),
        lambda k: _central_mask(read_mask(folder, chosen[k])),
    )
    return ForgedSet(method, True, was_trained, crops)


def _central(picture: RgbImage) -> RgbImage:
    window = draw_window(np.random.default_rng(0), window_jitter=False)
    return np.ascontiguousarray(picture[window])


def _central_mask(mask: BinaryMask | None) -> BinaryMask | None:
    window = draw_window(np.random.default_rng(0), window_jitter=False)
    return None if mask is None else np.ascontiguousarray(mask[window])
