"""Trivial statistics of a picture, and how well each of them tells real from forged. Nothing is trained."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from forensic_cli.types import RgbImage
from train.data.png import png_of
from train.forge.codecs import h264_intra, jpeg
from train.forge.portrait import BinaryMask
from train.metrics import share_told_apart

# JPEG's 4:2:0 units and H.264's macroblocks are 16 px wide.
BLOCK_PX = 16

Region = NDArray[np.bool_]


def far_from(mask: BinaryMask, n_blocks: int) -> Region:
    """(S, S) bool, S a multiple of 16: the 16 px blocks with n or more blocks between them and the forgery.

    A codec works in blocks and smooths over their edges, so what it does next to a forgery depends on the
    forgery, as it must. Further off it may not.
    """
    n = mask.shape[0] // BLOCK_PX
    touched = mask.reshape(n, BLOCK_PX, n, BLOCK_PX).any(axis=(1, 3)).astype(np.uint8)
    side = 2 * n_blocks + 1
    near = cv2.dilate(touched, np.ones((side, side), np.uint8)) > 0
    return ~np.kron(near, np.ones((BLOCK_PX, BLOCK_PX), bool))


def statistics(image: RgbImage, region: Region) -> dict[str, float]:
    """What a lazy detector could look at, within a region of the picture.

    Args:
        image: (S, S, 3) uint8 RGB, S a multiple of 16.
        region: (S, S), not empty. A statistic that needs whole blocks is NaN where there are none.
    """
    ycc = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)
    luma = ycc[..., 0].astype(np.float32)
    flattened = np.where(region[..., None], image, np.uint8(128))
    inner = cv2.erode(region.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    inner = inner if inner.any() else region
    return {
        "brightness": float(luma[region].mean()),
        "chroma": float(np.abs(ycc[..., 1:][region].astype(int) - 128).mean()),
        "sharpness": float(np.abs(cv2.Laplacian(luma, cv2.CV_32F))[inner].mean()),
        "unused grey levels": float(np.mean([_unused_levels(image[..., k][region]) for k in range(3)])),
        "repeated pixels": float((image[:, 1:] == image[:, :-1]).all(axis=-1)[region[:, 1:]].mean()),
        "8 px grid": _grid_energy(luma, region, 8),
        "16 px grid": _grid_energy(luma, region, BLOCK_PX),
        "zero DCT": _zero_coefficients(luma, region),
        "JPEG 75 loss": _loss(image, jpeg(image, 75), region),
        "H.264 23 loss": _loss(image, h264_intra(image, 23), region),
        "PNG bytes": float(len(png_of(flattened))),
    }


def _unused_levels(values: NDArray[np.uint8]) -> float:
    """Share of levels between the 1st and the 99th percentile that no pixel has: the comb of a stretch."""
    low, high = np.percentile(values, (1, 99)).astype(int)
    used = np.bincount(values, minlength=256)[low : high + 1] > 0
    return float(1 - used.mean())


def _grid_energy(luma: NDArray[np.float32], region: Region, period_px: int) -> float:
    """Mean step over the lines of a grid, by the mean step elsewhere: 1 = no grid."""
    ratios = []
    for values, where in ((luma, region), (luma.T, region.T)):
        steps = np.abs(np.diff(values, axis=1))
        both = where[:, 1:] & where[:, :-1]
        on_grid = np.zeros(steps.shape[1], bool)
        on_grid[period_px - 1 :: period_px] = True
        on, off = steps[both & on_grid], steps[both & ~on_grid]
        if on.size and off.size:
            ratios.append(on.mean() / max(float(off.mean()), 1e-6))
    return float(np.mean(ratios)) if ratios else math.nan


def _zero_coefficients(luma: NDArray[np.float32], region: Region) -> float:
    """Share of 8 x 8 DCT coefficients that round to zero, over the blocks that lie in the region."""
    inside = _blocks(region).all(axis=(1, 2))
    if not inside.any():
        return math.nan
    # The transform's matrix D: a block B becomes D B D^T.
    basis = cv2.dct(np.eye(8, dtype=np.float32), flags=cv2.DCT_ROWS).T
    transformed = basis @ (_blocks(luma)[inside] - 128) @ basis.T
    return float((np.abs(transformed) < 0.5).mean())


def _blocks(plane: NDArray[Any]) -> NDArray[Any]:
    """(S, S) -> (S * S / 64, 8, 8)."""
    n = plane.shape[0] // 8
    return plane.reshape(n, 8, n, 8).swapaxes(1, 2).reshape(-1, 8, 8)


def _loss(before: RgbImage, after: RgbImage, region: Region) -> float:
    """What one more compression costs: little if the same one went before (Farid 2009, "JPEG ghosts")."""
    return float(np.abs(before.astype(np.int16) - after)[region].mean())


def share_above(real: Sequence[float], fake: Sequence[float]) -> tuple[float, int]:
    """How often a statistic is higher for the fake of a pair, ties half, and of how many pairs.

    It is harder to pass than an AUC: see `share_told_apart`. Pairs of which either value is NaN do not count.
    """
    pairs = np.array([real, fake], np.float64)
    pairs = pairs[:, ~np.isnan(pairs).any(axis=0)]
    return share_told_apart(*pairs), pairs.shape[1]


def chance_band(n: int, n_comparisons: int, level: float = 0.05) -> float:
    """How far from 0.5 the share of heads in n tosses of a fair coin strays by chance.

    The binomial interval (its score form, Wilson 1927) that all of the comparisons together leave with a
    probability of at most `level`: Bonferroni.
    """
    z = NormalDist().inv_cdf(1 - level / (2 * n_comparisons))
    return z / (2 * math.sqrt(n))


def png_chunks(path: Path) -> list[tuple[str, bytes]]:
    """(type, content) of every chunk of a PNG but its pixels; consecutive IDATs count as one."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = [], 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        # Of the pixels, zlib's header: it tells the encoder's level.
        content = data[at + 8 : at + 10] if kind == b"IDAT" else data[at + 8 : at + 8 + length]
        if not (kind == b"IDAT" and chunks and chunks[-1][0] == "IDAT"):
            chunks.append((kind.decode(), content))
        at += 12 + length
    return chunks
