"""How well an attention map shows where a forgery is, against the exact mask of it.

Nothing here normalises a map: what is compared is the raw one (eq. 8), enlarged as the paper does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from forensic_cli.model.lae import INPUT_PX
from train.forge.portrait import BinaryMask
from train.metrics import auc

# (h, w) float32: of the concept layer's size, or enlarged to the crop's.
Attention = NDArray[np.float32]

_CANDIDATE_PERCENTILES = np.arange(1, 100)


@dataclass(frozen=True, slots=True)
class Localisation:
    """One map against one mask.

    Attributes:
        pixel_auc: chance that a pixel inside the mask lies above one outside, ties half.
        iou: intersection over union of the mask and the pixels at or above a threshold; None without one.
        is_pointing: the highest pixel lies inside the mask (pointing game, Zhang et al. 2018, without
            its tolerance). By chance this happens with the probability `area`.
        energy: share of the map's positive part that lies inside the mask, 0 where it has none. Spread
            evenly it would be `area`.
        area: share of the crop that the mask covers.
        is_peak_on_rim: the highest cell lies on the outermost ring of cells, which zero padding favours.
    """

    pixel_auc: float
    iou: float | None
    is_pointing: bool
    energy: float
    area: float
    is_peak_on_rim: bool


def can_be_localised(mask: BinaryMask) -> bool:
    """Whether a mask has an inside and an outside: without both there is nothing to find."""
    return bool(mask.any() and not mask.all())


def enlarge(attention: Attention) -> Attention:
    """Up-samples a map bilinearly (align_corners False) to (256, 256), as eq. 9 has it."""
    batch = torch.from_numpy(np.ascontiguousarray(attention, np.float32))[None, None]
    size = (INPUT_PX, INPUT_PX)
    return F.interpolate(batch, size, mode="bilinear", align_corners=False)[0, 0].numpy()


def localise(attention: Attention, mask: BinaryMask, threshold: float | None) -> Localisation:
    """Compares a map with a mask.

    Args:
        attention: (16, 16) raw map of the concept layer's size; one of (256, 256) is taken as it is.
        mask: (256, 256), not 0 inside the forgery; `can_be_localised`.
        threshold: of the enlarged map, for the IoU; None for no IoU.
    """
    enlarged = enlarge(attention)
    inside = mask > 0
    positive = np.clip(enlarged, 0, None, dtype=np.float64)
    total = float(positive.sum())
    iou = None
    if threshold is not None:
        shown = enlarged >= threshold
        iou = float((shown & inside).sum() / (shown | inside).sum())
    return Localisation(
        pixel_auc=auc(enlarged[~inside], enlarged[inside]),
        iou=iou,
        is_pointing=bool(inside.flat[int(enlarged.argmax())]),
        energy=float(positive[inside].sum()) / total if total > 0 else 0.0,
        area=float(inside.mean()),
        is_peak_on_rim=is_peak_on_rim(attention),
    )


def is_peak_on_rim(attention: Attention) -> bool:
    """Whether the highest cell, the first of equals, lies on the outermost ring."""
    height, width = attention.shape
    row, column = divmod(int(attention.argmax()), width)
    return row in (0, height - 1) or column in (0, width - 1)


def iou_curve(attention: Attention, mask: BinaryMask, thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K,) IoU at each of K ascending thresholds of the enlarged map."""
    enlarged, inside = enlarge(attention).ravel(), mask.ravel() > 0
    # Pixel p is at or above threshold k exactly where k < level[p].
    level = np.searchsorted(thresholds.astype(np.float32), enlarged, side="right")
    n_shown = _at_or_above(np.bincount(level, minlength=len(thresholds) + 1))
    n_both = _at_or_above(np.bincount(level[inside], minlength=len(thresholds) + 1))
    return n_both / (n_shown + int(inside.sum()) - n_both)


def choose_iou_threshold(maps: Sequence[Attention], mask_of: Callable[[int], BinaryMask]) -> float | None:
    """The threshold with the highest mean IoU among the percentiles 1 to 99 of all maps' cells.

    Args:
        maps: of forged crops.
        mask_of: k -> mask of map k, `can_be_localised`.

    Returns:
        The lowest of equals; None where there are no maps.
    """
    if not maps:
        return None
    cells = np.concatenate([attention.ravel() for attention in maps])
    # In single precision, as the maps are: a threshold must not lie above the cell that it was taken from.
    candidates = np.unique(np.percentile(cells, _CANDIDATE_PERCENTILES).astype(np.float32)).astype(np.float64)
    total = np.zeros(len(candidates))
    for k, attention in enumerate(maps):
        total += iou_curve(attention, mask_of(k), candidates)
    return float(candidates[int(total.argmax())])


def _at_or_above(counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """(K,) from the (K + 1,) numbers of pixels a level: how many lie above level k."""
    return counts[::-1].cumsum()[::-1][1:]
