"""Fixed validation pairs, and the figures measured on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from forensic_cli.errors import UsageError
from forensic_cli.model.lae import ConceptEncoder, attention_map, latent_activations, normalise
from forensic_cli.types import LatentActivation
from train.data.crops import read_landmarks, read_portrait
from train.data.dataset import DatasetRow, draw_donor
from train.data.pairs import ForgeSettings, Pair, batch_of, make_pair
from train.data.stored import StoredPairs
from train.forge.degrade import Codec, Degradation
from train.forge.visible import UnforgeableError
from train.localisation import can_be_localised, localise
from train.metrics import Scores, auc, balanced_accuracy


@dataclass(frozen=True, slots=True)
class Condition:
    """One compression under which a method is measured.

    Attributes:
        quality: JPEG quality, or H.264 constant rate factor.
    """

    name: str
    codec: Codec
    quality: int = 0

    @property
    def degradation(self) -> Degradation:
        """The chain that applies it and nothing else."""
        return Degradation(codec=self.codec, quality=self.quality)


CONDITIONS = (
    Condition("no further compression", Codec.NONE),
    Condition("JPEG 75", Codec.JPEG, 75),
    Condition("H.264 CRF 23", Codec.H264, 23),
    Condition("H.264 CRF 40", Codec.H264, 40),
)


_ATTENTION_BATCH = 64
# At most so many photographs of each method and condition choose a run's best checkpoint ...
_N_CHOOSING = 32
# ... and at most this share of those there are: with their donors half of the people, so that the other
# half is left to calibrate on.
_CHOOSING_SHARE = 0.25


def n_choosing(n: int) -> int:
    """How many of n validation photographs choose the checkpoint; at least 2."""
    return max(2, min(_N_CHOOSING, int(n * _CHOOSING_SHARE)))


def drawn(
    rows: Sequence[DatasetRow], n: int, seed: int
) -> Iterator[tuple[DatasetRow, DatasetRow, np.random.Generator]]:
    """The first n rows in a seeded order, each with its donor and the generator that goes on to forge it.

    Raises:
        UsageError: the rows hold one identity only.
    """
    for number in np.random.default_rng(seed).permutation(len(rows))[:n]:
        rng = np.random.default_rng([seed, int(number)])
        row = rows[int(number)]
        yield row, draw_donor(rows, row, rng), rng


@dataclass(frozen=True, slots=True, eq=False)
class PairScores:
    """Scores of the genuine and the forged versions of the same photographs.

    Attributes:
        genuine, forged: (n,) float64, higher = more fake; index i is one photograph.
    """

    method: str
    condition: str
    genuine: Scores
    forged: Scores

    @property
    def auc(self) -> float:
        """Area under the ROC curve."""
        return auc(self.genuine, self.forged)

    @property
    def accuracy(self) -> float:
        """Balanced accuracy at a_F = a_T, the paper's decision."""
        return balanced_accuracy(self.genuine, self.forged)


class ValidationSet:
    """Pairs that are the same at every validation: one method, one condition.

    Attributes:
        batch: as `batch_of` makes it.
        people: whose faces are in it, donors included, by `source_id`.
    """

    def __init__(
        self, method: str, condition: Condition, pairs: Sequence[Pair], people: frozenset[str]
    ) -> None:
        self.method, self.condition, self.people = method, condition, people
        self.batch = batch_of(pairs)

    def score(self, encoder: ConceptEncoder, device: torch.device) -> PairScores:
        """Scores all pairs with an encoder in evaluation mode."""
        scores = score_images(encoder, self.batch["images"], device)
        n = len(scores) // 2
        return PairScores(self.method, self.condition.name, scores[:n], scores[n:])


class FixedPairs(ValidationSet):
    """Forged here, by one method, from the real crops of a split.

    Args:
        n: photographs, the first n of `rows` in a seeded order. One that resists the method (no hair to
            recolour) is left out.

    Raises:
        UsageError: there are fewer than two rows, or every photograph resists.
    """

    def __init__(
        self, folder: Path, rows: Sequence[DatasetRow], method: str, condition: Condition, n: int, seed: int
    ) -> None:
        if len(rows) < 2:
            raise UsageError("Validation needs at least two photographs.", "Prepare more material.")
        settings = ForgeSettings({method: 1.0}, {condition.codec: 1.0}, window_jitter=False)
        landmarks = read_landmarks(folder)
        pairs: list[Pair] = []
        people: set[str] = set()
        for row, donor, rng in drawn(rows, n, seed):
            portrait, other = (read_portrait(folder, entry, landmarks) for entry in (row, donor))
            try:
                pairs.append(make_pair(portrait, other, settings, rng, condition.degradation))
            except UnforgeableError:
                continue
            people |= {row.source_id, donor.source_id}
        if not pairs:
            raise UsageError(f"{method} changes none of the photographs.", "Prepare more material.")
        super().__init__(method, condition, pairs, frozenset(people))


class FixedStoredPairs(ValidationSet):
    """Stored fakes of one method and split, each with its real partner.

    Args:
        fakes: of one method.
        real: real crops of the same split.
        n: the first n fakes in a seeded order.

    Raises:
        UsageError: there are none.
    """

    def __init__(
        self,
        folder: Path,
        fakes: Sequence[DatasetRow],
        real: Sequence[DatasetRow],
        condition: Condition,
        n: int,
        seed: int,
    ) -> None:
        stored = StoredPairs(folder, fakes, real, {condition.codec: 1.0}, seed, window_jitter=False)
        chosen = range(min(n, len(fakes)))
        pairs = [stored.pair(k, condition.degradation) for k in chosen]
        people = frozenset(person for k in chosen for person in stored.people(k))
        super().__init__(fakes[0].method, condition, pairs, people)


def people_of(sets: Sequence[ValidationSet]) -> frozenset[str]:
    """Everybody whose face is in one of the sets."""
    return frozenset(person for pairs in sets for person in pairs.people)


@torch.inference_mode()
def score_images(
    encoder: ConceptEncoder, images: Tensor, device: torch.device, batch_size: int = 64
) -> Scores:
    """Scores pictures in fp32.

    Args:
        images: (N, 3, 256, 256) uint8.

    Returns:
        (N,) float64, `a_F - a_T`.
    """
    was_training = encoder.training
    encoder.eval()
    scores: list[float] = []
    for start in range(0, len(images), batch_size):
        x = normalise(images[start : start + batch_size].to(device))
        activation_true, activation_fake = latent_activations(
            encoder(x.contiguous(memory_format=torch.channels_last)).z
        )
        scores += [
            LatentActivation(real, fake).score
            for real, fake in zip(activation_true.tolist(), activation_fake.tolist(), strict=True)
        ]
    encoder.train(was_training)
    return np.array(scores, np.float64)


@torch.inference_mode()
def attention_figures(
    encoder: ConceptEncoder, sets: Sequence[ValidationSet], form: str, device: torch.device
) -> dict[str, float]:
    """Where the attention lies on the forged versions of all sets whose masks are known.

    Returns:
        "attention/energy", "attention/pointing" and "attention/pixel_auc", means over crops (see
        `Localisation`), and "attention/area", what the first two would be by chance; empty if no mask
        has both an inside and an outside.
    """
    was_training = encoder.training
    encoder.eval()
    found = []
    for pairs in sets:
        n = len(pairs.batch["labels"]) // 2
        images, masks = pairs.batch["images"][n:], pairs.batch["masks"][n:].numpy()
        known = pairs.batch["has_mask"][n:].tolist()
        for start in range(0, n, _ATTENTION_BATCH):
            x = normalise(images[start : start + _ATTENTION_BATCH].to(device))
            encoding = encoder(x.contiguous(memory_format=torch.channels_last))
            for k, attention in enumerate(
                attention_map(encoder, encoding, form).float().cpu().numpy(), start
            ):
                if known[k] and can_be_localised(masks[k]):
                    found.append(localise(attention, masks[k], None))
    encoder.train(was_training)
    if not found:
        return {}
    return {
        "attention/energy": float(np.mean([entry.energy for entry in found])),
        "attention/pointing": float(np.mean([entry.is_pointing for entry in found])),
        "attention/pixel_auc": float(np.mean([entry.pixel_auc for entry in found])),
        "attention/area": float(np.mean([entry.area for entry in found])),
    }
