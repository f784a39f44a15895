"""Numbers and times read as their language writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensic_cli.errors import UsageError, VerificationError
from forensic_cli.report.language import Language

ENGLISH = Language("en")
GERMAN = Language("de")


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [
        (0, "0:00:00.000", "0:00:00,000"),
        (4.48, "0:00:04.480", "0:00:04,480"),
        (59.9996, "0:01:00.000", "0:01:00,000"),
        (3661.5, "1:01:01.500", "1:01:01,500"),
        (-0.04, "−0:00:00.040", "−0:00:00,040"),
    ],
)
def test_times_show_milliseconds(seconds: float, english: str, german: str) -> None:
    assert (ENGLISH.time(seconds), GERMAN.time(seconds)) == (english, german)


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (0.41, "+0.410", "+0,410"),
        (-0.113, "−0.113", "−0,113"),
        (-0.0001, "0.000", "0,000"),
        (0, "0.000", "0,000"),
    ],
)
def test_scores_carry_their_sign(value: float, english: str, german: str) -> None:
    assert (ENGLISH.signed(value), GERMAN.signed(value)) == (english, german)


@given(st.floats(-1e8, 1e8), st.integers(0, 4))
def test_a_german_number_is_the_english_one_with_other_marks(value: float, digits: int) -> None:
    swapped = ENGLISH.number(value, digits).translate(str.maketrans(",.", ".,"))
    assert GERMAN.number(value, digits) == swapped
    assert float(ENGLISH.number(value, digits).replace(",", "").replace("−", "-")) == pytest.approx(
        value, abs=0.51 * 10**-digits
    )


def test_moments_and_dates() -> None:
    assert ENGLISH.moment("2026-11-21T06:46:12+02:00") == "2026-11-21 04:46:12 UTC"
    assert GERMAN.moment("2026-11-21T04:46:12Z") == "21.11.2026, 04:46:12 UTC"
    assert (ENGLISH.moment("2026-11-21"), GERMAN.moment("2026-11-21")) == ("2026-11-21", "21.11.2026")
    with pytest.raises(VerificationError, match="yesterday"):
        ENGLISH.moment("yesterday")


def test_rates_intervals_counts_and_sizes() -> None:
    assert ENGLISH.rate(0.021, (0.012, 0.036)) == "2.1%\n1.2 to 3.6"
    assert GERMAN.rate(0.021, (0.012, 0.036)) == "2,1 %\n1,2 bis 3,6"
    assert ENGLISH.rate(None) == GERMAN.rate(None) == "–"
    assert ENGLISH.interval((-0.05, 0.25)) == "−0.050 to +0.250"
    assert GERMAN.interval((-0.05, 0.25)) == "−0,050 bis +0,250"
    assert ENGLISH.interval(None) == ""
    assert (ENGLISH.count(1, "frame"), ENGLISH.count(2048, "frame")) == ("1 frame", "2,048 frames")
    assert (GERMAN.count(1, "frame"), GERMAN.count(2048, "frame")) == ("1 Einzelbild", "2.048 Einzelbilder")
    assert ENGLISH.bytes(1) == "1 byte"
    assert ENGLISH.bytes(4_812_345) == "4,812,345 bytes (4.8 MB)"
    assert GERMAN.bytes(4_812_345) == "4.812.345 Byte (4,8 MB)"


def test_what_is_cut_says_how_much_is_missing() -> None:
    text = "a" * 50 + "b" * 2060
    assert ENGLISH.clip(text, 20) == "a" * 10 + " [2,090 characters left out] " + "b" * 10
    assert GERMAN.clip(text, 20) == "a" * 10 + " [2.090 Zeichen ausgelassen] " + "b" * 10
    assert ENGLISH.clip("short") == "short"


def test_an_unknown_language_names_those_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        Language("tlh")
    assert "de, en" in caught.value.hint


@pytest.mark.parametrize("tag", ["../en", "en.toml", "", "EN"])
def test_a_tag_is_no_path(tag: str) -> None:
    with pytest.raises(UsageError):
        Language(tag)
