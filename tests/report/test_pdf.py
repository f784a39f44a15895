import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from forensic_cli.case.model import Case
from forensic_cli.errors import ExitCode, OutputError, VerificationError
from forensic_cli.report.build import build_report, report_id
from forensic_cli.report.form import DRAFT
from forensic_cli.report.pdf import draw_pdf, write_pdf
from tests.report import material as made
from tests.report.forbidden import FORBIDDEN


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    made.make_items(folder)
    return folder


@pytest.fixture(scope="module")
def pdf(results: Path) -> bytes:
    return draw_pdf(build_report(made.make_result(results), results))


@pytest.fixture(scope="module")
def pages(pdf: bytes) -> list[str]:
    return read_pages(pdf)


def read_pages(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(content)
    return [" ".join(str(page.get_textpage().get_text_bounded()).split()) for page in document]


def text_objects(content: bytes) -> Iterator[tuple[str, bool]]:
    """(font, is embedded) of every text object, those in forms included."""
    document = pypdfium2.PdfDocument(content)
    for page in document:
        for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT], max_depth=3):
            font = pdfium.FPDFTextObj_GetFont(item.raw)
            length = pdfium.FPDFFont_GetBaseFontName(font, None, 0)
            name = ctypes.create_string_buffer(length)
            pdfium.FPDFFont_GetBaseFontName(font, name, length)
            yield name.value.decode(), bool(pdfium.FPDFFont_GetIsEmbedded(font))


def test_every_page_says_whose_it_is(pages: list[str], results: Path) -> None:
    for number, text in enumerate(pages, start=1):
        for part in (
            "Case K-2026/0042",
            f"Report {report_id(made.make_result(results), DRAFT)}",
            "DRAFT, UNSIGNED",
            "Issued 2026-11-21 04:46:12 UTC",
            f"Page {number} of {len(pages)}",
        ):
            assert part in text, (number, part)


def test_the_report_ends_with_its_end(pages: list[str]) -> None:
    assert "END OF REPORT" in pages[-1]
    assert not any("END OF REPORT" in text for text in pages[:-1])


def test_the_first_page_is_the_summary(pages: list[str]) -> None:
    for part in (
        "Examination for forged faces",
        "Was the face of the person speaking replaced",
        "6 items found = 2 analysed + 1 without a face + 1 skipped + 2 failed.",
        "Likely forged +0.410 none: not calibrated",
        "Паспорт Иванов.jpg No support for forgery found −0.220",
        "No face found – none: no face",
        "The score is not a probability",
        "a qualified examiner (Dr. Zoë Müller) must check",
    ):
        assert part in pages[0], part


def test_the_table_of_findings_names_the_right_pages(pages: list[str]) -> None:
    table = pages[0].split("Item File Finding", 1)[1]
    for label, name in (
        ("AB-0001", made.GREEK_NAME),
        ("AB-0002", made.CYRILLIC_NAME),
        ("AB-0004", "notes.txt"),
    ):
        row = table.split(label, 1)[1]
        # The page's number is the last word before the next item, or before the end of the table.
        words = row.split("AB-0", 1)[0].split()
        assert name in pages[int(words[-1]) - 1]


def test_the_running_head_names_the_item(pages: list[str]) -> None:
    first = next(n for n, text in enumerate(pages) if n and "Item AB-0001" in text)
    second = next(n for n, text in enumerate(pages) if "Item AB-0002" in text and n > first)
    listed = next(n for n, text in enumerate(pages) if "Items without a face reading" in text)
    assert all("Item AB-0001" in text for text in pages[first:second])
    assert all("Item AB-0002" in text for text in pages[second:listed])
    assert not any("Item AB-" in text.replace("Items", "") for text in (*pages[:first], *pages[listed:]))


@pytest.mark.parametrize(
    "block",
    [
        "Requester District Court, chamber 4", "Authority reference Not supplied", "Out of scope Not supplied",
        "Examiner Dr. Zoë Müller", "Reviewer Not supplied", "Examiner: name, signature, date",
        "Modified 2026-10-30 07:12:09 UTC", "Hashes match Yes", "Original or copy Copy",
        "Container mov,mp4,m4a,3gp,3g2,mj2", "Rotation 90° clockwise", "25.000 Hz, constant",
        "Encoder Lavc61.19.100 libx264",
        "Exif: Model X-T30", "Commit 8d4c1f0b2a6e", "torch 2.15.0", "Precision fp32",
        "Detector dlib-hog", "Smallest face 80 px", "Seed 20200", "Scan 3f0c6a52-8c1e-4b2a-9c57-5d2f0d1b7e11",
        "Forged threshold +0.250", "Calibration None",
        "95% interval +0.370 to +0.460", "250 frames in the stream = 20 examined + 229 not sampled + 1 failed.",
        "0:00:00.480", "What the model attended to; not proof of location.", "16 × 16 cells",
        "First proposition", "Second proposition", "Likelihood ratio: none is reported",
        "Alternatives considered", "a method that leaves no trace",
        "In-domain:", "Out-of-domain:", "The program looked at faces only.", "2 to 5 of every 100",
        "Held-out method Poisson swap",
        "lae-forensics scan /media/evidence/2026-0042 --case case.toml --report out.pdf", "To expect:",
        "Head hash of the audit log", "Disposition Not supplied", "clock not attested",
        "results relate only to the items examined", "shall not be reproduced except in full", "A human must review",
        "moov atom not found", "The file is no image or video", "Glossary",
    ],
)  # fmt: skip
def test_a_required_block_is_there(pages: list[str], block: str) -> None:
    assert block in " ".join(pages)


def test_hashes_are_printed_whole(pages: list[str]) -> None:
    text = "".join("".join(pages).split())
    for name in (
        made.GREEK_NAME,
        made.CYRILLIC_NAME,
        made.CJK_NAME,
        made.UGLY_NAME,
        made.BROKEN_BYTES_NAME,
        "weights",
    ):
        assert made.sha(name) in text


def test_hostile_names_are_shown_escaped(pages: list[str]) -> None:
    text = " ".join(pages)
    assert 'foo<b>&"\\u202E.mp4' in text
    assert "\\uDCFF\\uDCFE kamera.avi" in text
    assert "\u202e" not in text


def test_forbidden_words_are_absent(pages: list[str]) -> None:
    assert FORBIDDEN.search(" ".join(pages)) is None


def test_every_font_is_embedded(pdf: bytes) -> None:
    fonts = dict(text_objects(pdf))
    assert len(fonts) >= 6
    assert all(fonts.values()), fonts
    # Not even named: a viewer would look for it.
    assert b"/Helvetica" not in pdf


def test_bookmarks_lead_to_items_and_sections(pdf: bytes, pages: list[str]) -> None:
    document = pypdfium2.PdfDocument(pdf)
    entries = [(mark.level, mark.get_title(), mark.get_dest().get_index()) for mark in document.get_toc()]
    titles = [title for _, title, _ in entries]
    for title in ("Summary", "Finding per item", "Request", "Items", "Method", "Error rates", "Glossary"):
        assert title in titles
    by_title = {title: (level, index) for level, title, index in entries}
    level, index = by_title[f"Item AB-0002: {made.CYRILLIC_NAME}"]
    assert level == 1
    assert made.CYRILLIC_NAME in pages[index]
    assert by_title["Face track 1"][0] == 2
    assert [title for level, title, _ in entries if level == 1 and title.startswith("Item AB-")] == [
        f"Item AB-0001: {made.GREEK_NAME}",
        f"Item AB-0002: {made.CYRILLIC_NAME}",
        f"Item AB-0003: {made.CJK_NAME}",
        "Item AB-0004: notes.txt",
        'Item AB-0005: foo<b>&"\\u202E.mp4',
        "Item AB-0006: \\uDCFF\\uDCFE kamera.avi",
    ]


def test_metadata_language_and_time(pdf: bytes) -> None:
    document = pypdfium2.PdfDocument(pdf)
    facts = document.get_metadata_dict()
    assert facts["Title"] == "Examination for forged faces, K-2026/0042"
    assert facts["Author"] == "Forensic Institute, Digital Traces"
    assert "K-2026/0042" in facts["Subject"]
    assert facts["Creator"] == "lae-forensics 0.1.0"
    assert facts["CreationDate"].startswith("D:20261121044612")
    assert b"/Lang (en)" in pdf


def test_the_same_results_give_the_same_bytes_anywhere(pdf: bytes, results: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(results, moved)
    script = (
        "import sys; from pathlib import Path; from tests.report import material as m; import hashlib;"
        "from forensic_cli.report.build import build_report; from forensic_cli.report.pdf import draw_pdf;"
        "folder = Path(sys.argv[1]); content = draw_pdf(build_report(m.make_result(folder), folder));"
        "print(hashlib.sha256(content).hexdigest())"
    )
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "PYTHONPATH": str(root)}
    output = subprocess.run(
        [sys.executable, "-c", script, str(moved)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    ).stdout
    assert output.strip() == hashlib.sha256(pdf).hexdigest()


def test_the_callers_environment_is_left_as_it_was(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "12345")
    draw_pdf(build_report(made.make_result(results, items=()), results))
    assert os.environ["SOURCE_DATE_EPOCH"] == "12345"


def test_an_altered_picture_is_never_drawn(tmp_path: Path) -> None:
    result = made.make_result(tmp_path)
    picture = tmp_path / result.items[0].tracks[0].exhibits[0].file
    picture.write_bytes(picture.read_bytes() + b"\x00")
    with pytest.raises(VerificationError, match="is not the one that the scan wrote") as caught:
        write_pdf(build_report(result, tmp_path), tmp_path / "out.pdf")
    assert caught.value.exit_code is ExitCode.VERIFICATION_FAILED
    assert not (tmp_path / "out.pdf").exists()


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    result = made.make_result(tmp_path)
    file = result.items[1].tracks[0].exhibits[0].file
    (tmp_path / file).unlink()
    with pytest.raises(VerificationError, match=file):
        draw_pdf(build_report(result, tmp_path))


def test_a_picture_that_is_none_is_refused(tmp_path: Path) -> None:
    item = made.make_items(tmp_path)[1]
    reading = item.tracks[0].readings[0]
    exhibit = made.make_exhibit(tmp_path, "text", "frame", reading, b"not a picture")
    result = made.make_result(
        tmp_path, items=(replace(item, tracks=(replace(item.tracks[0], exhibits=(exhibit,)),)),)
    )
    with pytest.raises(VerificationError, match="no JPEG or PNG"):
        draw_pdf(build_report(result, tmp_path))


def test_the_file_is_written_in_one_step(results: Path, tmp_path: Path, pdf: bytes) -> None:
    target = tmp_path / "out.pdf"
    write_pdf(build_report(made.make_result(results), results), target)
    assert target.read_bytes() == pdf
    assert list(tmp_path.iterdir()) == [target]


def test_a_report_that_came_in_the_meantime_is_not_overwritten(results: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.pdf"
    target.write_bytes(b"theirs")
    with pytest.raises(OutputError, match="not overwritten"):
        write_pdf(build_report(made.make_result(results, items=()), results), target)
    assert target.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [target]


def test_an_unwritable_place_is_an_output_error_with_a_remedy(results: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError) as caught:
        write_pdf(build_report(made.make_result(results, items=()), results), tmp_path / "file" / "out.pdf")
    assert caught.value.hint


def test_a_name_that_is_markup_fetches_nothing(results: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(made.make_picture((40, 40), 1, "heatmap"))
    # A slash cannot be in a name, but it can be in a path, a tag or a case.
    attack = f'<img src="{secret}" width="40" height="40"/><font color="white">x</font><a href="http://x.y">'
    item = made.make_items(results)[3]
    case = Case(
        number=attack, examiner=attack, laboratory=attack, question=attack, exhibit_prefix="<b>", notes=attack
    )
    evidence = replace(item.evidence, path=f"/x/{attack.replace('/', '_')}")
    content = draw_pdf(
        build_report(made.make_result(results, items=(replace(item, evidence=evidence),), case=case), results)
    )
    document = pypdfium2.PdfDocument(content)
    for page in document:
        assert not list(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=5))
    assert b"/URI" not in content
    assert "".join(attack.split()) in "".join(" ".join(read_pages(content)).split())


def test_endless_names_and_notes_still_fit_the_page(results: Path) -> None:
    item = made.make_items(results)[1]
    path = "/" + "/".join("\u202e" * 200 for _ in range(20)) + "/" + "n" * 251 + ".jpg"
    case = Case(
        number="K" * 300,
        question="why? " * 900,
        notes="line\n" * 300,
        laboratory="L" * 500,
        examiner="東" * 300,
    )
    items = (replace(item, evidence=replace(item.evidence, path=path)),)
    content = draw_pdf(build_report(made.make_result(results, items=items, case=case), results))
    texts = read_pages(content)
    assert "END OF REPORT" in texts[-1]
    assert "in full under “Request”" in texts[0]
    assert "".join(texts).replace(" ", "").count("line") >= 300


def test_a_scan_that_found_nothing_is_a_report_too(results: Path) -> None:
    text = " ".join(read_pages(draw_pdf(build_report(made.make_result(results, items=()), results))))
    assert "0 items found = 0 analysed + 0 without a face + 0 skipped + 0 failed." in text


def test_a_long_table_of_findings_repeats_its_head_and_leaves_page_one_whole(results: Path) -> None:
    base = made.make_items(results)[3]
    items = tuple(replace(base, item_id=f"{n:04d}") for n in range(1, 121))
    texts = read_pages(draw_pdf(build_report(made.make_result(results, items=items), results)))
    assert "Draft, unsigned. Software wrote this report." in texts[0]
    assert "Not examined 120" in texts[0]
    assert sum("Item File Finding Score log10 LR Page" in text for text in texts) == 3
    assert "AB-0120" in " ".join(texts)


def test_items_without_a_face_share_pages(results: Path) -> None:
    base = made.make_items(results)[3]
    items = tuple(replace(base, item_id=f"{n:04d}") for n in range(1, 121))
    texts = read_pages(draw_pdf(build_report(made.make_result(results, items=items), results)))
    assert len(texts) < 30


def test_drawing_needs_no_torch_opencv_dlib_or_pyav() -> None:
    script = (
        "import sys, forensic_cli.report.build, forensic_cli.report.pdf;"
        "print([name for name in ('torch', 'torchvision', 'cv2', 'dlib', 'av') if name in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    output = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root
    ).stdout
    assert output.strip() == "[]"
