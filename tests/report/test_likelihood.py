"""Likelihood ratios in the report: the opinion, the item, the calibration, and old results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from forensic_cli.evidence.likelihood import NOT_CALIBRATED, OUTSIDE
from forensic_cli.model.calibration import Calibration
from forensic_cli.report.build import build_report
from forensic_cli.report.language import Language
from forensic_cli.report.likelihood_text import likelihood_text
from forensic_cli.report.model import LikelihoodText
from forensic_cli.report.pdf import draw_pdf
from forensic_cli.types import Finding, ItemResult, VerbalTerm, Verdict
from tests.report import material as made
from tests.report.forbidden import FORBIDDEN

ENGLISH = Language("en")
NOTE = f"{OUTSIDE}. The item is coded as hevc; the calibration holds for lossless, jpeg, h264."


def with_ratio(item: ItemResult, **values: object) -> ItemResult:
    """The item with these values in its finding and in that of its first track."""
    first, *others = item.tracks
    track = replace(first, finding=replace(first.finding, **values))  # type: ignore[arg-type]
    return replace(item, finding=replace(item.finding, **values), tracks=(track, *others))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, calibration: Calibration) -> list[str]:
    folder = tmp_path_factory.mktemp("results")
    items = made.make_items(folder)
    bounded = {"log10_lr": 1.5, "lr_is_bounded": True, "lr_term": VerbalTerm.MODERATE}
    result = made.make_result(
        folder,
        model=made.make_card(calibration=calibration),
        items=(with_ratio(items[0], **bounded), with_ratio(items[1], lr_note=NOTE), *items[2:]),
    )
    document = pypdfium2.PdfDocument(draw_pdf(build_report(result, folder)))
    return [" ".join(str(page.get_textpage().get_text_bounded()).split()) for page in document]


def finding(**values: object) -> Finding:
    return Finding(Verdict.INCONCLUSIVE, ("why",), 0.1, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("log10_lr", "is_bounded", "term", "sentence"),
    [
        (
            0.294, False, VerbalTerm.NO_SUPPORT,
            "log10 LR +0.29: the score is 1.97 times more probable if the face was forged than if it was not. "
            "No support for either proposition.",
        ),
        (
            -1.0, True, VerbalTerm.MODERATE,
            "log10 LR −1.00: the score is at least 10.00 times more probable if the face was not forged than if "
            "it was. Moderate support for the second proposition.",
        ),
        (
            3.2, False, VerbalTerm.STRONG,
            "log10 LR +3.20: the score is 1,585 times more probable if the face was forged than if it was not. "
            "Strong support for the first proposition.",
        ),
        (
            0.0, True, VerbalTerm.NO_SUPPORT,
            "log10 LR 0.00: the calibration set supports no ratio in this direction. No support for either "
            "proposition.",
        ),
    ],
)  # fmt: skip
def test_a_ratio_is_said_in_numbers_and_in_words(
    log10_lr: float, is_bounded: bool, term: VerbalTerm, sentence: str
) -> None:
    text = likelihood_text(finding(log10_lr=log10_lr, lr_is_bounded=is_bounded, lr_term=term), ENGLISH)
    assert text.sentence == sentence


def test_uncalibrated_weights_are_silent_at_every_item() -> None:
    for silent in (finding(lr_note=NOT_CALIBRATED), finding()):
        assert likelihood_text(silent, ENGLISH) == LikelihoodText()


def test_the_opinion_states_both_propositions_and_every_ratio(pages: list[str]) -> None:
    text = " ".join(pages)
    opinion = text[text.index("First proposition:") :]
    for part in (
        "Second proposition:",
        "calibrated on 40 genuine and 40 forged face tracks of 40 people",
        "from 2 weak; from 10 moderate; from 100 moderately strong; from 1,000 strong",
        "Item AB-0001 log10 LR +1.50: the score is at least 31.62 times more probable if the face was forged",
        "Moderate support for the first proposition.",
        "Item AB-0002 Likelihood ratio: inconclusive: outside the validated range. The item is coded as hevc",
    ):
        assert part in opinion, part
    assert "none is reported" not in text


def test_the_table_of_findings_has_a_column_for_it(pages: list[str]) -> None:
    table = next(text for text in pages if "Item File Finding Score log10 LR Page" in text)
    row = table[table.index("AB-0001 ") : table.index("AB-0002 ")]
    assert "+1.50 (at least); moderate support" in row
    assert "none: outside the validated range" in table
    for label, reason in (("AB-0003", "no face"), ("AB-0004", "not examined"), ("AB-0005", "not examinable")):
        assert f"none: {reason}" in table.partition(label)[2].partition("AB-000")[0]


def test_the_items_own_page_says_it_too(pages: list[str]) -> None:
    page = next(text for text in pages if "Item AB-0001" in text and "Identity and custody" in text)
    assert "log10 LR +1.50 (at least) moderate support" in page
    assert "Moderate support for the first proposition." in page


def test_the_calibration_stands_with_the_model(pages: list[str]) -> None:
    text = " ".join(pages)
    for part in (
        "Calibration of the likelihood ratio",
        "lossless 4.0000 × score − 0.5000 −1.00 and +1.50 1 40 + 40 −3.000 to +3.000 0.610 0.520",
        "h264 2.0000 × score + 1.0000 −1.00 and +1.50 5 40 + 40",
        "40 genuine and 40 forged face tracks of 40 people",
        "Cllr 0.610 (empirical cross-entropy at even prior odds); at best 0.520",
        "Expected calibration error 0.040",
        "faces from 80 px; coded as lossless of sharpness 5.0 to 5,000.0; coded as jpeg of sharpness",
        "test-tippett.png",
        "JPEG 75 in-domain 40 40 0.610 0.520",
        "ELUB",
    ):
        assert part in text, part
    assert "has not been calibrated" not in text


def test_no_word_claims_more_than_a_ratio_can(pages: list[str]) -> None:
    assert FORBIDDEN.search(" ".join(pages)) is None


def test_results_without_a_calibration_read_as_before(tmp_path: Path) -> None:
    report = build_report(made.make_result(tmp_path), tmp_path)
    assert ENGLISH.say("opinion.not_calibrated") in report.opinion.paragraphs
    assert report.opinion.fields == ()
    assert report.calibration is None
    assert ENGLISH.say("cover.not_probability") in report.summary.does_not_mean
    assert "ELUB" not in [field.label for field in report.glossary.fields]
