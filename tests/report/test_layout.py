"""No word of a heading or a label is torn, in any language; nothing is left alone on a page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from forensic_cli.report import closing_pages, cover, item_pages
from forensic_cli.report.build import build_report
from forensic_cli.report.catalogue import available_languages
from forensic_cli.report.form import ReportForm
from forensic_cli.report.language import Language
from forensic_cli.report.pdf import draw_pdf
from forensic_cli.report.styles import LABEL_WIDTH, style
from forensic_cli.report.text import text_width
from tests.report import material as made

_PADDING = 6.0
TABLES = {
    "cover.findings_columns": cover._FINDING_WIDTHS,
    "track.columns": item_pages._TRACK_WIDTHS,
    "track.readings_columns": item_pages._READING_WIDTHS,
    "listed.columns": item_pages._LISTED_WIDTHS,
    "errors.columns": closing_pages._ERROR_WIDTHS,
    "calibration.columns": closing_pages._CALIBRATION_WIDTHS,
    "calibration.lines_columns": closing_pages._LINE_WIDTHS,
}


def longest_word(text: str, style_name: str) -> float:
    font = style(style_name)
    return max(text_width(word, font.fontName, font.fontSize) for word in text.split())


@pytest.mark.parametrize("tag", available_languages())
@pytest.mark.parametrize("key", TABLES)
def test_no_word_of_a_columns_heading_is_torn(tag: str, key: str) -> None:
    names, widths = Language(tag).say_all(key), TABLES[key]
    assert len(names) == len(widths)
    for number, (name, width) in enumerate(zip(names, widths, strict=True)):
        padding = 0.0 if number == len(names) - 1 else _PADDING
        assert longest_word(name, "head") <= width - padding, name


@pytest.mark.parametrize("tag", available_languages())
def test_no_word_of_a_label_is_torn(tag: str, tmp_path: Path) -> None:
    model = build_report(made.make_result(tmp_path), tmp_path, ReportForm(tag))
    sections = (model.request, model.people, model.custody, model.glossary)
    labels = [field.label for section in sections for field in section.fields]
    labels += [field.label for item in model.items for field in item.identity]
    assert [label for label in labels if longest_word(label, "label") > LABEL_WIDTH - _PADDING] == []
    listed = [field.label for item in model.listed for field in item.facts]
    assert [label for label in listed if longest_word(label, "label") > item_pages._LISTED_LABEL] == []


@pytest.mark.parametrize("tag", available_languages())
def test_a_scan_of_few_items_is_summed_up_on_its_first_page(tag: str, tmp_path: Path) -> None:
    result = made.make_result(tmp_path)
    pages = pypdfium2.PdfDocument(draw_pdf(build_report(result, tmp_path, ReportForm(tag))))
    text = " ".join(str(pages[0].get_textpage().get_text_bounded()).split())
    lang = Language(tag)
    for part in (
        result.case.question,
        lang.say("cover.not_means_title"),
        lang.say("cover.review_title"),
        *(f"AB-{n:04d}" for n in range(1, 7)),
        lang.say("lr.none_because", reason=lang.say("lr.no_face")),
    ):
        assert part in text, part


@pytest.mark.parametrize("tag", available_languages())
@pytest.mark.parametrize("n_items", [1, 15, 40])
def test_the_first_page_keeps_what_it_must_say(tag: str, n_items: int, tmp_path: Path) -> None:
    base = made.make_items(tmp_path)[3]
    items = tuple(replace(base, item_id=f"{n:04d}") for n in range(1, n_items + 1))
    result = made.make_result(tmp_path, items=items)
    pages = pypdfium2.PdfDocument(draw_pdf(build_report(result, tmp_path, ReportForm(tag))))
    first, second = (" ".join(str(pages[n].get_textpage().get_text_bounded()).split()) for n in (0, 1))
    lang = Language(tag)
    assert lang.say("cover.not_genuine") in first
    assert lang.say("cover.review_title") in first
    assert lang.say("cover.review_title") not in second


@pytest.mark.parametrize("tag", available_languages())
def test_the_space_for_signatures_is_with_the_people(tag: str, tmp_path: Path) -> None:
    pages = pypdfium2.PdfDocument(
        draw_pdf(build_report(made.make_result(tmp_path), tmp_path, ReportForm(tag)))
    )
    texts = [" ".join(str(page.get_textpage().get_text_bounded()).split()) for page in pages]
    lang = Language(tag)
    (page,) = (text for text in texts if lang.say("people.signature_examiner") in text)
    assert lang.say("people.title") in page
    assert lang.say("people.signature_reviewer") in page
