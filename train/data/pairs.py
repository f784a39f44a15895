"""The loader's heart: a real and a forged version of the same photograph, made on the fly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from forensic_cli.faces.crop import CROP_PX
from forensic_cli.types import RgbImage
from train.data.crops import PREPARED_PX, read_landmarks, read_portrait
from train.data.dataset import DatasetRow, draw_donor
from train.forge.degrade import Codec, Degradation, degrade, draw_degradation
from train.forge.portrait import BinaryMask, Portrait
from train.forge.vary import vary
from train.forge.visible import UnforgeableError, forge_visibly

_MAX_WINDOW_SHIFT_PX = 16
_FAR = 1_000_000_007
# Pairs that are kept for reuse: 256 of 256 px, real, forged and mask, are 115 MB a worker.
_BLOCK_PAIRS = 256
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
        is_varied: alter photographs as a whole before they are forged: see `train.forge.vary`.
    """

    methods: dict[str, float]
    codecs: dict[Codec, float]
    window_jitter: bool = True
    is_varied: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One photograph twice: as it was, and forged.

    Attributes:
        real, fake: (256, 256, 3) uint8 RGB, degraded alike.
        mask: (256, 256) uint8, 1 inside the forgery.
        method: that made the forgery; "" if unknown.
        has_mask: False where nobody knows what was forged: `mask` is zero then, and says nothing.
    """

    real: RgbImage
    fake: RgbImage
    mask: BinaryMask
    method: str
    has_mask: bool = True


def mirrored(portrait: Portrait) -> Portrait:
    """A portrait as a mirror shows it, with its landmarks renumbered."""
    points = portrait.landmarks[_MIRRORED].copy()
    points[:, 0] = portrait.image.shape[1] - 1 - points[:, 0]
    return replace(portrait, image=np.ascontiguousarray(portrait.image[:, ::-1]), landmarks=points)


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
    if settings.is_varied:
        portrait, donor = vary(portrait, rng), vary(donor, rng)
    names = list(settings.methods)
    name = names[int(rng.choice(len(names), p=[settings.methods[key] for key in names]))]
    forgery = forge_visibly(name, portrait, donor, rng)
    window = draw_window(rng, settings.window_jitter)
    chain = degradation or draw_degradation(rng, settings.codecs)
    real = degrade(np.ascontiguousarray(portrait.image[window]), chain)
    fake = degrade(np.ascontiguousarray(forgery.image[window]), chain)
    return Pair(real, fake, np.ascontiguousarray(forgery.mask[window]), name)


def draw_window(rng: np.random.Generator, window_jitter: bool) -> tuple[slice, slice]:
    """The 256 px window of a prepared picture that the model sees: rows and columns.

    Args:
        window_jitter: shift the central window by up to 16 px each way; nothing is drawn otherwise.
    """
    centre = (PREPARED_PX - CROP_PX) // 2
    top, left = centre, centre
    if window_jitter:
        top, left = (
            int(centre + shift) for shift in rng.integers(-_MAX_WINDOW_SHIFT_PX, _MAX_WINDOW_SHIFT_PX + 1, 2)
        )
    return slice(top, top + CROP_PX), slice(left, left + CROP_PX)


def batch_of(pairs: Sequence[Pair]) -> dict[str, Tensor]:
    """Stacks pairs into one batch: first all real versions, then all forged ones.

    Returns:
        "images" (2n, 3, S, S) uint8, "labels" (2n,) float32 with 1 = real (the paper's convention),
        "masks" (2n, S, S) uint8, zero for the real half; S is 256, or less for patches;
        "has_mask" (2n,) bool, True where "masks" is what is known of the picture: for the whole real
        half (nothing is forged there), and for the fakes that `Pair.has_mask` says so of.
    """
    pictures = np.stack([pair.real for pair in pairs] + [pair.fake for pair in pairs])
    masks = np.stack([pair.mask for pair in pairs])
    n = len(pairs)
    return {
        "images": torch.from_numpy(pictures).permute(0, 3, 1, 2),
        "labels": torch.cat([torch.ones(n), torch.zeros(n)]),
        "masks": torch.from_numpy(np.concatenate([np.zeros_like(masks), masks])),
        "has_mask": torch.tensor([True] * n + [pair.has_mask for pair in pairs]),
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
    """Item k is `n` patches of one pair: the same for the same seed.

    Forging a pair takes longer than learning from a few patches of it. With `reuse`, blocks of 256 pairs
    are kept and drawn from in a random order, each pair so many times with other patches; what is kept
    is a cache, and makes no item another one.

    Args:
        pairs: endless; item k is the same always.
        seed: of where the patches lie.
        reuse: how many items are cut from each pair; 1 = item k from pair k.
    """

    def __init__(self, pairs: Dataset[Pair], n: int, size_px: int, seed: int, reuse: int = 1) -> None:
        self.pairs, self.n, self.size_px, self.seed, self.reuse = pairs, n, size_px, seed, reuse
        self._kept: dict[int, Pair] = {}

    def number_of_pair(self, k: int) -> int:
        """Which pair item k is cut from."""
        if self.reuse == 1:
            return k
        block, position = divmod(k, _BLOCK_PAIRS * self.reuse)
        order = np.random.default_rng([self.seed, 4, block]).permutation(_BLOCK_PAIRS * self.reuse)
        return block * _BLOCK_PAIRS + int(order[position]) % _BLOCK_PAIRS

    def _pair(self, number: int) -> Pair:
        if self.reuse == 1:
            return self.pairs[number]
        if number not in self._kept:
            block = number // _BLOCK_PAIRS
            self._kept = {key: pair for key, pair in self._kept.items() if key // _BLOCK_PAIRS == block}
            self._kept[number] = self.pairs[number]
        return self._kept[number]

    def __getitem__(self, k: int) -> list[Pair]:
        """Makes the patches of item k."""
        rng = np.random.default_rng([self.seed, 3, k])
        pair = self._pair(self.number_of_pair(k))
        if not pair.has_mask:
            # Nobody knows where the forgery is: the patches lie anywhere.
            pair = replace(pair, mask=np.ones_like(pair.mask))
        if not pair.mask.any():
            # The window was shifted off a forgery at its edge: a pair from far beyond stands in.
            return PatchesOfPairs(self.pairs, self.n, self.size_px, self.seed)[k + _FAR]
        return cut_patches(pair, self.n, self.size_px, rng)


def batch_of_patches(patches: Sequence[list[Pair]]) -> dict[str, Tensor]:
    """Stacks the patches of several pairs, as `batch_of` does pairs; "is_patch" marks them."""
    batch = batch_of([patch for group in patches for patch in group])
    return {**batch, "is_patch": torch.tensor(True)}
