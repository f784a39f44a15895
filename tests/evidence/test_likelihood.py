"""The likelihood ratio of a finding: given, bounded, withheld."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from forensic_cli.evidence.aggregate import aggregation_rule, item_finding, track_finding
from forensic_cli.evidence.likelihood import OUTSIDE, last_coding, verbal_term
from forensic_cli.model.calibration import Calibration
from forensic_cli.model.weights import ModelCard
from forensic_cli.types import CropReading, Finding, MediaFacts, TrackResult, VerbalTerm, Verdict
from tests.evidence.facts import IMAGE, VIDEO
from tests.evidence.test_aggregate import readings


@pytest.fixture
def calibrated(card: ModelCard, calibration: Calibration) -> ModelCard:
    return replace(card, calibration=calibration)


def finding_of(card: ModelCard, rows: Sequence[CropReading], facts: MediaFacts = VIDEO) -> Finding:
    return track_finding(rows, card, facts, len(rows), 1)


def test_a_tracks_ratio_is_the_formula_applied_to_its_score(calibrated: ModelCard) -> None:
    finding = finding_of(calibrated, readings([0.1, 0.2, 0.3]))
    assert finding.log10_lr == pytest.approx((2 * 0.2 + 1) / math.log(10))
    assert finding.lr_term is VerbalTerm.WEAK
    assert (finding.lr_is_bounded, finding.lr_note) == (False, "")


def test_the_last_compression_chooses_the_line(calibrated: ModelCard) -> None:
    finding = finding_of(calibrated, readings([0.2]), replace(IMAGE, container="PNG"))
    assert finding.log10_lr == pytest.approx((4 * 0.2 - 0.5) / math.log(10))


def test_a_ratio_beyond_the_calibration_set_is_bounded(calibrated: ModelCard) -> None:
    finding = finding_of(calibrated, readings([9.0] * 5))
    assert (finding.log10_lr, finding.lr_is_bounded) == (1.5, True)
    assert finding.lr_term is VerbalTerm.MODERATE


def test_weights_without_a_calibration_give_no_ratio(card: ModelCard) -> None:
    finding = finding_of(card, readings([0.9] * 5))
    assert finding.log10_lr is None
    assert finding.lr_term is None
    assert finding.lr_note == "Not calibrated: no likelihood ratio."


@pytest.mark.parametrize(
    ("rows", "facts", "why"),
    [
        (readings([0.9] * 5, face_px=79.0), VIDEO, "79 px"),
        (
            [replace(row, sharpness=2.0) for row in readings([0.9] * 5)],
            VIDEO,
            "sharpness of the crops is 2.0",
        ),
        (readings([0.9] * 5), replace(VIDEO, codec="hevc"), "coded as hevc"),
        (readings([0.9] * 5), replace(VIDEO, codec="mjpeg"), "coded as mjpeg"),
        (readings([0.9]), replace(IMAGE, container="WEBP"), "coded as webp"),
        (readings([0.9]), VIDEO, "1 of 1 frames"),
        ([replace(row, confidence=0.1) for row in readings([0.9] * 5)], VIDEO, "confidence is 0.10"),
    ],
    ids=[
        "small",
        "blurred",
        "other codec",
        "pictures in a row",
        "other picture format",
        "too few frames",
        "hardly a face",
    ],
)
def test_outside_the_validated_range_there_is_no_ratio(
    calibrated: ModelCard, rows: list[CropReading], facts: MediaFacts, why: str
) -> None:
    finding = finding_of(calibrated, rows, facts)
    assert finding.log10_lr is None
    assert finding.lr_note.startswith(f"{OUTSIDE}. ")
    assert why in finding.lr_note


def test_each_coding_has_its_own_range_of_sharpness(calibrated: ModelCard, calibration: Calibration) -> None:
    lines = tuple(
        replace(line, sharpness=(50.0, 500.0)) if line.coding == "jpeg" else line
        for line in calibration.lines
    )
    card = replace(calibrated, calibration=replace(calibration, lines=lines))
    rows = [replace(row, sharpness=20.0) for row in readings([0.2])]
    assert "from 50.0 to 500.0" in finding_of(card, rows, IMAGE).lr_note
    assert finding_of(card, rows, replace(IMAGE, container="PNG")).log10_lr is not None


def test_the_calibrations_own_smallest_face_counts(calibrated: ModelCard, calibration: Calibration) -> None:
    validated = replace(calibration.validated, smallest_face_px=150)
    card = replace(calibrated, calibration=replace(calibration, validated=validated))
    finding = finding_of(card, readings([0.9] * 5, face_px=120.0))
    assert finding.verdict is Verdict.LIKELY_FORGED
    assert "from 150 px on" in finding.lr_note


@pytest.mark.parametrize(
    ("ratio", "term"),
    [
        (1.0, VerbalTerm.NO_SUPPORT),
        (1.99, VerbalTerm.NO_SUPPORT),
        (2.0, VerbalTerm.WEAK),
        (9.99, VerbalTerm.WEAK),
        (10.0, VerbalTerm.MODERATE),
        (99.9, VerbalTerm.MODERATE),
        (100.0, VerbalTerm.MODERATELY_STRONG),
        (999.0, VerbalTerm.MODERATELY_STRONG),
        (1000.0, VerbalTerm.STRONG),
        (1e300, VerbalTerm.STRONG),
    ],
)
def test_the_verbal_scale_is_the_same_for_either_proposition(ratio: float, term: VerbalTerm) -> None:
    assert verbal_term(math.log10(ratio)) is term
    assert verbal_term(-math.log10(ratio)) is term


def test_an_items_ratio_is_that_of_its_leading_track(calibrated: ModelCard) -> None:
    tracks = []
    for number, score in ((1, -0.9), (2, 0.6), (3, 0.55)):
        rows = readings([score] * 5)
        tracks.append(TrackResult(number, tuple(rows), finding_of(calibrated, rows)))
    item = item_finding(tracks)
    assert item.verdict is Verdict.LIKELY_FORGED
    assert item.log10_lr == tracks[1].finding.log10_lr == pytest.approx(2.2 / math.log(10))
    assert item.lr_term is VerbalTerm.WEAK
    assert "track 2 leads" in item.reasons[0]


@pytest.mark.parametrize(
    ("facts", "coding"),
    [
        (VIDEO, "h264"),
        (replace(VIDEO, codec="mjpeg"), "mjpeg"),
        (IMAGE, "jpeg"),
        (replace(IMAGE, container="PNG"), "lossless"),
        (replace(IMAGE, container="WEBP"), "webp"),
    ],
)
def test_the_last_coding_is_told_from_the_media_facts(facts: MediaFacts, coding: str) -> None:
    assert last_coding(facts) == coding


def test_the_rule_in_words_carries_the_formula_only_where_there_is_one(
    card: ModelCard, calibrated: ModelCard
) -> None:
    rule = " ".join(aggregation_rule(calibrated))
    assert "coded as lossless: log10 LR = (4 * score -0.5) / ln 10, cut off at -1.00 and 1.50." in rule
    assert "coded as h264: log10 LR = (2 * score +1) / ln 10, cut off at -1.00 and 1.50." in rule
    assert "likelihood" not in " ".join(aggregation_rule(card))
