from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfbase.ttfonts import TTFont

from forensic_cli.report.catalogue import available_languages, load_messages
from forensic_cli.report.fonts import (
    BOLD,
    FALLBACK_FONTS,
    FONT_FOLDER,
    LIGHT,
    REGULAR,
    TEXT_FONTS,
    font_for,
    register_text_fonts,
)


def test_every_font_is_truetype_and_has_its_licence() -> None:
    licences = "".join(path.read_text(encoding="utf-8") for path in FONT_FOLDER.glob("LICENSE-*"))
    for name in {*TEXT_FONTS, *FALLBACK_FONTS}:
        # reportlab refuses outlines that are not TrueType, and fonts that forbid to be embedded.
        assert TTFont(name, str(FONT_FOLDER / f"{name}.ttf")).face.charToGlyph
        assert f"{name}.ttf" in licences


def test_the_fonts_stay_small() -> None:
    assert sum(path.stat().st_size for path in FONT_FOLDER.iterdir()) < 6_000_000


def test_scores_align_because_signs_and_figures_are_equally_wide() -> None:
    register_text_fonts()
    for name in (LIGHT, REGULAR, BOLD):
        assert font_for("−", name) == name
        assert len({stringWidth(character, name, 100) for character in "0123456789+−"}) == 1


def test_the_text_fonts_have_what_the_wording_needs() -> None:
    messages = [message for tag in available_languages() for message in load_messages(tag).values()]
    text = "".join("".join(message) for message in messages)
    assert {character for character in text if not font_for(character, REGULAR)} == set()
