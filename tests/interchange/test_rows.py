"""The CSV export: a row a track, nothing that a spreadsheet would run, numbers that read back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.evidence.records import ScanResult
from forensic_cli.interchange.rows import COLUMNS, csv_document
from forensic_cli.model.weights import ModelCard
from forensic_cli.types import Evidence, Finding, ItemResult, Verdict
from tests.evidence.saved import result_of
from tests.interchange.material import results

Row = dict[str, str]
STARTS = ("=", "+", "-", "@", "\t", "\r")


def rows_of(result: ScanResult) -> list[Row]:
    return list(csv.DictReader(io.StringIO(csv_document(result), newline="")))


def test_a_row_for_each_track_and_for_each_item_without_one(card: ModelCard) -> None:
    rows = rows_of(results(card))
    assert [(row["item"], row["track"], row["verdict"]) for row in rows] == [
        ("0001", "1", "likely_forged"),
        ("0001", "2", "no_support"),
        ("0002", "", "no_face"),
        ("0003", "", "failed"),
    ]
    assert {row["item_verdict"] for row in rows[:2]} == {"likely_forged"}
    assert rows[0]["exhibit"] == "KTU-7"
    assert rows[0]["weights_sha256"] == "a" * 64
    assert rows[0]["warnings"] == "suffix-differs"


def test_the_header_names_every_column(card: ModelCard) -> None:
    header = csv_document(results(card)).splitlines()[0]
    assert tuple(header.split(",")) == COLUMNS


def test_negative_numbers_stay_numbers_and_text_is_guarded(card: ModelCard) -> None:
    second = rows_of(results(card))[1]
    assert float(second["score"]) == -0.113
    assert float(second["log10_lr"]) == -0.5
    assert second["reasons"] == "Sentence one. -sentence two"
    photograph = rows_of(results(card))[2]
    assert photograph["item_reasons"] == "No face was found."


def item_with(text: str) -> ItemResult:
    return ItemResult("0001", Evidence(text, 1, "", ""), Finding(Verdict.FAILED, (text,)))


@pytest.mark.parametrize("start", STARTS)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(card: ModelCard, start: str) -> None:
    text = f"{start}cmd|' /C calc'!A0"
    (row,) = rows_of(result_of(card, item_with(text)))
    assert row["path"] == f"'{text}"
    assert row["reasons"] == f"'{text}"


@settings(max_examples=80, deadline=None)
@given(text=st.text(st.characters(exclude_characters="\0"), max_size=30))
def test_no_text_ever_begins_a_cell_with_a_formula(text: str) -> None:
    plain = ModelCard("name", "lae", "file", "0" * 64, 0.5, -0.5, "rule", attention_scale=1.0)
    (row,) = rows_of(result_of(plain, item_with(text)))
    for column in ("path", "reasons", "item_reasons"):
        assert not row[column].startswith(STARTS)
        assert row[column].removeprefix("'") == text.encode(
            "utf-8", "backslashreplace"
        ).decode().removeprefix("'")


@settings(max_examples=80, deadline=None)
@given(score=st.floats(allow_nan=False, allow_infinity=False))
def test_every_score_reads_back_as_it_was(score: float) -> None:
    plain = ModelCard("name", "lae", "file", "0" * 64, 0.5, -0.5, "rule", attention_scale=1.0)
    item = ItemResult("0001", Evidence("a", 1, "", ""), Finding(Verdict.NO_SUPPORT, (), score))
    (row,) = rows_of(result_of(plain, item))
    assert float(row["score"]) == score
