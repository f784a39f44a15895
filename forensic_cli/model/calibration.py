"""From a score to a likelihood ratio: what was measured on a calibration set, and how far it holds.

The likelihood ratio is that of two propositions, forged against not forged, and says nothing of how
probable either was before. No torch here, and no fitting: see `train calibrate`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LOSSLESS = "lossless"


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """Cllr under one condition, or of one kind of forgery, with the calibration that a scan applies.

    Attributes:
        condition: in words.
        domain: "in-domain" (methods trained on) or "out-of-domain" (methods held out).
        cllr: cost of the likelihood ratios in bits; 0 is perfect, 1 is no information, above 1 misleads.
        cllr_min: the part of it that no calibration could remove.
    """

    condition: str
    domain: str
    n_genuine: int
    n_forged: int
    cllr: float
    cllr_min: float


@dataclass(frozen=True, slots=True)
class ValidatedRange:
    """What the calibration set held of the things that a scan can measure too.

    Attributes:
        smallest_face_px: side of the smallest face.
        sharpness: lowest and highest variance of the Laplacian of a crop (see `faces.crop.sharpness`),
            without the outermost hundredth on either side: blur, enlargement and compression lower it.
        codings: last compressions, for example "lossless", "jpeg", "h264".
    """

    smallest_face_px: int
    sharpness: tuple[float, float]
    codings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoundedLogRatio:
    """log10 of a likelihood ratio; `is_bounded` where the score asked for more than the data support."""

    value: float
    is_bounded: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a score becomes a likelihood ratio, and what that rests on.

    A unit is one photograph of one person: one face track of one frame.

    Attributes:
        method: in words.
        slope, intercept: natural log LR = slope * score + intercept; the slope is above 0.
        log10_lr_min, log10_lr_max: the bounds, at most and at least 0.
        bound_rule: where they come from, in words.
        score_range: lowest and highest score of the calibration set.
        n_genuine, n_forged: units.
        n_identities: people in them.
        crops_per_unit: whose mean is a unit's score.
        data: the photographs and how they relate to the training, in words.
        forging_methods: of the forged units.
        conditions: what was done to the units, in words.
        cllr: of the bounded ratios, cross-validated by identity. It is the empirical cross-entropy at
            even prior odds (Bruemmer and du Preez 2006; Ramos et al. 2013).
        cllr_min: the same after the best monotone calibration (pool adjacent violators).
        expected_calibration_error: mean distance between the posterior at even prior odds and the
            share of forged units, over ten bins of equal size.
        rows: Cllr a condition.
        tippett_file, entropy_file: PNG plots that lie beside the weights.
    """

    method: str
    slope: float
    intercept: float
    log10_lr_min: float
    log10_lr_max: float
    bound_rule: str
    score_range: tuple[float, float]
    n_genuine: int
    n_forged: int
    n_identities: int
    crops_per_unit: int
    data: str
    forging_methods: tuple[str, ...]
    conditions: tuple[str, ...]
    cllr: float
    cllr_min: float
    expected_calibration_error: float
    validated: ValidatedRange
    rows: tuple[CalibrationRow, ...] = ()
    tippett_file: str = ""
    entropy_file: str = ""

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the numbers, in words; empty for a usable calibration."""
        numbers = (self.slope, self.intercept, self.log10_lr_min, self.log10_lr_max)
        if not all(map(math.isfinite, numbers)):
            return ("a number of the calibration is not finite",)
        sharpness = self.validated.sharpness
        checks = {
            "the calibration's slope is not above 0": self.slope <= 0,
            "the bounds of the likelihood ratio do not enclose 1": not self.log10_lr_min
            <= 0
            <= self.log10_lr_max,
            "the validated range of sharpness is empty": not sharpness[0] <= sharpness[1],
        }
        return tuple(fault for fault, is_present in checks.items() if is_present)

    def log10_lr(self, score: float) -> BoundedLogRatio:
        """log10 of the likelihood ratio of a score, cut off at the bounds.

        Args:
            score: a_F - a_T of a unit.
        """
        value = (self.slope * score + self.intercept) / math.log(10)
        bounded = min(max(value, self.log10_lr_min), self.log10_lr_max)
        return BoundedLogRatio(bounded, bounded != value)


def calibration_from_dict(entry: Mapping[str, Any]) -> Calibration:
    """Builds a calibration from its JSON form.

    Raises:
        KeyError, TypeError: the entry lacks a field or has an unknown one.
    """
    validated = entry["validated"]
    pair = tuple(validated["sharpness"])
    if len(pair) != 2 or len(entry["score_range"]) != 2:
        raise TypeError("a range has two ends")
    return Calibration(
        **{
            **entry,
            "score_range": tuple(entry["score_range"]),
            "forging_methods": tuple(entry["forging_methods"]),
            "conditions": tuple(entry["conditions"]),
            "rows": tuple(CalibrationRow(**row) for row in entry["rows"]),
            "validated": ValidatedRange(
                **{**validated, "sharpness": pair, "codings": tuple(validated["codings"])}
            ),
        }
    )
