import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.media.plain_text import first_entries, plain_text


@settings(deadline=None)
@given(st.one_of(st.text(), st.binary(), st.integers(), st.tuples(st.integers(), st.integers())))
def test_whatever_goes_in_only_printable_text_of_limited_length_comes_out(value: object) -> None:
    text = plain_text(value, max_characters=20)
    assert text.isprintable()
    assert len(text) <= 20 * len("\\U0010ffff") + 1
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Canon\0\0", "Canon"),
        (b"ASCII\0", "ASCII"),
        ("photo\u202egpj.exe", "photo\\u202egpj.exe"),
        ("two\nlines", "two\\nlines"),
        ("\ud800", "\\ud800"),
        ("Größe 東京", "Größe 東京"),
        (b"\x00\x01\x02", "(3 bytes)"),
        ((1, 60), "(1, 60)"),
        ("x" * 201, "x" * 200 + "…"),
    ],
)
def test_text_is_shown_as_it_is_and_the_rest_as_escapes(value: object, shown: str) -> None:
    assert plain_text(value) == shown


def test_entries_beyond_the_limit_are_counted_and_not_dropped_in_silence() -> None:
    entries = [(f"tag{number:03d}", "x") for number in range(103)]
    assert first_entries(entries, 103) == tuple(entries)
    shown = first_entries(reversed(entries), 100)
    assert shown == (*entries[:100], ("(left out)", "3 more entries"))
