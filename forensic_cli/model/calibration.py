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
        codings: last compressions, for example "lossless", "jpeg", "h264".
    """

    smallest_face_px: int
    codings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoundedLogRatio:
    """log10 of a likelihood ratio; `is_bounded` where the score asked for more than the data support."""

    value: float
    is_bounded: bool


@dataclass(frozen=True, slots=True)
class CalibrationLine:
    """The calibration of what was compressed in one way last.

    Attributes:
        coding: the last compression: "lossless", "jpeg" or "h264".
        slope, intercept: natural log LR = slope * score + intercept; the slope is above 0.
        log10_lr_min, log10_lr_max: the bounds, at most and at least 0.
        score_range: lowest and highest score of the tracks that it rests on.
        n_genuine, n_forged: tracks, each of another person.
        crops_per_track: 1 for pictures; of a video's track, whose scores are pooled as a scan pools them.
        sharpness: lowest and highest variance of the Laplacian (see `faces.crop.sharpness`), the median of a
            track's crops, without the outermost hundredth on either side: blur, enlargement and
            compression lower it.
        cllr, cllr_min: as those of `Calibration`, of this coding.
    """

    coding: str
    slope: float
    intercept: float
    log10_lr_min: float
    log10_lr_max: float
    score_range: tuple[float, float]
    n_genuine: int
    n_forged: int
    crops_per_track: int
    sharpness: tuple[float, float]
    cllr: float
    cllr_min: float

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the numbers, in words; empty for a usable line."""
        numbers = (self.slope, self.intercept, self.log10_lr_min, self.log10_lr_max)
        if not all(map(math.isfinite, numbers)):
            return ("a number of the calibration is not finite",)
        checks = {
            "the calibration's slope is not above 0": self.slope <= 0,
            "the bounds of the likelihood ratio do not enclose 1": not self.log10_lr_min
            <= 0
            <= self.log10_lr_max,
            "the validated range of sharpness is empty": not self.sharpness[0] <= self.sharpness[1],
        }
        return tuple(fault for fault, is_present in checks.items() if is_present)

    def log10_lr(self, score: float) -> BoundedLogRatio:
        """log10 of the likelihood ratio of a score, cut off at the bounds.

        Args:
            score: of a track.
        """
        value = (self.slope * score + self.intercept) / math.log(10)
        bounded = min(max(value, self.log10_lr_min), self.log10_lr_max)
        return BoundedLogRatio(bounded, bounded != value)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How the score of a face track becomes a likelihood ratio, and what that rests on.

    Attributes:
        method: in words.
        lines: one for each last compression in `validated.codings`.
        bound_rule: where the bounds come from, in words.
        n_genuine, n_forged: tracks of all lines.
        n_identities: people in them.
        data: the photographs and how they relate to the training, in words.
        forging_methods: of the forged tracks.
        conditions: what was done to the tracks, in words.
        cllr: of the bounded ratios, cross-validated by identity. It is the empirical cross-entropy at
            even prior odds (Bruemmer and du Preez 2006; Ramos et al. 2013).
        cllr_min: the same after the best monotone calibration of each line (pool adjacent violators).
        expected_calibration_error: mean distance between the posterior at even prior odds and the
            share of forged tracks, over ten bins of equal size.
        rows: Cllr a condition.
        tippett_file, entropy_file: PNG plots that lie beside the weights.
    """

    method: str
    lines: tuple[CalibrationLine, ...]
    bound_rule: str
    n_genuine: int
    n_forged: int
    n_identities: int
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
        own = [fault for line in self.lines for fault in line.faults]
        if tuple(line.coding for line in self.lines) != self.validated.codings:
            own.append("the calibration's lines are not those of the validated codings")
        return tuple(dict.fromkeys(own))

    def line_for(self, coding: str) -> CalibrationLine:
        """The line of a last compression.

        Raises:
            KeyError: it is none of the validated ones.
        """
        return {line.coding: line for line in self.lines}[coding]


def calibration_from_dict(entry: Mapping[str, Any]) -> Calibration:
    """Builds a calibration from its JSON form.

    Raises:
        KeyError, TypeError: the entry lacks a field or has an unknown one.
    """
    validated = entry["validated"]
    lines = tuple(
        CalibrationLine(**{**line, **{name: tuple(line[name]) for name in ("score_range", "sharpness")}})
        for line in entry["lines"]
    )
    if any(len(ends) != 2 for line in lines for ends in (line.score_range, line.sharpness)):
        raise TypeError("a range has two ends")
    return Calibration(
        **{
            **entry,
            "lines": lines,
            "forging_methods": tuple(entry["forging_methods"]),
            "conditions": tuple(entry["conditions"]),
            "rows": tuple(CalibrationRow(**row) for row in entry["rows"]),
            "validated": ValidatedRange(**{**validated, "codings": tuple(validated["codings"])}),
        }
    )
