"""The loader of annotated fakes: painted or exact masks, and the crops that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from train.annotate.imported import AnnotatedMask
from train.data.crops import read_picture
from train.data.pairs import draw_window
from train.forge.degrade import Codec, degrade, draw_degradation


class AnnotatedFakes(Dataset[tuple[Tensor, Tensor]]):
    """Endless annotated fakes, degraded like everything else: item k is the same for the same seed.

    The window is the one that was painted on, mirrored at random.

    Args:
        folder: of the dataset that the masks were painted for.
        codecs: codec -> share; they sum to 1.
    """

    def __init__(
        self, folder: Path, masks: Sequence[AnnotatedMask], codecs: dict[Codec, float], seed: int
    ) -> None:
        self.folder, self.masks, self.codecs, self.seed = folder, list(masks), codecs, seed

    def __getitem__(self, k: int) -> tuple[Tensor, Tensor]:
        """Makes item k: (3, 256, 256) uint8 RGB and its mask (256, 256) uint8, 1 inside."""
        cv2.setNumThreads(1)
        epoch, position = divmod(k, len(self.masks))
        order = np.random.default_rng([self.seed, 4, epoch]).permutation(len(self.masks))
        rng = np.random.default_rng([self.seed, 5, k])
        annotated = self.masks[int(order[position])]
        picture = read_picture(self.folder / annotated.dataset_path)
        crop, mask = picture[draw_window(rng, window_jitter=False)], annotated.mask
        if rng.random() < 0.5:
            crop, mask = crop[:, ::-1], mask[:, ::-1]
        degraded = degrade(np.ascontiguousarray(crop), draw_degradation(rng, self.codecs))
        return (
            torch.from_numpy(degraded).permute(2, 0, 1),
            torch.from_numpy(np.ascontiguousarray(mask)),
        )


def batch_of_annotated(items: Sequence[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
    """Stacks items: "annotated" (A, 3, 256, 256) uint8 and "annotated_masks" (A, 256, 256) uint8."""
    return {
        "annotated": torch.stack([image for image, _ in items]),
        "annotated_masks": torch.stack([mask for _, mask in items]),
    }
