"""The arms of the comparison: each trains, is measured, and is written down, once."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from paper_data import Pairs, tensor_of
from torch import Tensor

from forensic_cli.model.lae import Encoder, attention_map, latent_activations, normalise
from train.concepts import concept_channels, draw_random, rank
from train.loop import adam, averaged_copy
from train.metrics import auc, balanced_accuracy
from train.objective1 import Stage1Objective
from train.objective2 import Stage2Objective
from train.recipe import Initialisation, Stage1Recipe
from train.stage2_recipe import AttentionForm, AttentionNorm, Stage2Recipe

_BATCH = 64
_ANNOTATED = 16


@dataclass(frozen=True)
class Budget:
    """How long the arms train, and how wide the network is."""

    stage1_images: int
    stage2_images: int
    widths: tuple[int, int, int, int]


@dataclass(frozen=True)
class Arm:
    """One arm of stage 2. `n` masks, selected by `method`; 0 masks is the control arm."""

    name: str
    n: int = 0
    method: str = "active"
    norm: AttentionNorm = AttentionNorm.RAW
    form: AttentionForm = AttentionForm.PAPER
    lambda_latent: float = 0.5
    lambda_attention: float = 1.0


def batches(pairs: Pairs, n_images: int, seed: int):
    """Real and forged versions of the same photographs, mirrored at random: (images, labels)."""
    rng = np.random.default_rng([seed, 7])
    half = _BATCH // 2
    labels = torch.cat([torch.ones(half), torch.zeros(half)])
    for _ in range(n_images // _BATCH):
        chosen = rng.choice(len(pairs), half, replace=False)
        images = np.concatenate([pairs.real[chosen], pairs.fake[chosen]])
        if rng.random() < 0.5:
            images = np.ascontiguousarray(images[:, :, ::-1])
        yield tensor_of(images), labels


def train_stage1(pairs: Pairs, budget: Budget, seed: int, has_reconstruction: bool) -> Encoder:
    """LAE_latent, or LAE_latent_rec with the pixel loss; returns the averaged encoder."""
    recipe = Stage1Recipe(
        "paper-shape",
        seed=seed,
        initialisation=Initialisation.HIGH_PASS,
        beta_pixel=1.0 if has_reconstruction else 0.0,
        beta_perceptual=0.0,
        beta_adversarial=0.0,
        n_images=budget.stage1_images,
    )
    objective = Stage1Objective(recipe, encoder=Encoder(budget.widths)).to(memory_format=torch.channels_last)
    averaged = averaged_copy(objective.autoencoder.encoder, 0.98)
    optimiser = adam(objective.parameters(), recipe.lr)
    n_steps = budget.stage1_images // _BATCH
    for step, (images, labels) in enumerate(batches(pairs, budget.stage1_images, seed)):
        # Constant for half the way, then falling: the averaged weights need a calm end.
        share = max(0.0, (step / n_steps - 0.5) * 2)
        for group in optimiser.param_groups:
            group["lr"] = recipe.lr * (0.1 + 0.9 * (1 - share))
        _step(objective(images, labels)["total"], objective, optimiser)
        averaged.update_parameters(objective.autoencoder.encoder)
    return averaged.module.eval()


def train_stage2(
    start: Encoder, pairs: Pairs, arm: Arm, chosen: Sequence[int], budget: Budget, seed: int
) -> Encoder:
    """Stage 2, or its control arm, from a copy of `start`; returns the averaged encoder."""
    recipe = Stage2Recipe(
        arm.name,
        attention_norm=arm.norm,
        attention_form=arm.form,
        lambda_latent=arm.lambda_latent,
        lambda_attention=arm.lambda_attention if arm.n else 0.0,
    )
    objective = Stage2Objective(copy.deepcopy(start), recipe).to(memory_format=torch.channels_last).train()
    averaged = averaged_copy(objective.encoder, 0.98)
    optimiser = adam(objective.parameters(), recipe.lr)
    rng = np.random.default_rng([seed, 8])
    n_steps = budget.stage2_images // _BATCH
    for step, (images, labels) in enumerate(batches(pairs, budget.stage2_images, seed + 1)):
        # Algorithm 1 over six epochs: a tenth in the second half.
        for group in optimiser.param_groups:
            group["lr"] = recipe.lr * (1.0 if step < n_steps / 2 else 0.1)
        annotated = masks = None
        if arm.n:
            few = np.asarray(chosen)[rng.integers(len(chosen), size=_ANNOTATED)]
            crops, painted = pairs.fake[few], pairs.masks[few]
            if rng.random() < 0.5:
                crops, painted = crops[:, :, ::-1], painted[:, :, ::-1]
            annotated = tensor_of(np.ascontiguousarray(crops))
            masks = torch.from_numpy(np.ascontiguousarray(painted))
        _step(objective(images, labels, annotated, masks)["total"], objective, optimiser)
        averaged.update_parameters(objective.encoder)
    return averaged.module.eval()


def _step(loss: Tensor, module: torch.nn.Module, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
    optimiser.step()


@torch.inference_mode()
def encode(encoder: Encoder, images: NDArray[np.uint8], form: str = "paper"):
    """Scores (n,), attention maps (n, h, w) and channel means (n, K) of images (n, S, S, 3)."""
    scores, maps, means = [], [], []
    for start in range(0, len(images), 128):
        x = normalise(tensor_of(images[start : start + 128])).contiguous(memory_format=torch.channels_last)
        encoding = encoder(x)
        true, fake = latent_activations(encoding.z)
        scores.append((fake - true).double().numpy())
        maps.append(attention_map(encoder, encoding, form).numpy())
        means.append(encoding.concepts.mean(dim=(2, 3)).numpy())
    return np.concatenate(scores), np.concatenate(maps), np.concatenate(means)


def measure(encoder: Encoder, pairs: Pairs, form: str = "paper") -> dict[str, float]:
    """Accuracy at a_F = a_T, AUC, and where the attention lies on the forged versions."""
    genuine, _, _ = encode(encoder, pairs.real, form)
    forged, maps, _ = encode(encoder, pairs.fake, form)
    positive = np.clip(maps, 0, None)
    upsampled = torch.nn.functional.interpolate(
        torch.from_numpy(positive)[:, None], pairs.masks.shape[1:], mode="bilinear", align_corners=False
    )[:, 0].numpy()
    total = upsampled.sum(axis=(1, 2))
    inside = (upsampled * pairs.masks).sum(axis=(1, 2))
    peaks = upsampled.reshape(len(maps), -1).argmax(axis=1)
    hits = pairs.masks.reshape(len(maps), -1)[np.arange(len(maps)), peaks]
    return {
        "accuracy": balanced_accuracy(genuine, forged),
        "auc": auc(genuine, forged),
        "energy": float(np.mean(inside / np.maximum(total, 1e-9))),
        "pointing": float(hits.mean()),
        "area": float(pairs.masks.mean()),
    }


class Selector:
    """Picks the fakes whose masks an arm uses; the encoder's features are computed once."""

    def __init__(self, encoder: Encoder, pairs: Pairs, seed: int) -> None:
        self._encoder, self._pairs, self._seed = encoder, pairs, seed
        self._order: list[int] = []

    def pick(self, arm: Arm) -> list[int]:
        """Indices of fakes, best first."""
        n = min(arm.n, len(self._pairs))
        if arm.method == "random" or n == len(self._pairs):
            return [int(k) for k in draw_random(list(self._pairs.paths), n, self._seed)]
        if n and not self._order:
            _, _, real = encode(self._encoder, self._pairs.real)
            _, _, fake = encode(self._encoder, self._pairs.fake)
            labels = np.repeat([1, 0], [len(real), len(fake)])
            model = concept_channels(np.concatenate([real, fake]).astype(np.float64), labels)
            self._order = [int(k) for k in rank(fake.astype(np.float64), list(self._pairs.paths), model)]
        return self._order[:n]


class Book:
    """arms.jsonl: what was measured, an arm a line; what is in it is not run again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self.records = [json.loads(line) for line in lines]

    def has(self, **key: object) -> bool:
        """Whether a record with these values is there."""
        return any(all(record.get(name) == value for name, value in key.items()) for record in self.records)

    def add(self, record: dict[str, object]) -> None:
        """Writes a record down."""
        self.records.append(record)
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")


def run_arm(
    book: Book,
    key: dict[str, object],
    encoder: Encoder,
    sets: dict[str, Pairs],
    seconds: float,
    form: str = "paper",
    **more: object,
) -> None:
    """Measures an arm on every set and writes it down."""
    started = time.monotonic()
    figures = {name: measure(encoder, pairs, form) for name, pairs in sets.items()}
    book.add(
        {
            **key,
            **more,
            "sets": figures,
            "train_s": round(seconds, 1),
            "measure_s": round(time.monotonic() - started, 1),
        }
    )
    line = "  ".join(f"{name} {value['accuracy']:.3f}/{value['auc']:.3f}" for name, value in figures.items())
    print(f"{key}  {line}  ({seconds:.0f} s)", flush=True)
