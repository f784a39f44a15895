"""Draft and final, English and German: what each report says, and that it says no more."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from forensic_cli.case.final import FINAL_FIELDS
from forensic_cli.case.model import Case, CaseItem, Transfer
from forensic_cli.errors import UsageError
from forensic_cli.model.calibration import Calibration
from forensic_cli.report.build import build_report, report_id
from forensic_cli.report.catalogue import available_languages
from forensic_cli.report.form import ReportForm
from forensic_cli.report.pdf import draw_pdf
from forensic_cli.types import Resumption, StoppedItem, VerbalTerm
from tests.report import material as made
from tests.report.forbidden import FORBIDDEN
from tests.report.test_likelihood import with_ratio

COMPLETE = replace(
    made.CASE,
    laboratory_address="Street 1, Town",
    requester_contact="court@example.org",
    reviewer="Dr. Ada Weiß",
)


def read_pages(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(content)
    return [" ".join(str(page.get_textpage().get_text_bounded()).split()) for page in document]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def german(folder: Path, calibration: Calibration) -> list[str]:
    items = made.make_items(folder)
    bounded = {"log10_lr": 1.5, "lr_is_bounded": True, "lr_term": VerbalTerm.MODERATE}
    result = made.make_result(
        folder,
        model=made.make_card(calibration=calibration),
        items=(with_ratio(items[0], **bounded), *items[1:]),
    )
    return read_pages(draw_pdf(build_report(result, folder, ReportForm("de"))))


def test_every_page_of_a_draft_is_marked(german: list[str]) -> None:
    for number, text in enumerate(german, 1):
        for part in (
            "ENTWURF",
            "ENTWURF, NICHT UNTERZEICHNET",
            "Aktenzeichen K-2026/0042",
            "Ausgestellt 21.11.2026, 04:46:12 UTC",
            f"Seite {number} von {len(german)}",
        ):
            assert part in text, (number, part)
    assert "ENDE DES BERICHTS" in german[-1]


@pytest.mark.parametrize(
    "block",
    [
        "Auftraggeber District Court, chamber 4", "Vom Auftrag ausgenommen Nicht angegeben",
        "Prüfende Person Nicht angegeben", "Sachverständige Person: Name, Unterschrift, Datum",
        "Hashwerte stimmen überein Ja", "4.812.345 Byte (4,8 MB)", "25,000 Hz, konstant", "90° im Uhrzeigersinn",
        "250 Einzelbilder im Datenstrom = 20 untersucht + 229 nicht ausgewählt + 1 fehlgeschlagen.",
        "kein Nachweis des Ortes", "Erste Hypothese:", "Zweite Hypothese:",
        "+1,50 (mindestens); mäßige Unterstützung",
        "Der Score ist mindestens 31,62-mal so wahrscheinlich, wenn das Gesicht gefälscht ist",
        "Mäßige Unterstützung der ersten Hypothese.", "In Betracht gezogene andere Erklärungen",
        "Trainingsnah:", "Trainingsfremd:", "2,1 % 1,2 bis 3,6", "2 bis 5 von je 100", "Verbleib Nicht angegeben",
        "Kopf-Hash des Prüfprotokolls", "Uhrzeit nicht beglaubigt", "darf ohne schriftliche Genehmigung",
        "Keine Entscheidung über einen Menschen", "Wiederholung der Untersuchung", "Abweichungen bis 0,0001",
    ],
)  # fmt: skip
def test_a_required_block_is_there_in_german(german: list[str], block: str) -> None:
    assert block in " ".join(german)


def test_no_language_prints_a_word_that_claims_too_much(german: list[str], folder: Path) -> None:
    assert FORBIDDEN.search(" ".join(german)) is None
    for tag in available_languages():
        text = " ".join(read_pages(draw_pdf(build_report(made.make_result(folder), folder, ReportForm(tag)))))
        assert FORBIDDEN.search(text) is None, tag


def test_german_numbers_have_no_decimal_point(german: list[str]) -> None:
    """But for versions, times of tags, and what the model card says in its own words."""
    text = " ".join(german)
    for number in ("0.410", "+0.370", "25.000", "31.62", "0.941", "1,234"):
        assert number not in text
    assert not re.search(r"[+−]\d\.\d", text)


def test_a_report_carries_its_language(folder: Path) -> None:
    result = made.make_result(folder, items=())
    assert b"/Lang (de)" in draw_pdf(build_report(result, folder, ReportForm("de")))


def test_a_final_report_is_not_marked_as_a_draft(folder: Path) -> None:
    result = made.make_result(folder, case=COMPLETE)
    pages = read_pages(draw_pdf(build_report(result, folder, ReportForm(is_final=True))))
    assert not any("DRAFT" in text.upper() for text in pages)
    assert all("FINAL" in text for text in pages)
    assert "Dr. Zoë Müller answers for it; Dr. Ada Weiß is named as its reviewer" in pages[0]


def test_a_final_report_without_its_fields_is_refused_with_their_names(folder: Path) -> None:
    with pytest.raises(UsageError) as caught:
        build_report(made.make_result(folder, case=Case()), folder, ReportForm(is_final=True))
    assert caught.value.exit_code == 2
    assert all(name in caught.value.message for name in FINAL_FIELDS)


def test_each_report_has_a_number_of_its_own(folder: Path) -> None:
    result = made.make_result(folder, items=(), case=COMPLETE)
    ids = {
        report_id(result, ReportForm("en")),
        report_id(result, ReportForm("de")),
        report_id(result, ReportForm("en", is_final=True)),
        report_id(replace(result, case=replace(COMPLETE, notes="x")), ReportForm("en")),
        report_id(replace(result, run=made.make_run(run_id="other")), ReportForm("en")),
    }
    assert len(ids) == 5
    assert report_id(result, ReportForm("en")) in ids


def test_the_case_datas_issue_time_is_the_reports(folder: Path) -> None:
    case = replace(COMPLETE, issued_utc="2026-12-01T10:00:00Z")
    model = build_report(made.make_result(folder, case=case, items=()), folder)
    assert (model.head.issued, model.head.issued_epoch_s) == ("2026-12-01 10:00:00 UTC", 1796119200)
    assert "the case data state" in " ".join(model.conditions.points)


def test_transfers_and_what_holds_for_one_item_alone_are_printed(folder: Path) -> None:
    case = replace(
        COMPLETE,
        transfers=(Transfer("2026-11-19", "Store 2", "Laboratory", "One stick, sealed"), Transfer()),
        items=(
            CaseItem("notes.txt", exhibit="2.4.1", description="A note", received_from="Witness A"),
            CaseItem(made.GREEK_NAME, exhibit="2.4.2", original_or_copy="Copy by messenger"),
            CaseItem("elsewhere.mp4", exhibit="9"),
        ),
        disposition="Returned",
    )
    text = " ".join(read_pages(draw_pdf(build_report(made.make_result(folder, case=case), folder))))
    for part in (
        "Transfer 1 2026-11-19: from Store 2 to Laboratory. One stick, sealed",
        "Transfer 2 Not supplied: from Not supplied to Not supplied. Not supplied",
        "Disposition Returned",
        "Item AB-0001, exhibit 2.4.2",
        "Original or copy Copy by messenger",
        "Received Witness A, 2026-11-19 09:00:00 UTC",
        "files that are not among the items: elsewhere.mp4",
    ):
        assert part in text, part


def test_the_audit_logs_head_is_printed(folder: Path) -> None:
    model = build_report(replace(made.make_result(folder, items=()), audit_head_sha256="ab" * 32), folder)
    assert "ab" * 32 in [field.value for field in model.custody.fields]


def test_a_resumed_scan_says_what_happened(folder: Path) -> None:
    resumption = Resumption(
        "2026-11-21T05:00:00Z", ("lae-forensics", "scan", "--resume", "x"),
        (StoppedItem("0002", "/e/b.mp4"), StoppedItem("0003", "/e/d.mp4")), 1,
        repeated=("0001",), new_paths=("/e/new.mp4",), missing_paths=("/e/gone.mp4",), changed_paths=("/e/c.mp4",),
        set_aside=("set-aside/1",),
    )  # fmt: skip
    run = made.make_run(resumptions=(resumption,))
    model = build_report(made.make_result(folder, run=run, items=()), folder)
    assert model.resumptions is not None
    told = model.resumptions.fields[0].value
    for part in (
        "0002 (/e/b.mp4)",
        "0003 (/e/d.mp4)",
        "/e/new.mp4",
        "/e/gone.mp4",
        "/e/c.mp4",
        "set-aside/1",
        "1 item had been",
    ):
        assert part in told, part
    assert any("taken up again" in notice for notice in model.summary.notices)
