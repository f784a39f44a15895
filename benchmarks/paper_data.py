"""Fixed arrays of one task of the paper: a source method to train on, a target method to test on."""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from train.data.crops import read_landmarks, read_portrait
from train.data.dataset import DatasetRow, Split, draw_donor, read_dataset, select
from train.forge.degrade import Codec, Degradation, degrade
from train.forge.portrait import Portrait
from train.forge.visible import UnforgeableError, forge_visibly

# Prepared pictures show 320 px for the crop's 256.
_MARGIN = 320 / 256
QUALITY = Degradation(codec=Codec.H264, quality=23)


@dataclass(frozen=True)
class Task:
    """One of the paper's tasks: trained on `source`, tested on both."""

    name: str
    source: str
    target: str


TASKS = (
    Task("face", "landmark-swap", "poisson-swap"),
    Task("inpainting", "telea-inpaint", "exemplar-inpaint"),
)


@dataclass(frozen=True)
class Pairs:
    """Genuine and forged versions of the same photographs.

    Attributes:
        real, fake: (n, S, S, 3) uint8 RGB, H.264 CRF 23.
        masks: (n, S, S) uint8, 1 inside the forgery.
        paths: of the photographs.
    """

    real: NDArray[np.uint8]
    fake: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    paths: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.paths)


def load_pairs(dataset: Path, cache: Path, method: str, split: Split, n: int, px: int, seed: int) -> Pairs:
    """Forges up to n photographs of a split at px x px, or reads what an earlier call forged."""
    path = cache / f"{method}-{split.value}-{n}-{px}-{seed}.npz"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        rows = sorted(select(read_dataset(dataset), split), key=lambda row: row.path)
        order = np.random.default_rng([seed, 1]).permutation(len(rows))[:n]
        jobs = [(dataset, rows, int(k), method, px, seed) for k in order]
        # Workers are started anew: OpenCV and FFmpeg do not survive a fork.
        with get_context("spawn").Pool(2, _start, (dataset,)) as pool:
            made = [entry for entry in pool.imap(_forge, jobs, chunksize=32) if entry is not None]
        temporary = path.with_suffix(".tmp.npz")
        np.savez(
            temporary,
            real=np.stack([entry[0] for entry in made]),
            fake=np.stack([entry[1] for entry in made]),
            masks=np.stack([entry[2] for entry in made]),
            paths=np.array([entry[3] for entry in made]),
        )
        temporary.rename(path)
    with np.load(path, allow_pickle=False) as archive:
        return Pairs(
            archive["real"], archive["fake"], archive["masks"], tuple(str(name) for name in archive["paths"])
        )


_LANDMARKS = {}


def _start(dataset: Path) -> None:
    cv2.setNumThreads(1)
    _LANDMARKS.update(read_landmarks(dataset))


def _forge(job: tuple[Path, list[DatasetRow], int, str, int, int]):
    dataset, rows, k, method, px, seed = job
    rng = np.random.default_rng([seed, 2, k])
    row = rows[k]
    portrait, donor = (
        at_scale(read_portrait(dataset, entry, _LANDMARKS), px) for entry in (row, draw_donor(rows, row, rng))
    )
    try:
        forgery = forge_visibly(method, portrait, donor, rng)
    except UnforgeableError:
        return None
    window = crop_window(portrait, px)
    real, fake = (
        degrade(np.ascontiguousarray(image[window]), QUALITY) for image in (portrait.image, forgery.image)
    )
    return real, fake, forgery.mask[window], row.path


def at_scale(portrait: Portrait, px: int) -> Portrait:
    """The portrait at the scale at which its crop measures px."""
    side = round(px * _MARGIN)
    scale = side / portrait.image.shape[0]
    image = cv2.resize(portrait.image, (side, side), interpolation=cv2.INTER_AREA)
    points = ((portrait.landmarks + 0.5) * scale - 0.5).astype(np.float32)
    return Portrait(np.asarray(image, np.uint8), points, portrait.source_id)


def crop_window(portrait: Portrait, px: int) -> tuple[slice, slice]:
    """The crop in the middle of a portrait: rows and columns."""
    start = (portrait.image.shape[0] - px) // 2
    return slice(start, start + px), slice(start, start + px)


def tensor_of(images: NDArray[np.uint8]) -> Tensor:
    """(n, S, S, 3) as (n, 3, S, S) uint8."""
    return torch.from_numpy(images).permute(0, 3, 1, 2)
