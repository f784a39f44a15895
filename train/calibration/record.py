"""What a run's calibration rests on, as the model card has it: figures, rows and words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from forensic_cli.model.calibration import Calibration, CalibrationLine, CalibrationRow, ValidatedRange
from train.calibration.bounds import RULE, Bounds
from train.calibration.conditions import CONDITIONS_OF_CODING, SMALL_FACE_PX, UNIT_CONDITIONS
from train.calibration.logistic import LogisticCalibration
from train.calibration.measures import cllr, cllr_min, expected_calibration_error
from train.calibration.units import CodedScores, LogRatios, Units
from train.metrics import Scores

TIPPETT_NAME = "tippett.png"
ENTROPY_NAME = "entropy.png"
N_FOLDS = 5
_SHARPNESS_PERCENTILES = (1.0, 99.0)
_METHOD = (
    "Logistic calibration: for each last compression, the natural log of LR is a straight line of the score, "
    "fitted with both classes weighted alike. Figures and bounds come from ratios cross-validated by identity in "
    f"{N_FOLDS} folds; the lines themselves were fitted on all units."
)


@dataclass(frozen=True, slots=True, eq=False)
class CodingFit:
    """What was made of the units of one coding.

    Attributes:
        line: fitted on all of them.
        ratios: each by a line that was fitted without it; not bounded.
        bounds: from those ratios.
    """

    line: LogisticCalibration
    ratios: LogRatios
    bounds: Bounds

    @property
    def bounded(self) -> LogRatios:
        """The ratios, cut off at the bounds."""
        return self.ratios.clipped(self.bounds.log10_min, self.bounds.log10_max)


def calibration_record(units: Units, fits: Mapping[str, CodingFit], start_from: str) -> Calibration:
    """The record that goes into the model card.

    Args:
        fits: of each of the units' codings.
        start_from: weights that the run went on from; "" = none.
    """
    bounded = units.joined({coding: own.bounded for coding, own in fits.items()})
    lines = tuple(_line(coding, units.of_coding(coding), own) for coding, own in fits.items())
    n = len(units.genuine)
    missing = [coding for coding in CONDITIONS_OF_CODING if coding not in fits]
    return Calibration(
        method=_METHOD,
        lines=lines,
        bound_rule=RULE,
        n_genuine=n,
        n_forged=n,
        n_identities=len(units.people),
        data=" ".join((_data(units), *_uncalibrated(missing), *_choice(units, start_from))),
        forging_methods=tuple(sorted(set(units.methods))),
        conditions=tuple(condition.name for condition in UNIT_CONDITIONS if condition.coding in fits),
        cllr=cllr(bounded.genuine, bounded.forged),
        cllr_min=float(
            np.average([line.cllr_min for line in lines], weights=[line.n_genuine for line in lines])
        ),
        expected_calibration_error=expected_calibration_error(bounded.genuine, bounded.forged),
        validated=ValidatedRange(SMALL_FACE_PX, units.codings),
        rows=tuple(_rows(units, bounded)),
        tippett_file=TIPPETT_NAME,
        entropy_file=ENTROPY_NAME,
    )


def _line(coding: str, scores: CodedScores, made: CodingFit) -> CalibrationLine:
    values = np.concatenate([scores.genuine, scores.forged])
    bounded = made.bounded
    dullest, sharpest = np.percentile(scores.sharpness, _SHARPNESS_PERCENTILES)
    return CalibrationLine(
        coding=coding,
        slope=made.line.slope,
        intercept=made.line.intercept,
        log10_lr_min=made.bounds.log10_min,
        log10_lr_max=made.bounds.log10_max,
        score_range=(float(values.min()), float(values.max())),
        n_genuine=len(scores.genuine),
        n_forged=len(scores.forged),
        crops_per_track=CONDITIONS_OF_CODING[coding][0].n_crops,
        sharpness=(float(dullest), float(sharpest)),
        cllr=cllr(bounded.genuine, bounded.forged),
        cllr_min=cllr_min(scores.genuine, scores.forged),
    )


def _data(units: Units) -> str:
    pairs = set(zip(units.identities, units.partners, strict=True))
    n = len(pairs)
    if not units.is_stored:
        return (
            f"{n} photographs of {n} people of the validation split, each once genuine and once forged here: as a "
            "picture, and as a short H.264 clip of a small camera motion."
        )
    n_others = sum(identity != partner for identity, partner in pairs)
    n_held_out = len({units.identities[number] for number in units.held_out_units})
    others = f", {n_others} of somebody else" if n_others else ""
    return (
        f"{n} of the dataset's own fakes, of {n} people of the validation split, and as many genuine crops, "
        f"{n - n_others} of the same people{others}: as a picture, and as a short H.264 clip of a small camera "
        f"motion. {n_held_out} of these people were forged by a method not trained on as well."
    )


def _uncalibrated(codings: Sequence[str]) -> Iterator[str]:
    if codings:
        yield (
            f"There is no ratio for what was coded as {', '.join(codings)} last: forged tracks did not score above "
            "genuine ones there."
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
