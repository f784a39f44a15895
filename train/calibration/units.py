"""The calibration set: people who had no part in training, each genuine and forged, and their scores.

A unit is a face track of one person in one coding: once as it is, once forged by a method that was
trained on and, where there is such a picture, once by one that was held out, all degraded alike. In each
coding no person comes twice: its units are independent of each other, as the bounds of a likelihood ratio
require, but for the donors of swapped faces. A track's score is pooled as a scan pools it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray

from forensic_cli.errors import UsageError
from forensic_cli.evidence.pooling import track_score
from forensic_cli.faces.crop import sharpness
from forensic_cli.model.lae import ConceptEncoder
from forensic_cli.types import RgbImage
from train.calibration.conditions import CONDITIONS_OF_CODING, UnitCondition
from train.calibration.unit import Draw, Unit
from train.metrics import Scores
from train.validation import score_images

MIN_UNITS = 20
_UNITS_A_BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class LogRatios:
    """Natural log ratios of units, each from the folds that did not hold it.

    Attributes:
        genuine, forged: (n,).
        held_out: (m,), see `Units`.
    """

    genuine: Scores
    forged: Scores
    held_out: Scores

    def clipped(self, log10_min: float, log10_max: float) -> LogRatios:
        """The ratios, cut off."""
        low, high = log10_min * np.log(10), log10_max * np.log(10)
        return LogRatios(*(np.clip(part, low, high) for part in (self.genuine, self.forged, self.held_out)))


@dataclass(frozen=True, slots=True, eq=False)
class CodedScores:
    """The units in one coding, every person once; index i is one of them, index j a held-out track.

    Attributes:
        units, held_out_tracks: (n,), (m,) where they stand in `Units`.
        genuine, forged: (n,) scores.
        forged_held_out: (m,) scores.
        held_out_units: (m,) which of these n units each belongs to.
        sharpness: (n, 2), see `Units`.
    """

    units: NDArray[np.intp]
    held_out_tracks: NDArray[np.intp]
    genuine: Scores
    forged: Scores
    forged_held_out: Scores
    held_out_units: NDArray[np.intp]
    sharpness: Scores


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The scores of a calibration set; index i is one unit, index j one track by a held-out method.

    Attributes:
        identities: (n,) who was forged, no two alike in a coding.
        partners: (n,) who is in the genuine crop: the same, see `Unit`.
        conditions: (n,) of every unit.
        methods: (n,) by which each was forged.
        genuine, forged: (n,) scores.
        held_out: (m,) methods; m is n, or less where the fakes of a dataset are used.
        held_out_units: (m,) which unit each belongs to.
        forged_held_out: (m,) scores.
        sharpness: (n, 2) of the genuine and the forged tracks, the median over their crops.
        n_choosing: people left out since they had a part in choosing the checkpoint.
        n_left_out: people left out since they gave no unit.
        is_stored: the fakes lay in the dataset; otherwise they were forged here.
    """

    identities: tuple[str, ...]
    partners: tuple[str, ...]
    conditions: tuple[UnitCondition, ...]
    methods: tuple[str, ...]
    genuine: Scores
    forged: Scores
    held_out: tuple[str, ...]
    held_out_units: NDArray[np.intp]
    forged_held_out: Scores
    sharpness: Scores
    n_choosing: int
    n_left_out: int
    is_stored: bool

    @property
    def codings(self) -> tuple[str, ...]:
        """Those that occur, in the order of the conditions."""
        occurring = {condition.coding for condition in self.conditions}
        return tuple(coding for coding in CONDITIONS_OF_CODING if coding in occurring)

    def of_coding(self, coding: str) -> CodedScores:
        """The scores of the units in one coding."""
        units, held_out_tracks = self._places((coding,))
        own = self.only((coding,))
        return CodedScores(
            units,
            held_out_tracks,
            own.genuine,
            own.forged,
            own.forged_held_out,
            own.held_out_units,
            own.sharpness,
        )

    def only(self, codings: Sequence[str]) -> Units:
        """The units in these codings."""
        chosen, held_out = self._places(codings)
        return replace(
            self,
            identities=tuple(self.identities[k] for k in chosen),
            partners=tuple(self.partners[k] for k in chosen),
            conditions=tuple(self.conditions[k] for k in chosen),
            methods=tuple(self.methods[k] for k in chosen),
            genuine=self.genuine[chosen],
            forged=self.forged[chosen],
            held_out=tuple(self.held_out[k] for k in held_out),
            held_out_units=np.searchsorted(chosen, self.held_out_units[held_out]),
            forged_held_out=self.forged_held_out[held_out],
            sharpness=self.sharpness[chosen],
        )

    def _places(self, codings: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Which units, and which held-out tracks, are in these codings."""
        units = np.flatnonzero([condition.coding in codings for condition in self.conditions])
        return units, np.flatnonzero(np.isin(self.held_out_units, units))

    def joined(self, of_codings: Mapping[str, LogRatios]) -> LogRatios:
        """The ratios of each coding's units, in the order of all units."""
        whole = LogRatios(
            *(np.empty_like(part) for part in (self.genuine, self.forged, self.forged_held_out))
        )
        for coding, part in of_codings.items():
            own = self.of_coding(coding)
            whole.genuine[own.units], whole.forged[own.units] = part.genuine, part.forged
            whole.held_out[own.held_out_tracks] = part.held_out
        return whole

    @property
    def people(self) -> frozenset[str]:
        """Whose faces are in the genuine and the forged crops."""
        return frozenset((*self.identities, *self.partners))


@dataclass(frozen=True, slots=True)
class _Scored:
    """What is kept of a unit once its pixels are let go."""

    identity: str
    partner: str
    condition: UnitCondition
    method: str
    held_out: str
    scores: tuple[float, ...]
    sharpness: tuple[float, float]


def score_units(
    draw: Draw, encoder: ConceptEncoder, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> Units:
    """Scores the units of a calibration set.

    Args:
        encoder: in evaluation mode.

    Raises:
        UsageError: fewer than `MIN_UNITS` people are left.
    """
    _refuse_too_few(draw.n_at_most, draw)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    encoder = encoder.to(device).to(memory_format=torch.channels_last)
    found: list[_Scored] = []
    while batch := list(islice(draw.units, _UNITS_A_BATCH)):
        found += _scored(
            batch, score_tracks([track for unit in batch for track in unit.tracks], encoder, device)
        )
        on_progress(len({unit.identity for unit in found}), draw.n_at_most)
    _refuse_too_few(len({unit.identity for unit in found}), draw)
    with_held_out = [number for number, unit in enumerate(found) if unit.held_out]
    identities = tuple(unit.identity for unit in found)
    partners = tuple(unit.partner for unit in found)
    return Units(
        identities=identities,
        partners=partners,
        conditions=tuple(unit.condition for unit in found),
        methods=tuple(unit.method for unit in found),
        genuine=np.array([unit.scores[0] for unit in found]),
        forged=np.array([unit.scores[1] for unit in found]),
        held_out=tuple(found[number].held_out for number in with_held_out),
        held_out_units=np.array(with_held_out, np.intp),
        forged_held_out=np.array([found[number].scores[2] for number in with_held_out]),
        sharpness=np.array([unit.sharpness for unit in found]),
        n_choosing=draw.n_choosing,
        n_left_out=draw.n_people - draw.n_choosing - len({*identities, *partners}),
        is_stored=draw.is_stored,
    )


def score_tracks(
    tracks: Sequence[Sequence[RgbImage]], encoder: ConceptEncoder, device: torch.device
) -> Scores:
    """The scores of face tracks, (n,): those of their crops, pooled as a scan pools them."""
    pictures = np.stack([image for track in tracks for image in track])
    scores = score_images(encoder, torch.from_numpy(pictures).permute(0, 3, 1, 2), device)
    ends = np.cumsum([len(track) for track in tracks])[:-1]
    return np.array([track_score(part) for part in np.split(scores, ends)])


def _refuse_too_few(n: int, draw: Draw) -> None:
    if n >= MIN_UNITS:
        return
    fake = "a stored fake by a trained method" if draw.is_stored else "a photograph that could be forged"
    raise UsageError(
        f"Of {draw.n_people} people of the validation split {draw.n_choosing} had a part in choosing the "
        f"checkpoint; of the others {n} have {fake}, and a calibration needs {MIN_UNITS}.",
        "Prepare more material.",
    )


def _scored(batch: list[Unit], values: Scores) -> Iterator[_Scored]:
    left = iter(values.tolist())
    for unit in batch:
        genuine, forged = (float(np.median([*map(sharpness, track)])) for track in unit.tracks[:2])
        scores = tuple(islice(left, len(unit.tracks)))
        yield _Scored(
            unit.identity,
            unit.partner,
            unit.condition,
            unit.method,
            unit.held_out,
            scores,
            (genuine, forged),
        )
