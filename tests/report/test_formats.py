import pytest

from forensic_cli.errors import VerificationError
from forensic_cli.report.formats import letter, parse_utc, typeset


def test_times_without_a_zone_are_utc() -> None:
    assert parse_utc("2026-11-21T04:46:12Z").timestamp() == 1795236372
    assert parse_utc("2026-11-21T04:46:12") == parse_utc("2026-11-21T06:46:12+02:00")


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(VerificationError, match="yesterday"):
        parse_utc("yesterday")


def test_letters_go_on_after_z() -> None:
    assert [letter(index) for index in (0, 25, 26, 27, 702)] == ["A", "Z", "AA", "AB", "AAA"]


def test_only_minus_signs_are_typeset() -> None:
    assert typeset("The score -0.220 is a_F - a_T.") == "The score −0.220 is a_F − a_T."
    assert typeset("SHA-256 of dlib-hog, re-run 2-3 times") == "SHA-256 of dlib-hog, re-run 2-3 times"
