"""The loader's heart: a real and a forged version of the same photograph, made on the fly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from forensic_cli.faces.crop import CROP_PX
from forensic_cli.types import RgbImage
from train.data.crops import PREPARED_PX, read_landmarks, read_portrait
from train.data.dataset import DatasetRow, draw_donor
from train.forge.degrade import Codec, Degradation, degrade, draw_degradation
from train.forge.portrait import BinaryMask, Portrait
from train.forge.visible import UnforgeableError, forge_visibly

_MAX_WINDOW_SHIFT_PX = 16
_FAR = 1_000_000_007
# Index of the landmark that each one becomes when the face is mirrored.
_MIRRORED = np.array(
    [
        *range(16, -1, -1),
        *range(26, 16, -1),
        *range(27, 31),
        *range(35, 30, -1),
        *(45, 44, 43, 42, 47, 46),
        *(39, 38, 37, 36, 41, 40),
        *range(54, 47, -1),
        *range(59, 54, -1),
        *range(64, 59, -1),
        *range(67, 64, -1),
    ]
)


@dataclass(frozen=True, slots=True)
class ForgeSettings:
    """What the loader makes.

    Attributes:
        methods: name -> share; they sum to 1.
        codecs: codec -> share; they sum to 1.
        window_jitter: shift the 256 px window by up to 16 px, and mirror at random.
    """

    methods: dict[str, float]
    codecs: dict[Codec, float]
    window_jitter: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One photograph twice.

    Attributes:
        real, fake: (256, 256, 3) uint8 RGB, degraded alike.
        mask: (256, 256) uint8, 1 inside the forgery.
    """

    real: RgbImage
    fake: RgbImage
    mask: BinaryMask
    method: str


def mirrored(portrait: Portrait) -> Portrait:
    """A portrait as a mirror shows it, with its landmarks renumbered."""
    points = portrait.landmarks[_MIRRORED].copy()
    points[:, 0] = portrait.image.shape[1] - 1 - points[:, 0]
    return Portrait(np.ascontiguousarray(portrait.image[:, ::-1]), points, portrait.source_id)


def make_pair(
    portrait: Portrait,
    donor: Portrait,
    settings: ForgeSettings,
    rng: np.random.Generator,
    degradation: Degradation | None = None,
) -> Pair:
    """Forges one portrait and degrades both versions alike.

    Args:
        degradation: fixed; drawn from `settings.codecs` if None.
    """
    if settings.window_jitter and rng.random() < 0.5:
        portrait = mirrored(portrait)
    names = list(settings.methods)
    name = names[int(rng.choice(len(names), p=[settings.methods[key] for key in names]))]
    forgery = forge_visibly(name, portrait, donor, rng)
    centre = (PREPARED_PX - CROP_PX) // 2
    top, left = centre, centre
    if settings.window_jitter:
        top, left = (
            int(centre + shift) for shift in rng.integers(-_MAX_WINDOW_SHIFT_PX, _MAX_WINDOW_SHIFT_PX + 1, 2)
        )
    window = np.s_[top : top + CROP_PX, left : left + CROP_PX]
    chain = degradation or draw_degradation(rng, settings.codecs)
    real = degrade(np.ascontiguousarray(portrait.image[window]), chain)
    fake = degrade(np.ascontiguousarray(forgery.image[window]), chain)
    return Pair(real, fake, np.ascontiguousarray(forgery.mask[window]), name)


def batch_of(pairs: Sequence[Pair]) -> dict[str, Tensor]:
    """Stacks pairs into one batch: first all real versions, then all forged ones.

    Returns:
        "images" (2n, 3, S, S) uint8, "labels" (2n,) float32 with 1 = real (the paper's convention),
        "masks" (2n, S, S) uint8, zero for the real half; S is 256, or less for patches.
    """
    pictures = np.stack([pair.real for pair in pairs] + [pair.fake for pair in pairs])
    masks = np.stack([pair.mask for pair in pairs])
    n = len(pairs)
    return {
        "images": torch.from_numpy(pictures).permute(0, 3, 1, 2),
        "labels": torch.cat([torch.ones(n), torch.zeros(n)]),
        "masks": torch.from_numpy(np.concatenate([np.zeros_like(masks), masks])),
    }


class ForgedPairs(Dataset[Pair]):
    """Endless pairs: item k is the same for the same seed, whichever worker makes it.

    Args:
        folder: of the prepared dataset.
        rows: real crops; donors are drawn from them too, never of the same identity.
        seed: of all randomness.

    Raises:
        UsageError: landmarks are missing, or a method needs a donor and there is one identity.
    """

    def __init__(self, folder: Path, rows: Sequence[DatasetRow], settings: ForgeSettings, seed: int) -> None:
        self.folder = folder
        self.rows = list(rows)
        self.settings = settings
        self.seed = seed
        self.landmarks = read_landmarks(folder)

    def __getitem__(self, k: int) -> Pair:
        """Makes pair k."""
        # One thread a worker: OpenCV's own pool would fight the training for the cores.
        cv2.setNumThreads(1)
        epoch, position = divmod(k, len(self.rows))
        order = np.random.default_rng([self.seed, 1, epoch]).permutation(len(self.rows))
        rng = np.random.default_rng([self.seed, 2, k])
        index = int(order[position])
        portrait = read_portrait(self.folder, self.rows[index], self.landmarks)
        donor = read_portrait(self.folder, draw_donor(self.rows, self.rows[index], rng), self.landmarks)
        try:
            return make_pair(portrait, donor, self.settings, rng)
        except UnforgeableError:
            # One photograph in many resists. A pair from far beyond any run stands in, the same always:
            # failing here would end the run, and every resumption at the same item again.
            return self[k + _FAR]


def cut_patches(pair: Pair, n: int, size_px: int, rng: np.random.Generator) -> list[Pair]:
    """Cuts n windows of both versions, each over some part of the forgery.

    Args:
        size_px: side of the window, at most 256.

    Raises:
        ValueError: the pair's mask is empty.
    """
    rows, columns = np.nonzero(pair.mask)
    if not len(rows):
        raise ValueError("A pair without a mask has no patch over its forgery.")
    far = pair.mask.shape[0] - size_px
    patches = []
    for _ in range(n):
        k = int(rng.integers(len(rows)))
        # The chosen pixel lies anywhere in the middle half of the window.
        shift = rng.integers(size_px // 4, 3 * size_px // 4 + 1, 2)
        top, left = (
            int(np.clip(at - by, 0, far)) for at, by in zip((rows[k], columns[k]), shift, strict=True)
        )
        window = np.s_[top : top + size_px, left : left + size_px]
        patches.append(Pair(pair.real[window], pair.fake[window], pair.mask[window], pair.method))
    return patches


class PatchesOfPairs(Dataset[list[Pair]]):
    """Item k is `n` patches of pair k: the same for the same seed."""

    def __init__(self, pairs: ForgedPairs, n: int, size_px: int) -> None:
        self.pairs, self.n, self.size_px = pairs, n, size_px

    def __getitem__(self, k: int) -> list[Pair]:
        """Makes the patches of pair k."""
        rng = np.random.default_rng([self.pairs.seed, 3, k])
        pair = self.pairs[k]
        if not pair.mask.any():
            # The window was shifted off a forgery at its edge: the next pair stands in for it.
            return self[k + _FAR]
        return cut_patches(pair, self.n, self.size_px, rng)


def batch_of_patches(patches: Sequence[list[Pair]]) -> dict[str, Tensor]:
    """Stacks the patches of several pairs, as `batch_of` does pairs."""
    return batch_of([patch for group in patches for patch in group])


class Endless(Sampler[int]):
    """Yields `start`, `start + 1`, ... up to `stop`: resuming is starting further on."""

    def __init__(self, start: int, stop: int) -> None:
        self.start = start
        self.stop = stop

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.stop))

    def __len__(self) -> int:
        return self.stop - self.start
