"""Sentences that a scan stored in English are found again, or left as they are and marked."""

from __future__ import annotations

import ast
import re
import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import forensic_cli
from forensic_cli.config import FaceSettings, Sampling, SamplingRule, ScanConfig
from forensic_cli.evidence.aggregate import aggregation_rule, item_finding, track_finding
from forensic_cli.media.discover import discover
from forensic_cli.model.calibration import Calibration
from forensic_cli.model.weights import load_catalogue
from forensic_cli.report.catalogue import load_messages
from forensic_cli.report.language import Language
from forensic_cli.types import TrackResult
from tests.report import material as made

GERMAN = Language("de")
MARK = "[Originalwortlaut des Programms, englisch]"
# Sentences that the code puts together from pieces; the tests below hold them to their words.
COMPOSED = {
    "stored.refusal.link",
    "stored.refusal.link_unread",
    "stored.card.limit_ratio_network",
    "stored.card.uncompressed_photographed",
    "stored.card.uncompressed_shrunk",
}
ROOT = Path(forensic_cli.__file__).parent.parent


def shape(text: str) -> str:
    """A template with every placeholder alike."""
    return "".join(
        part + ("{}" if name is not None else "") for part, name, _, _ in string.Formatter().parse(text)
    )


def program_strings() -> list[str]:
    """Every string of the program and of the training, with "{}" where an f-string puts a value."""
    found = []
    for package in ("forensic_cli", "train"):
        for path in (ROOT / package).rglob("*.py"):
            if path.is_relative_to(ROOT / "forensic_cli" / "report"):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
                    found.append("".join(map(str, parts)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value.replace("{n}", "{}"))
    return found


def test_every_template_has_the_words_of_the_code() -> None:
    code = "\n".join(program_strings())
    templates = {key: str(text) for key, text in load_messages("en").items() if key.startswith("stored.")}
    stale = []
    for key, template in templates.items():
        # A sentence may begin or end with a value that the code puts there as a word.
        parts = [part.strip(" .,:") for part in shape(template).split("{}")]
        if shape(template) not in code and not all(part in code for part in parts):
            stale.append(key)
    assert set(stale) == COMPOSED


def test_findings_are_said_in_german_with_german_numbers() -> None:
    assert GERMAN.stored("The score 0.410 reaches the threshold 0.250.") == (
        "Der Score 0,410 erreicht die Schwelle 0,250."
    )
    assert GERMAN.stored("The score -1.250 lies below -0.050.") == "Der Score −1,250 liegt unter −0,050."
    assert GERMAN.stored("Read from 1 of 3 tracks; track 0 leads.") == (
        "Bewertet nach 1 von 3 Gesichtsfolgen; maßgeblich ist Folge 0."
    )


def test_sentences_in_a_row_are_found_one_by_one() -> None:
    note = (
        "inconclusive: outside the validated range. The median face measures 60 px; the calibration holds from "
        "80 px on. The item is coded as hevc; the calibration holds for lossless, jpeg, h264."
    )
    assert GERMAN.stored(note) == (
        "nicht entscheidbar: außerhalb des validierten Bereichs. Das mittlere Gesicht (Median) misst 60 px; die "
        "Kalibrierung gilt ab 80 px. Der Gegenstand ist als hevc kodiert; die Kalibrierung gilt für lossless, "
        "jpeg, h264."
    )


def test_a_name_is_never_translated() -> None:
    assert GERMAN.stored("every frame is empty.") == "every frame ist leer."
    assert GERMAN.stored("1,234.5 is empty.") == "1,234.5 ist leer."


def test_what_nobody_knows_stays_and_is_marked() -> None:
    assert GERMAN.stored("Something new happened.") == f"Something new happened. {MARK}"
    assert GERMAN.stored("Something new happened.", is_marked=False) == "Something new happened."
    mixed = "a.mp4 is empty. Something new happened."
    assert GERMAN.stored(mixed) == f"{mixed} {MARK}"


def test_numbers_alone_are_set_in_german() -> None:
    assert GERMAN.stored("64,000,000") == "64.000.000"
    assert GERMAN.stored("2.5") == "2,5"


def test_english_is_only_typeset() -> None:
    assert Language("en").stored("The score -0.220 is a_F - a_T.") == "The score −0.220 is a_F − a_T."


@given(st.text(max_size=300))
def test_any_text_survives(text: str) -> None:
    stored = GERMAN.stored(text)
    assert bool(stored) == bool(text)


def test_many_sentences_of_which_the_last_is_unknown_take_no_time() -> None:
    text = "x is empty. " * 60 + "and then"
    assert GERMAN.stored(text).endswith(MARK)


def test_a_refused_link_is_said_in_german(tmp_path: Path) -> None:
    (tmp_path / "link.mp4").symlink_to(tmp_path / "away.mp4")
    (found,) = discover([tmp_path / "link.mp4"]).items
    assert MARK not in GERMAN.stored(found.refusal)
    assert str(tmp_path / "away.mp4") in GERMAN.stored(found.refusal)


def test_everything_that_the_rules_store_is_known(calibration: Calibration) -> None:
    card = made.make_card(calibration=calibration)
    for sentence in aggregation_rule(card):
        assert MARK not in GERMAN.stored(sentence), sentence
    facts = made.make_video_facts()
    for level in (-2.0, 0.1, 2.0):
        for n_readings, side in ((1, 142.0), (9, 30.0), (9, 142.0)):
            readings = [
                replace(made.make_reading(frame, level, face_px=side), confidence=0.1)
                for frame in range(n_readings)
            ]
            for row in (
                readings,
                [made.make_reading(frame, level, face_px=side) for frame in range(n_readings)],
            ):
                for medium in (facts, replace(facts, codec="vp9")):
                    finding = track_finding(row, card, medium, 9, seed=1)
                    whole = item_finding([TrackResult(0, tuple(row), finding)])
                    for sentence in (*whole.reasons, finding.lr_note):
                        assert MARK not in GERMAN.stored(sentence), sentence
    assert MARK not in GERMAN.stored(item_finding([]).reasons[0])


@pytest.mark.parametrize("rule", SamplingRule)
def test_every_parameter_of_a_scan_has_a_german_name(rule: SamplingRule) -> None:
    from forensic_cli.pipeline.parameters import describe

    config = ScanConfig((Path("a.mp4"),), sampling=Sampling(rule), faces=FaceSettings())
    for name, _ in describe(config, "1, chosen by the program"):
        assert GERMAN.stored(name, is_marked=False) != name or name == "Heatmaps", name


@pytest.mark.parametrize(
    "batch", ["16, chosen by the program", "16; begun with 64, halved where memory ran out"]
)
def test_how_the_number_of_crops_a_batch_came_about_is_said_in_german(batch: str) -> None:
    said = GERMAN.stored(batch, is_marked=False)
    assert said.startswith("16")
    assert said != batch


def test_the_shipped_model_card_is_said_in_german() -> None:
    """New weights bring new sentences: add them below `stored.card` in every catalogue."""
    card = load_catalogue().card()
    sentences = [card.threshold_rule, *card.limitations]
    if card.calibration:
        sentences += [card.calibration.method, card.calibration.bound_rule, card.calibration.data]
    assert [sentence for sentence in sentences if MARK in GERMAN.stored(sentence)] == []


def test_the_conditions_of_the_shipped_card_are_said_in_german() -> None:
    card = load_catalogue().card()
    conditions = [row.condition for row in card.error_rates]
    if card.calibration:
        conditions += [*card.calibration.conditions, *(row.condition for row in card.calibration.rows)]
    said = [GERMAN.stored(condition, is_marked=False) for condition in conditions]
    assert [text for text in said if re.search(r"compression|face as|face of|all ", text)] == []
