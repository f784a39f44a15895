import pytest

from forensic_cli.errors import VerificationError
from forensic_cli.report.formats import (
    bytes_text,
    count_text,
    interval_text,
    letter,
    parse_utc,
    rate_text,
    signed_text,
    time_text,
    typeset,
    utc_text,
)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0:00:00.000"),
        (4.48, "0:00:04.480"),
        (59.9996, "0:01:00.000"),
        (3661.5, "1:01:01.500"),
        (-0.04, "−0:00:00.040"),
    ],
)
def test_times_show_milliseconds(seconds: float, shown: str) -> None:
    assert time_text(seconds) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.41, "+0.410"), (-0.113, "−0.113"), (-0.0001, "0.000"), (0, "0.000")]
)
def test_scores_carry_their_sign(value: float, shown: str) -> None:
    assert signed_text(value) == shown


def test_times_of_other_zones_become_utc() -> None:
    assert utc_text("2026-11-21T06:46:12+02:00") == "2026-11-21 04:46:12 UTC"
    assert utc_text("2026-11-21T04:46:12Z") == utc_text("2026-11-21T04:46:12")
    assert parse_utc("2026-11-21T04:46:12Z").timestamp() == 1795236372


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(VerificationError, match="yesterday"):
        parse_utc("yesterday")


def test_rates_and_counts() -> None:
    assert rate_text(0.021, (0.012, 0.036)) == "2.1%\n1.2 to 3.6"
    assert rate_text(None) == "–"
    assert interval_text((-0.05, 0.25)) == "−0.050 to +0.250"
    assert interval_text(None) == ""
    assert (count_text(1, "frame"), count_text(2048, "frame")) == ("1 frame", "2,048 frames")
    assert bytes_text(1) == "1 byte"
    assert bytes_text(4_812_345) == "4,812,345 bytes (4.8 MB)"


def test_letters_go_on_after_z() -> None:
    assert [letter(index) for index in (0, 25, 26, 27, 702)] == ["A", "Z", "AA", "AB", "AAA"]


def test_only_minus_signs_are_typeset() -> None:
    assert typeset("The score -0.220 is a_F - a_T.") == "The score −0.220 is a_F − a_T."
    assert typeset("SHA-256 of dlib-hog, re-run 2-3 times") == "SHA-256 of dlib-hog, re-run 2-3 times"
