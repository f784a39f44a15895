"""`report`, and the report's options of `scan`: final, languages, and the case data that are kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pypdfium2
import pytest

from forensic_cli.case.final import FINAL_FIELDS
from tests.conftest import SAMPLES

CASE = "\n".join(
    f"{name} = {'2026-11-19' if name.endswith('_utc') else repr(f'my {name}')}" for name in FINAL_FIELDS
)


@pytest.fixture(scope="module")
def results(weights_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from typer.testing import CliRunner

    from forensic_cli.cli.app import app

    folder = tmp_path_factory.mktemp("scan") / "results"
    words = ["scan", SAMPLES / "genuine.mp4", "--out", folder, "--frames", "3", "--quiet", "--weights",
             weights_folder, "--allow-foreign-weights", "--device", "cpu"]  # fmt: skip
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0
    return folder


def text_of(pdf: Path) -> str:
    pages = pypdfium2.PdfDocument(pdf)
    return " ".join(" ".join(str(page.get_textpage().get_text_bounded()).split()) for page in pages)


def test_a_case_file_makes_a_final_report_in_german_and_is_kept(
    program, results: Path, tmp_path: Path
) -> None:
    case = tmp_path / "case.toml"
    case.write_text(CASE)
    target = tmp_path / "final.pdf"
    code, _, err = program("report", results, "-o", target, "--case", case, "--final", "--language", "de")
    assert code == 0
    text = text_of(target)
    assert "ENDFASSUNG" in text
    assert "ENTWURF" not in text
    assert "my requester" in text
    assert "19.11.2026" in text
    kept = results / "cases" / f"{hashlib.sha256(CASE.encode()).hexdigest()[:16]}.toml"
    assert kept.read_text() == CASE
    assert str(kept) in err
    sums = (results / "SHA256SUMS").read_text()
    assert f"{hashlib.sha256(CASE.encode()).hexdigest()}  cases/{kept.name}\n" in sums
    assert hashlib.sha256(target.read_bytes()).hexdigest() in sums
    assert '"report-written"' in (results / "audit.jsonl").read_text()
    again = tmp_path / "again.pdf"
    program("report", results, "-o", again, "--case", kept, "--final", "--language", "de")
    assert again.read_bytes() == target.read_bytes()


def test_an_unrecorded_report_leaves_the_results_as_they_are(program, results: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    code, _, _ = program("report", results, "-o", tmp_path / "look.pdf", "--unrecorded")
    assert code == 0
    assert {path: path.read_bytes() for path in results.rglob("*") if path.is_file()} == before


def test_a_final_report_names_every_field_that_is_missing(program, results: Path, tmp_path: Path) -> None:
    code, _, err = program("report", results, "-o", tmp_path / "x.pdf", "--final")
    assert code == 2
    assert all(name in err for name in FINAL_FIELDS)
    assert not (tmp_path / "x.pdf").exists()


def test_a_scan_refuses_a_final_report_before_it_begins(program, seeded, tmp_path: Path) -> None:
    code, _, err = program(
        "scan", SAMPLES / "genuine.mp4", "--report", tmp_path / "x.pdf", "--final", "--examiner", "A", *seeded
    )
    assert code == 2
    assert "laboratory" in err
    assert "examiner" not in err.partition("supplied:")[2].partition("\n")[0]
    assert list(tmp_path.iterdir()) == []


def test_final_without_a_report_is_a_usage_error(program, seeded) -> None:
    code, _, err = program("scan", SAMPLES / "genuine.mp4", "--final", *seeded)
    assert code == 2
    assert "--report" in err


@pytest.mark.parametrize("words", [("scan", SAMPLES / "genuine.mp4"), ("report", ".", "-o", "x.pdf")])
def test_an_unknown_language_names_those_there_are(program, words: tuple[object, ...]) -> None:
    code, _, err = program(*words, "--language", "xx")
    assert code == 2
    assert "de, en" in err
