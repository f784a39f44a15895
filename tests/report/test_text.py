import shutil
import subprocess
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.platypus import Paragraph

from forensic_cli.report.fonts import MONO, REGULAR, font_for, register_text_fonts
from forensic_cli.report.styles import style
from forensic_cli.report.text import (
    fit_text,
    font_runs,
    is_plain,
    markup,
    shell_word,
    text_width,
    visible,
)

register_text_fonts()
# Every code point, lone surrogates included, as a file name can hold them.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name.mp4", "plain name.mp4"),
        ("a\u202egpj.exe", "a\\u202Egpj.exe"),
        ("line\nbreak\x00\x1b[31m", "line\\u000Abreak\\u0000\\u001B[31m"),
        ("\udcff\udcfe.avi", "\\uDCFF\\uDCFE.avi"),
        ("zero\u200bwidth\ufeff", "zero\\u200Bwidth\\uFEFF"),
        ("nbsp\u00a0here", "nbsp\\u00A0here"),
        ("صوت.mp4", "\\u0635\\u0648\\u062A.mp4"),
        ("😀.png", "\\U0001F600.png"),
        (" a  b ", "\\u0020a \\u0020b\\u0020"),
        ("Ωμέγα Жук 東京 カメラ 한국어", "Ωμέγα Жук 東京 カメラ 한국어"),
    ],
)
def test_text_is_shown_or_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_decomposed_name_is_composed() -> None:
    assert visible(unicodedata.normalize("NFD", "é й 한")) == "é й 한"


def test_a_combining_mark_without_a_composed_form_is_escaped() -> None:
    assert visible("x\u0336") == "x\\u0336"


@given(ANY_TEXT)
def test_whatever_is_shown_has_a_glyph_and_is_no_control(text: str) -> None:
    shown = visible(text)
    assert all(font_for(character, REGULAR) for character in shown)
    assert not {unicodedata.category(character) for character in shown} & {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
        "Zl",
        "Zp",
    }
    assert visible(shown) == shown


@given(ANY_TEXT)
@settings(max_examples=60)
def test_markup_never_changes_or_breaks_a_paragraph(text: str) -> None:
    hostile = f"<b>{text}<img src='/etc/hostname'/>&amp;"
    paragraph = Paragraph(markup(hostile, REGULAR), style("body"))
    paragraph.wrap(300, 1000)
    assert paragraph.getPlainText() == visible(hostile)


def test_runs_change_font_only_where_a_glyph_is_missing() -> None:
    assert list(font_runs("Foto 東京 한 x", REGULAR)) == [
        (REGULAR, "Foto "),
        ("DroidSansFallback", "東京 "),
        ("ReportHangul", "한 "),
        (REGULAR, "x"),
    ]
    assert list(font_runs("abc", MONO)) == [(MONO, "abc")]


def test_a_name_with_a_backslash_is_not_plain() -> None:
    assert not is_plain("a\\u202E.mp4")
    assert is_plain("a b.mp4")


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash to read the words back")
@pytest.mark.parametrize(
    "word",
    [
        "scan",
        "a b",
        "it's",
        'foo<b>&"\u202e.mp4',
        "\udcff\udcfe x.avi",
        "two  spaces",
        "back\\slash",
        "صوت '$HOME`",
        "\n\t",
    ],
)
def test_bash_reads_a_word_back_byte_for_byte(word: str) -> None:
    script = f"LC_ALL=C.UTF-8; printf %s {shell_word(word)}"
    output = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout
    assert output == word.encode("utf-8", "surrogateescape")
    assert visible(shell_word(word)) == shell_word(word)


@given(st.text(min_size=1, max_size=200), st.floats(30, 300))
@settings(max_examples=60)
def test_a_fitted_line_fits(text: str, width: float) -> None:
    assert text_width(fit_text(text, REGULAR, 8, width), REGULAR, 8) <= width
