"""What a run's calibration rests on, as the model card has it: figures, rows and words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from forensic_cli.model.calibration import LOSSLESS, Calibration, CalibrationRow, ValidatedRange
from train.calibration.bounds import RULE, Bounds
from train.calibration.conditions import SMALL_FACE_PX, UNIT_CONDITIONS
from train.calibration.logistic import LogisticCalibration
from train.calibration.measures import cllr, cllr_min, expected_calibration_error
from train.calibration.units import Units
from train.forge.degrade import Codec
from train.metrics import Scores

TIPPETT_NAME = "tippett.png"
ENTROPY_NAME = "entropy.png"
N_FOLDS = 5
_SHARPNESS_PERCENTILES = (1.0, 99.0)
_METHOD = (
    "Logistic calibration: the natural log of LR is a straight line of the score, fitted with both "
    "classes weighted alike. Figures and bounds come from ratios cross-validated by identity in "
    f"{N_FOLDS} folds; the line itself was fitted on all units."
)


@dataclass(frozen=True, slots=True, eq=False)
class LogRatios:
    """Natural log ratios of all units, each from the folds that did not hold it.

    Attributes:
        genuine, forged: (n,).
        held_out: (m,), see `Units`.
    """

    genuine: Scores
    forged: Scores
    held_out: Scores

    def bounded(self, bounds: Bounds) -> LogRatios:
        """The ratios, cut off at the bounds."""
        low, high = np.array([bounds.log10_min, bounds.log10_max]) * np.log(10)
        return LogRatios(*(np.clip(part, low, high) for part in (self.genuine, self.forged, self.held_out)))


def calibration_record(
    units: Units, line: LogisticCalibration, ratios: LogRatios, bounds: Bounds, start_from: str
) -> Calibration:
    """The record that goes into the model card.

    Args:
        line: fitted on all units.
        ratios: not bounded.
        start_from: weights that the run went on from; "" = none.
    """
    bounded = ratios.bounded(bounds)
    scores = np.concatenate([units.genuine, units.forged])
    low, high = np.percentile(units.sharpness, _SHARPNESS_PERCENTILES)
    codecs = dict.fromkeys(condition.compression.codec for condition in UNIT_CONDITIONS)
    n = len(units.genuine)
    return Calibration(
        method=_METHOD,
        slope=line.slope,
        intercept=line.intercept,
        log10_lr_min=bounds.log10_min,
        log10_lr_max=bounds.log10_max,
        bound_rule=RULE,
        score_range=(float(scores.min()), float(scores.max())),
        n_genuine=n,
        n_forged=n,
        n_identities=len(units.people),
        crops_per_unit=1,
        data=" ".join((_data(units), *_choice(units, start_from))),
        forging_methods=tuple(sorted(set(units.methods))),
        conditions=tuple(condition.name for condition in UNIT_CONDITIONS),
        cllr=cllr(bounded.genuine, bounded.forged),
        cllr_min=cllr_min(units.genuine, units.forged),
        expected_calibration_error=expected_calibration_error(bounded.genuine, bounded.forged),
        validated=ValidatedRange(
            SMALL_FACE_PX,
            (float(low), float(high)),
            tuple(LOSSLESS if codec is Codec.NONE else codec.value for codec in codecs),
        ),
        rows=tuple(_rows(units, bounded)),
        tippett_file=TIPPETT_NAME,
        entropy_file=ENTROPY_NAME,
    )


def _data(units: Units) -> str:
    n = len(units.identities)
    if not units.is_stored:
        return (
            f"{n} photographs of {n} people of the validation split, each once genuine and once forged here, "
            "single crops."
        )
    n_others = sum(
        identity != partner for identity, partner in zip(units.identities, units.partners, strict=True)
    )
    others = f", {n_others} of somebody else" if n_others else ""
    return (
        f"{n} of the dataset's own fakes, of {n} people of the validation split, and as many genuine crops, "
        f"{n - n_others} of the same people{others}: single crops. {len(units.held_out)} of these people were "
        "forged by a method not trained on as well."
    )


def _choice(units: Units, start_from: str) -> Iterator[str]:
    """What the people have to do with training, with the checkpoint and with the thresholds."""
    part = "in a picture that the dataset names" if units.is_stored else "in a photograph or as a donor"
    yield (
        "None of these people was trained on, and none took part in choosing the checkpoint, "
        f"{part}: the {units.n_choosing} who did were left out."
    )
    if units.n_left_out:
        reason = (
            "since the dataset has no fake of them by a trained method, or no genuine crop that is free for it"
            if units.is_stored
            else "since a method left their photograph as it was"
        )
        yield f"{units.n_left_out} more were left out, {reason}."
    if units.is_stored:
        yield "Whose faces were put into the fakes the dataset does not say; those may be anybody's."
    if start_from:
        yield f"The run went on from {PurePath(start_from).name}; who chose those weights it does not know."
    yield "The thresholds were chosen on the validation split too, with some of these people in it."


def _rows(units: Units, bounded: LogRatios) -> Iterator[CalibrationRow]:
    """Cllr a condition and a method; the genuine units are those of the same people."""
    for condition in UNIT_CONDITIONS:
        chosen = np.array([own == condition for own in units.conditions])
        yield from _row(condition.name, "in-domain", bounded.genuine, bounded.forged, chosen)
    for method in sorted(set(units.methods)):
        chosen = np.array([own == method for own in units.methods])
        yield from _row(f"{method}, all conditions", "in-domain", bounded.genuine, bounded.forged, chosen)
    genuine, held_out = bounded.genuine[units.held_out_units], bounded.held_out
    every = np.ones(len(held_out), bool)
    yield from _row("all held-out methods", "out-of-domain", genuine, held_out, every)
    for method in sorted(set(units.held_out)):
        chosen = np.array([own == method for own in units.held_out])
        yield from _row(f"{method}, all conditions", "out-of-domain", genuine, held_out, chosen)


def _row(
    name: str, domain: str, genuine: Scores, forged: Scores, chosen: NDArray[np.bool_]
) -> Iterator[CalibrationRow]:
    """The row, or none where no unit was dealt that condition or method."""
    own_genuine, own_forged = genuine[chosen], forged[chosen]
    if len(own_genuine):
        yield CalibrationRow(
            condition=name,
            domain=domain,
            n_genuine=len(own_genuine),
            n_forged=len(own_forged),
            cllr=cllr(own_genuine, own_forged),
            cllr_min=cllr_min(own_genuine, own_forged),
        )
