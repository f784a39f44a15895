"""What a report promises of a repetition, by the arithmetic of the first analysis."""

from __future__ import annotations

import pytest

from forensic_cli.report.build_run import build_repeat
from forensic_cli.report.language import Language
from tests.report import material as made


@pytest.mark.parametrize(
    ("precision", "words"),
    [("fp32", "agree to 0.0001 and boxes"), ("fp8", "no tolerance is stated for the precision fp8")],
)
def test_a_known_precision_has_a_tolerance_and_another_one_is_named(precision: str, words: str) -> None:
    section = build_repeat(made.make_run(precision=precision), Language("en"))
    assert words in " ".join(section.paragraphs)
