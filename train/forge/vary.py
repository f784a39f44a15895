"""What differs between photographs before anyone forges them: applied to a picture as a whole."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from train.forge.colour import resharpen, shift
from train.forge.geometry import INTERPOLATIONS
from train.forge.portrait import Portrait


def vary(portrait: Portrait, rng: np.random.Generator) -> Portrait:
    """Resamples, recolours and resharpens a photograph at random; half of them stay as they are.

    Forging resamples what it pastes. Without this, forged regions would always be the softer part
    of their picture, and every untouched picture would be sampled once: a detector needs to learn
    no more than that.
    """
    if rng.random() < 0.5:
        return portrait
    image, points = portrait.image, portrait.landmarks
    if rng.random() < 0.7:
        size_px = image.shape[0]
        scale, angle = rng.uniform(0.94, 1.06), rng.uniform(-8, 8)
        centre = ((size_px - 1) / 2, (size_px - 1) / 2)
        matrix = np.asarray(cv2.getRotationMatrix2D(centre, angle, scale), np.float64)
        matrix[:, 2] += rng.uniform(-4, 4, 2)
        flags = INTERPOLATIONS[int(rng.integers(len(INTERPOLATIONS)))]
        image = np.asarray(
            cv2.warpAffine(image, matrix, (size_px, size_px), flags=flags, borderMode=cv2.BORDER_REFLECT_101),
            np.uint8,
        )
        points = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    before = image
    if rng.random() < 0.4:
        image = shift(image, rng)
    if rng.random() < 0.5:
        image = resharpen(image, rng)
    was_altered = image is not before
    return replace(portrait, image=image, landmarks=points, before=before if was_altered else None)
