"""The strength of a finding: the likelihood ratio of its score, its verbal term, and where it ends.

The two propositions are "the face was forged" and "it was not". Nothing here knows how probable either
was before, so nothing here is a probability that a face is forged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forensic_cli.model.calibration import LOSSLESS, Calibration
from forensic_cli.model.weights import ModelCard
from forensic_cli.types import CropReading, Finding, MediaFacts, MediaKind, VerbalTerm

NOT_CALIBRATED = "Not calibrated: no likelihood ratio."
OUTSIDE = "inconclusive: outside the validated range"
_TERM_FROM = (
    (1000.0, VerbalTerm.STRONG),
    (100.0, VerbalTerm.MODERATELY_STRONG),
    (10.0, VerbalTerm.MODERATE),
    (2.0, VerbalTerm.WEAK),
)
# Pillow's names of formats whose pixels come back as they were stored.
_LOSSLESS_FORMATS = {"PNG", "BMP", "TIFF"}
_JPEG = {"JPEG", "MPO"}


def verbal_term(log10_lr: float) -> VerbalTerm:
    """The word for a likelihood ratio, the same for either proposition (ENFSI 2015, adapted).

    1 to 2 no support, from 2 weak, from 10 moderate, from 100 moderately strong, from 1,000 strong.
    """
    strength = abs(log10_lr)
    for lowest, term in _TERM_FROM:
        # Compared as logarithms: 10 ** 400 is no float.
        if strength >= math.log10(lowest):
            return term
    return VerbalTerm.NO_SUPPORT


def last_coding(facts: MediaFacts) -> str:
    """The compression that an item went through last: "lossless", "jpeg", or the codec's own name."""
    if facts.kind is MediaKind.VIDEO:
        return facts.codec
    if facts.container in _LOSSLESS_FORMATS:
        return LOSSLESS
    return "jpeg" if facts.container in _JPEG else facts.container.lower()


def with_likelihood_ratio(
    finding: Finding,
    readings: Sequence[CropReading],
    card: ModelCard,
    facts: MediaFacts,
    doubts: Sequence[str],
) -> Finding:
    """Adds the likelihood ratio of a track's score, or the note that says why there is none.

    Args:
        finding: of the track, with its score.
        readings: of the track, at least one.
        facts: of the item.
        doubts: sentences that already make the finding inconclusive.
    """
    calibration = card.calibration
    if finding.score is None:
        return finding
    if calibration is None:
        return replace(finding, lr_note=NOT_CALIBRATED)
    causes = doubts or _outside(readings, calibration, facts)
    if causes:
        return replace(finding, lr_note=f"{OUTSIDE}. {' '.join(causes)}")
    ratio = calibration.line_for(last_coding(facts)).log10_lr(finding.score)
    return replace(
        finding,
        log10_lr=ratio.value,
        lr_is_bounded=ratio.is_bounded,
        lr_term=verbal_term(ratio.value),
    )


def _outside(readings: Sequence[CropReading], calibration: Calibration, facts: MediaFacts) -> list[str]:
    """What of a track the calibration set did not hold, in sentences."""
    validated, causes = calibration.validated, []
    median_px = float(np.median([reading.face_px for reading in readings]))
    if median_px < validated.smallest_face_px:
        causes.append(
            f"The median face measures {median_px:.0f} px; the calibration holds from "
            f"{validated.smallest_face_px} px on."
        )
    coding = last_coding(facts)
    if coding not in validated.codings:
        causes.append(
            f"The item is coded as {coding or 'unknown'}; the calibration holds for "
            f"{', '.join(validated.codings)}."
        )
        return causes
    median_sharpness = float(np.median([reading.sharpness for reading in readings]))
    low, high = calibration.line_for(coding).sharpness
    if not low <= median_sharpness <= high:
        causes.append(
            f"The median sharpness of the crops is {median_sharpness:.1f}; the calibration holds from {low:.1f} "
            f"to {high:.1f}."
        )
    return causes


def likelihood_rule(calibration: Calibration | None) -> tuple[str, ...]:
    """The rule above in sentences, for the report; none without a calibration."""
    if calibration is None:
        return ()
    lines = (
        f"The likelihood ratio of a track in an item coded as {line.coding}: log10 LR = ({line.slope:.4g} * score "
        f"{line.intercept:+.4g}) / ln 10, cut off at {line.log10_lr_min:.2f} and {line.log10_lr_max:.2f}."
        for line in calibration.lines
    )
    return (
        *lines,
        "Beyond these bounds the calibration set supports nothing; a ratio that was cut off reads 'at least'. "
        "No ratio is given where the track lies outside the range in which the calibration was made, or where "
        "the face itself is in doubt.",
        "An item's likelihood ratio is that of the track that leads it. It is not corrected for the number "
        "of tracks from which the leading one was taken.",
    )
