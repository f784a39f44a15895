"""Filling a hole from what surrounds it: the paper's third task, by three different principles."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from forensic_cli.types import RgbImage
from train.forge.portrait import BinaryMask

_PATCH_PX = 7
_COARSEST = 8
_N_PASSES = 3

Offsets = NDArray[np.int32]
Pixels = NDArray[np.float32]


def central_hole(size_px: int, hole_px: int) -> BinaryMask:
    """The square hole in the middle of a picture: 1 inside."""
    hole = np.zeros((size_px, size_px), np.uint8)
    start = (size_px - hole_px) // 2
    hole[start : start + hole_px, start : start + hole_px] = 1
    return hole


def diffuse(image: RgbImage, hole: BinaryMask, method: int, radius_px: float) -> RgbImage:
    """Continues edges and colours into the hole.

    Args:
        method: `cv2.INPAINT_TELEA` (Telea 2004) or `cv2.INPAINT_NS` (Bertalmio et al. 2001).
        radius_px: of the neighbourhood that each pixel is made from.
    """
    return np.asarray(cv2.inpaint(image, hole, radius_px, method), dtype=np.uint8)


def fill_from_exemplars(image: RgbImage, hole: BinaryMask, rng: np.random.Generator) -> RgbImage:
    """Fills a hole with patches of the same picture that fit (Wexler, Shechtman and Irani 2007).

    The coarsest level compares every patch with every other one; the finer ones carry the offsets
    on and improve them from their neighbours' (Barnes et al. 2009).

    Args:
        image: (S, S, 3) uint8, S a multiple of 8.
        hole: (S, S) uint8, 1 inside; what is outside stays as it is.
        rng: a little noise that breaks ties between equal patches.

    Raises:
        ValueError: the side is no multiple of 8.
    """
    size_px = image.shape[0]
    if size_px % _COARSEST:
        raise ValueError(f"A side of {size_px} px is no multiple of {_COARSEST}.")
    filled = np.asarray(cv2.inpaint(image, hole, 3, cv2.INPAINT_TELEA), np.float32)
    offsets: Offsets | None = None
    scale = _COARSEST
    while scale >= 1:
        side = size_px // scale
        level = np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), np.float32)
        missing = cv2.resize(hole * np.uint8(255), (side, side), interpolation=cv2.INTER_AREA) > 0
        if offsets is None:
            guess = np.asarray(cv2.resize(filled, (side, side), interpolation=cv2.INTER_AREA), np.float32)
            level = _composed(level, guess, missing)
            for _ in range(_N_PASSES):
                offsets = _exhaustive(level, missing, rng)
                level = _composed(level, _voted(level, offsets), missing)
        else:
            offsets = np.repeat(np.repeat(offsets * 2, 2, axis=0), 2, axis=1)
            offsets = _inside_known(offsets, missing)
            level = _composed(level, _voted(level, offsets), missing)
            for _ in range(_N_PASSES):
                offsets = _improved(level, offsets, missing)
                level = _composed(level, _voted(level, offsets), missing)
        filled, scale = level, scale // 2
    rounded = np.clip(np.rint(filled), 0, 255).astype(np.uint8)
    return np.where(hole[..., None] > 0, rounded, image).astype(np.uint8)


def _composed(known: Pixels, guess: Pixels, missing: NDArray[np.bool_]) -> Pixels:
    return np.where(missing[..., None], guess, known).astype(np.float32)


def _exhaustive(level: Pixels, missing: NDArray[np.bool_], rng: np.random.Generator) -> Offsets:
    """For each missing pixel the offset to the centre of the best patch that is known throughout."""
    side, half = level.shape[0], _PATCH_PX // 2
    padded = np.pad(level, ((half, half), (half, half), (0, 0)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (_PATCH_PX, _PATCH_PX), axis=(0, 1))
    patches = windows.reshape(side * side, -1)
    reach = cv2.dilate(missing.astype(np.uint8), np.ones((_PATCH_PX, _PATCH_PX), np.uint8)) > 0
    sources = np.flatnonzero(~reach)
    wanted = np.flatnonzero(missing)
    offsets = np.zeros((side, side, 2), np.int32)
    if not len(sources) or not len(wanted):
        return offsets
    distance = (
        (patches[sources] ** 2).sum(axis=1)[None]
        - 2 * patches[wanted] @ patches[sources].T
        + rng.uniform(0, 1e-3, (len(wanted), len(sources)))
    )
    best = sources[distance.argmin(axis=1)]
    offsets.reshape(-1, 2)[wanted] = np.stack(
        [best // side - wanted // side, best % side - wanted % side], axis=1
    )
    return offsets


def _inside_known(offsets: Offsets, missing: NDArray[np.bool_]) -> Offsets:
    """Replaces offsets that leave the picture or end in the hole by the nearest pixel's that does not."""
    is_good = _ends_known(offsets, missing) & missing
    if not is_good.any() or not (missing & ~is_good).any():
        return offsets
    # distanceTransformWithLabels numbers the zero pixels: the label is the nearest good pixel's.
    _, labels = cv2.distanceTransformWithLabels(
        (~is_good).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros((int(labels.max()) + 1, 2), np.int32)
    table[labels[is_good]] = offsets[is_good]
    mended = np.where(is_good[..., None], offsets, table[labels])
    # What even the neighbour's offset does not mend stays where it is: its guess is kept.
    mended[~_ends_known(mended, missing)] = 0
    return np.asarray(mended, np.int32)


def _ends(offsets: Offsets) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    side = offsets.shape[0]
    rows, columns = np.mgrid[0:side, 0:side]
    return rows + offsets[..., 0], columns + offsets[..., 1]


def _ends_known(offsets: Offsets, missing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    side = offsets.shape[0]
    rows, columns = _ends(offsets)
    inside = (rows >= 0) & (rows < side) & (columns >= 0) & (columns < side)
    return np.asarray(
        inside & ~missing[np.clip(rows, 0, side - 1), np.clip(columns, 0, side - 1)], dtype=np.bool_
    )


def _fetched(level: Pixels, offsets: Offsets) -> Pixels:
    side = level.shape[0]
    rows, columns = _ends(offsets)
    return np.asarray(level[np.clip(rows, 0, side - 1), np.clip(columns, 0, side - 1)], np.float32)


def _voted(level: Pixels, offsets: Offsets) -> Pixels:
    """Each pixel as the mean of what the patches round it want there: no seams between patches."""
    total = np.zeros_like(level)
    by_px = _PATCH_PX // 2
    shifts = [(down, right) for down in (-by_px, 0, by_px) for right in (-by_px, 0, by_px)]
    for shift in shifts:
        total += _fetched(level, np.asarray(np.roll(offsets, shift, axis=(0, 1)), np.int32))
    return total / np.float32(len(shifts))


def _improved(level: Pixels, offsets: Offsets, missing: NDArray[np.bool_]) -> Offsets:
    """Tries each neighbour's offset, and keeps the one whose patch fits best."""
    best = offsets.copy()
    best_cost = _cost(level, best, missing)
    for axis, by in ((0, 1), (0, -1), (1, 1), (1, -1)):
        candidate = np.asarray(np.roll(offsets, by, axis=axis), np.int32)
        cost = _cost(level, candidate, missing)
        is_better = missing & (cost < best_cost)
        best[is_better], best_cost[is_better] = candidate[is_better], cost[is_better]
    return best


def _cost(level: Pixels, offsets: Offsets, missing: NDArray[np.bool_]) -> NDArray[np.float32]:
    difference = np.square(level - _fetched(level, offsets)).sum(axis=-1)
    cost = np.asarray(cv2.boxFilter(difference, -1, (_PATCH_PX, _PATCH_PX)), np.float32)
    # An offset of zero "fits" perfectly: it copies the guess. It must not win.
    cost[~_ends_known(offsets, missing)] = np.inf
    return cost
