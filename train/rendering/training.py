"""`train renderers`: small face autoencoders, trained on the photographs of the training split."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from train.data.crops import RENDERERS_NAME, read_landmarks, read_portrait
from train.data.dataset import DatasetRow, Split, read_dataset, select
from train.loop import adam
from train.rendering.aligned import alignment, cut_face
from train.rendering.networks import RENDERERS, Renderer, RendererSpec
from train.rendering.renderers import save_renderer, write_facts

_BATCH = 32
_LR = 1e-3
# Landmarks are moved by so much of the face's side: the decoders learn faces, not one frame.
_JITTER = 0.03


@dataclass(frozen=True, slots=True)
class RendererProgress:
    """What a progress display needs: which renderer, how far, the loss of the last batch."""

    name: str
    n_images: int
    n_images_total: int
    loss: float


def train_renderers(
    dataset: Path,
    n_images: int,
    seed: int,
    on_step: Callable[[RendererProgress], None] = lambda progress: None,
) -> dict[str, float]:
    """Trains every renderer of `RENDERERS`, and writes them to `renderers/` in the dataset folder.

    Photographs of the training split alone: a renderer that knew a validation face would render it
    better than any that it does not.

    Args:
        n_images: faces that each renderer sees.

    Returns:
        name -> mean absolute error of the last tenth of training, in [0, 1].

    Raises:
        UsageError: the dataset cannot be read, or has no training photographs.
    """
    rows = select(read_dataset(dataset), Split.TRAIN)
    folder = dataset / RENDERERS_NAME
    errors = {}
    for spec in RENDERERS:
        faces, halves = aligned_faces(dataset, rows, spec)
        renderer, errors[spec.name] = train_renderer(spec, faces, halves, n_images, seed, on_step)
        save_renderer(folder, renderer)
    write_facts(folder, {"n_images": n_images, "seed": seed, "n_photographs": len(rows), "errors": errors})
    return errors


def half_of(source_id: str) -> int:
    """Which of a shared renderer's two decoders a person belongs to."""
    return hashlib.sha256(f"renderer:{source_id}".encode()).digest()[0] % 2


def aligned_faces(
    dataset: Path, rows: Sequence[DatasetRow], spec: RendererSpec
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Every row's face, with a margin for moving it: (n, S, S, 3) uint8, and each person's half (n,)."""
    landmarks = read_landmarks(dataset)
    margin_px = _margin_px(spec)
    side_px = spec.size_px + 2 * margin_px
    faces = []
    for row in rows:
        portrait = read_portrait(dataset, row, landmarks)
        matrix = alignment(portrait.landmarks, spec.size_px)
        matrix[:, 2] += margin_px
        faces.append(cut_face(portrait.image, matrix, side_px))
    return np.stack(faces), np.array([half_of(row.source_id) for row in rows])


def _margin_px(spec: RendererSpec) -> int:
    return max(1, round(_JITTER * spec.size_px))


def train_renderer(
    spec: RendererSpec,
    faces: NDArray[np.uint8],
    halves: NDArray[np.int64],
    n_images: int,
    seed: int,
    on_step: Callable[[RendererProgress], None] = lambda progress: None,
) -> tuple[Renderer, float]:
    """Trains one renderer to copy faces: mean absolute error of the pixels and of their differences.

    Args:
        faces, halves: see `aligned_faces`; a shared renderer needs people of both halves.

    Returns:
        The renderer, and the mean absolute error of the last tenth of training.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        renderer = Renderer(spec)
    renderer = renderer.to(memory_format=torch.channels_last)
    optimiser = adam(renderer.parameters(), _LR)
    rng = np.random.default_rng([seed, 11])
    people = [np.flatnonzero(halves == half) for half in range(2)] if spec.n_decoders > 1 else []
    n_steps = max(1, n_images // _BATCH)
    errors: list[float] = []
    for step in range(n_steps):
        for group in optimiser.param_groups:
            group["lr"] = _LR * (1 - 0.95 * step / n_steps)
        decoder = step % spec.n_decoders
        pool = people[decoder] if people else np.arange(len(faces))
        batch = _moved_faces(faces[rng.choice(pool, _BATCH)], spec.size_px, rng)
        rendered = renderer(batch, decoder)
        error = (rendered - batch).abs().mean()
        loss = error + 0.5 * _difference_error(rendered, batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        errors.append(error.item())
        on_step(RendererProgress(spec.name, (step + 1) * _BATCH, n_steps * _BATCH, loss.item()))
    return renderer.eval(), float(np.mean(errors[-max(1, n_steps // 10) :]))


def _moved_faces(faces: NDArray[np.uint8], size_px: int, rng: np.random.Generator) -> Tensor:
    """Windows of (n, S, S, 3) faces, shifted and mirrored at random: (n, 3, size_px, size_px) in [0, 1]."""
    far = faces.shape[1] - size_px
    top, left = (int(at) for at in rng.integers(0, far + 1, 2))
    window = faces[:, top : top + size_px, left : left + size_px]
    if rng.random() < 0.5:
        window = window[:, :, ::-1]
    pixels = torch.from_numpy(np.ascontiguousarray(window)).permute(0, 3, 1, 2).float() / 255
    return pixels.contiguous(memory_format=torch.channels_last)


def _difference_error(rendered: Tensor, faces: Tensor) -> Tensor:
    """Mean absolute error of neighbouring pixels' differences: without it only smooth faces come out."""
    down = F.l1_loss(rendered.diff(dim=2), faces.diff(dim=2))
    return down + F.l1_loss(rendered.diff(dim=3), faces.diff(dim=3))
