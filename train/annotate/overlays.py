"""Where the model looks: attention maps of the candidates, coloured over the crop, and cut at a level."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from forensic_cli.model.lae import ConceptEncoder, attention_map, normalise
from forensic_cli.types import RgbImage
from train.forge.portrait import BinaryMask
from train.localisation import Attention, enlarge

# The prefilled mask is what lies at or above this share of a map's own maximum.
PREFILL_SHARE = 0.5
_SMALLEST_PATCH_PX = 64
_MAX_OPACITY = 0.65
_BATCH_SIZE = 32


@torch.inference_mode()
def attention_of(encoder: ConceptEncoder, crops: Sequence[RgbImage], form: str) -> list[Attention]:
    """Raw attention maps (eq. 8) in evaluation mode, fp32.

    Args:
        crops: each (256, 256, 3) uint8 RGB.
        form: see `attention_map`.

    Returns:
        Each (16, 16) float32.
    """
    device = next(encoder.parameters()).device
    was_training = encoder.training
    encoder.eval()
    maps: list[Attention] = []
    for start in range(0, len(crops), _BATCH_SIZE):
        batch = torch.from_numpy(np.stack(crops[start : start + _BATCH_SIZE])).to(device)
        x = normalise(batch.permute(0, 3, 1, 2)).contiguous(memory_format=torch.channels_last)
        maps += list(attention_map(encoder, encoder(x), form).float().cpu().numpy())
    encoder.train(was_training)
    return maps


def common_scale(maps: Sequence[Attention]) -> float:
    """The attention at the top of the colour scale: the median of the maps' maxima.

    One scale for all candidates, or a map that is flat and low would seem to glow like any other. Their
    largest value would do, but for one exception that darkens all the rest.

    Returns:
        Above 0.
    """
    median = float(np.median([float(attention.max()) for attention in maps]))
    return median if median > 0 else 1.0


def overlay(crop: RgbImage, attention: Attention, scale: float) -> RgbImage:
    """Lays attention over a crop, the more opaque the higher: 0 and less is clear, `scale` and more full.

    Args:
        crop: (256, 256, 3).
        attention: (16, 16).

    Returns:
        (256, 256, 3) uint8 RGB.
    """
    values = np.clip(enlarge(attention) / scale, 0, 1)
    opacity = (values * _MAX_OPACITY)[..., None]
    mixed = crop.astype(np.float32) * (1 - opacity) + colours(values).astype(np.float32) * opacity
    return np.asarray(np.rint(mixed), np.uint8)


def colours(values: NDArray[np.float32]) -> RgbImage:
    """Colours values in [0, 1] with the Inferno map, whose lightness rises evenly: (H, W, 3) uint8 RGB."""
    levels = np.rint(values * 255).astype(np.uint8)
    return np.asarray(
        cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB), np.uint8
    )


def proposed_mask(attention: Attention) -> BinaryMask:
    """A mask to correct rather than to paint: attention at or above half of its own maximum.

    Patches of fewer than 64 pixels are left out. Empty where the map is nowhere positive.

    Returns:
        (256, 256) uint8, 1 = proposed.
    """
    enlarged = enlarge(attention)
    top = float(enlarged.max())
    if top <= 0:
        return np.zeros(enlarged.shape, np.uint8)
    above = np.asarray(enlarged >= PREFILL_SHARE * top, np.uint8)
    n_patches, patches, facts, _ = cv2.connectedComponentsWithStats(above, connectivity=4)
    kept = [k for k in range(1, n_patches) if facts[k, cv2.CC_STAT_AREA] >= _SMALLEST_PATCH_PX]
    return np.isin(patches, kept).astype(np.uint8)
