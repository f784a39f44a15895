"""A few forged crops with their attention, picked by seed and never by result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forensic_cli.types import RgbImage
from train.evaluation.crop_sets import CropSet, ForgedSet
from train.evaluation.examine import CropExaminer
from train.forge.portrait import BinaryMask

N_EXAMPLES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One forged crop, without further compression.

    Attributes:
        genuine, genuine_attention: of the crop that it was made from; None where nobody knows which.
        forged: (256, 256, 3) uint8 RGB.
        forged_attention: (16, 16) float32, raw.
        mask: (256, 256) uint8; None where it is unknown.
    """

    method: str
    genuine: RgbImage | None
    genuine_attention: NDArray[np.float32] | None
    forged: RgbImage
    forged_attention: NDArray[np.float32]
    mask: BinaryMask | None


class Gallery:
    """Collects examples while the sets pass by.

    Args:
        genuine: the crops that the sets are held against.
        n_sets: how many sets will pass; the examples are dealt out to them in turn, or where there are
            more sets than examples, to sets drawn by seed.
    """

    def __init__(self, genuine: CropSet, examiner: CropExaminer, n_sets: int, seed: int) -> None:
        self._genuine, self._examiner = genuine, examiner
        self._rng = np.random.default_rng([seed, 8])
        self._by_path = {row.path: k for k, row in enumerate(genuine.rows)}
        chosen = np.sort(self._rng.permutation(n_sets)[:N_EXAMPLES])
        self._n_of_set = np.zeros(n_sets, int)
        for k in range(N_EXAMPLES if n_sets else 0):
            self._n_of_set[chosen[k % len(chosen)]] += 1
        self.examples: list[Example] = []

    def watch(self, sets: Iterable[ForgedSet]) -> Iterator[ForgedSet]:
        """Passes the sets on, and takes examples of them."""
        for number, forged_set in enumerate(sets):
            n = len(forged_set.crops.rows)
            for k in self._rng.permutation(n)[: self._n_of_set[number]]:
                self.examples.append(self._example(forged_set, int(k)))
            yield forged_set

    def _example(self, forged_set: ForgedSet, k: int) -> Example:
        crops, index = forged_set.crops, forged_set.genuine_index
        source = self._by_path.get(crops.rows[k].pair) if index is None else index[k]
        genuine = None if source is None else self._genuine.image(source)
        forged = crops.image(k)
        seen = self._examiner.examine_images([forged] if genuine is None else [forged, genuine])
        return Example(
            method=forged_set.method,
            genuine=genuine,
            genuine_attention=None if genuine is None else seen.attention[1],
            forged=forged,
            forged_attention=seen.attention[0],
            mask=crops.mask(k),
        )
