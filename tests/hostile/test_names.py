"""A name is data: no markup, no command, no control character of it has an effect anywhere."""

from __future__ import annotations

import csv
import os
import unicodedata

import pypdfium2
import pytest
from PIL import Image

from forensic_cli.types import RgbImage, Verdict
from tests.hostile.conftest import Batch
from tests.hostile.makers.names import NAMES

# As the report shows it, less its spaces, where that is not the name itself.
SHOWN = {
    "newline": r"a\u000AENDOFREPORT\u000ASHA-256match.png",
    "return": r"visible\u000Dhidden.png",
    "escape": r"a\u001B[2J\u001B[31mred\u001B]0;title\u0007.png",
    "right-to-left": r"a\u202Egnp.exe.png",
    "isolate": r"a\u2066b\u2069\u200B\uFEFF.png",
    "surrogate": r"caf\uDCE9-\uDCFF\uDCFE.png",
    "encoded-surrogate": r"a\uDCED\uDCA0\uDC80.png",
    "space": r"\u0020.png",
    "decomposed": "café.png",
    "emoji": r"\U0001F600\U0001F468\u200D\U0001F469.png",
}
# Shown like other names: what would tell them apart is in their bytes.
ODD = ("newline", "return", "escape", "right-to-left", "isolate", "surrogate", "encoded-surrogate", "emoji")


@pytest.mark.parametrize("kind", NAMES)
def test_a_file_of_any_name_is_examined_and_its_name_kept_byte_for_byte(batch: Batch, kind: str) -> None:
    item = batch.items[os.path.join("names", os.fsdecode(NAMES[kind]))]  # noqa: PTH118
    assert item.finding.verdict is Verdict.NO_FACE
    assert os.fsencode(item.evidence.path).endswith(b"/names/" + NAMES[kind])


@pytest.mark.parametrize("kind", NAMES)
def test_the_report_shows_a_name_escaped_and_in_full(batch: Batch, kind: str) -> None:
    shown = SHOWN.get(kind, "".join(os.fsdecode(NAMES[kind]).split()))
    assert shown in batch.scanned.report_text()


@pytest.mark.parametrize("kind", ODD)
def test_the_report_gives_the_bytes_of_a_name_that_cannot_be_shown(batch: Batch, kind: str) -> None:
    assert NAMES[kind].hex() in batch.scanned.report_text()


def test_a_name_ends_no_report_and_embeds_no_picture(batch: Batch) -> None:
    document = pypdfium2.PdfDocument(batch.scanned.report)
    lines = [line for page in document for line in page.get_textpage().get_text_bounded().splitlines()]
    assert sum(line.strip() == "END OF REPORT" for line in lines) == 1
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for line in lines for character in line)


def test_the_terminal_is_sent_no_control_character(batch: Batch) -> None:
    text = batch.scanned.stderr.replace("\n", "")
    odd = {
        character for character in text if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl"}
    }
    assert odd == set()
    assert "\\u202egnp" in text
    assert "\\u001b[2J" in text
    assert batch.scanned.stdout == ""


def test_the_table_has_a_row_an_item_whatever_the_names_hold(batch: Batch) -> None:
    with (batch.scanned.out / "summary.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1 + len(batch.items)
    assert {len(row) for row in rows} == {len(rows[0])}


def test_no_output_is_called_after_a_source(batch: Batch) -> None:
    for path in batch.scanned.out.rglob("*"):
        assert path.name.isascii()
        assert not any(part in path.name for part in ("bold", "gnp", "caf", "film", "picture"))


def test_a_name_that_begins_with_a_dash_is_an_option_until_told_otherwise(
    program, tmp_path, monkeypatch: pytest.MonkeyPatch, astronaut: RgbImage, seeded_options: list[str], quick
) -> None:
    Image.fromarray(astronaut[:256, 96:352]).save(tmp_path / "-x.png")
    monkeypatch.chdir(tmp_path)
    code, _, err = program("scan", "-x.png", *seeded_options)
    assert code == 2
    assert "-x" in err
    for words in (("--", "-x.png"), ("./-x.png",)):
        code, _, err = program("scan", *seeded_options, *words)
        assert code == 0, err
        assert "1 analysed" in err
