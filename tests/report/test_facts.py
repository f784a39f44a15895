"""The factsheet as a block of the report, in every language."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from forensic_cli.config import MediaLimits
from forensic_cli.factsheet import (
    CredentialFacts,
    CredentialState,
    Factsheet,
    NotDetermined,
    Reason,
    unread_factsheet,
)
from forensic_cli.media.facts import collect_facts
from forensic_cli.report.build_facts import build_facts, credential_fields
from forensic_cli.report.build_item import build_item, build_listed
from forensic_cli.report.catalogue import available_languages
from forensic_cli.report.language import Language
from forensic_cli.report.model import Section
from forensic_cli.types import ItemResult, RgbImage
from tests.conftest import SAMPLES
from tests.media.facts.sheets import jpeg_bytes
from tests.report.forbidden import FORBIDDEN
from tests.report.material import make_items, make_result

ENGLISH = Language("en")


@pytest.fixture(scope="module")
def of_clip() -> Factsheet:
    with (SAMPLES / "forged.mp4").open("rb") as file:
        return collect_facts(file, "forged.mp4", MediaLimits())


@pytest.fixture(scope="module")
def of_photograph(astronaut: RgbImage) -> Factsheet:
    return collect_facts(io.BytesIO(jpeg_bytes(astronaut, 83)), "a.jpg", MediaLimits())


def block_of(sheet: Factsheet, folder: Path, lang: Language = ENGLISH) -> Section:
    item = replace(make_items(folder)[0], media_facts=sheet)
    block = build_facts(item, lang)
    assert block is not None
    return block


def values(block: Section) -> dict[str, str]:
    return {field.label: field.value for field in block.fields}


def test_a_clips_facts_are_printed(of_clip: Factsheet, tmp_path: Path) -> None:
    found = values(block_of(of_clip, tmp_path))
    assert found["Layout, in the file's order"] == "ftyp, moov, free, mdat (index before the pictures)"
    assert found["Picture types"] == "1 I, 31 P, 93 B, 0 other; 0 I pictures that are no key frames"
    assert found["Interval between frames"].startswith("median 0.04 s")
    assert found["Edit list"] == "track 1: 5 s from 0.08 s on, at 1 times the speed"
    assert found["Names itself: SEI user data"].startswith("x264 - core")
    assert found["Content Credentials"] == "none found; absence says nothing"


def test_a_photographs_facts_are_printed(of_photograph: Factsheet, tmp_path: Path) -> None:
    block = block_of(of_photograph, tmp_path)
    found = values(block)
    assert found["Quantisation table 0"].startswith("libjpeg's table of quality 83, exactly")
    assert found["JPEG coding"] == "baseline, 8 bit, 3 components, subsampling 4:2:0, scans: 1"
    assert found["Earlier JPEG compression"].startswith("No hint in the histograms")
    assert "Thumbnail: there is none (no thumbnail in the Exif data)" in block.points


def test_the_block_says_that_nothing_in_it_is_scored(of_clip: Factsheet, tmp_path: Path) -> None:
    assert "Nothing here enters a score." in block_of(of_clip, tmp_path).note


def test_german_numbers_and_words(of_clip: Factsheet, tmp_path: Path) -> None:
    found = values(block_of(of_clip, tmp_path, Language("de")))
    assert found["Abstand zwischen Bildern"].startswith("Median 0,04 s")
    assert found["Content Credentials"] == "keine gefunden; das Fehlen sagt nichts aus"


def test_valid_and_trusted_are_printed_apart() -> None:
    found = CredentialFacts(CredentialState.FOUND, is_valid=True, is_trusted=None, signer="Anyone")
    shown = {field.label: field.value for field in credential_fields(found, ENGLISH)}
    assert shown["Content Credentials valid"].startswith("Yes")
    assert shown["Content Credentials trusted"] == "Not determined: no trust list was given"
    untrusted = replace(found, is_valid=False, is_trusted=False, failures=("assertion.dataHash.mismatch",))
    shown = {field.label: field.value for field in credential_fields(untrusted, ENGLISH)}
    assert "assertion.dataHash.mismatch" in shown["Content Credentials valid"]
    assert shown["Content Credentials trusted"].startswith("No")


def test_what_to_install_is_said_where_credentials_were_not_checked() -> None:
    reason = "In the checkout, run: pip install '.[credentials]'"
    (field,) = credential_fields(CredentialFacts(CredentialState.NOT_CHECKED, reason), ENGLISH)
    assert "not checked" in field.value
    assert "pip install" in field.value


@pytest.mark.parametrize("tag", available_languages())
def test_every_reason_state_and_fact_has_words(tag: str, of_clip: Factsheet, tmp_path: Path) -> None:
    lang = Language(tag)
    facts = [
        "container", "container.sections", "container.header_times", "stream", "frames", "frames.n_frames",
        "frames.n_i", "frames.n_open_groups", "timing", "bit_rate", "encoders", "exif", "thumbnail", "jpeg",
        "recompression", "texts", "credentials", "media_facts",
    ]  # fmt: skip
    notes = tuple(NotDetermined(fact, reason) for fact in facts for reason in Reason)
    block = block_of(replace(of_clip, not_determined=notes), tmp_path, lang)
    assert len(set(block.points)) >= len(Reason)
    assert not any("_" in point or FORBIDDEN.search(point) for point in block.points)
    for state in CredentialState:
        for field in credential_fields(CredentialFacts(state), lang):
            assert field.value
            assert not FORBIDDEN.search(field.value)


def test_every_fact_that_the_code_can_miss_has_a_name() -> None:
    """Each path that is noted anywhere in the code is one that the report can name."""
    import re

    import forensic_cli.media.facts as facts

    (folder,) = facts.__path__
    noted = set()
    for path in Path(folder).glob("*.py"):
        text = path.read_text()
        noted |= set(re.findall(r'notes\.(?:add|attempt)\(\s*"([a-z_.]+)"', text))
    assert {"container.sections", "frames.n_i", "thumbnail", "recompression"} <= noted
    for fact in noted:
        assert ENGLISH.say(f"facts.name_{fact.replace('.', '_')}")


def test_a_fact_of_another_version_is_printed_as_it_is(of_clip: Factsheet, tmp_path: Path) -> None:
    strange = (NotDetermined("<b>strange" + "x" * 500, Reason.CAP),)
    (point,) = block_of(replace(of_clip, not_determined=strange), tmp_path).points
    assert point.startswith("<b>strange")
    assert len(point) < 200


def test_the_facts_of_a_file_whose_reading_ended_badly_say_so(tmp_path: Path) -> None:
    block = block_of(unread_factsheet("the decoder crashed on it"), tmp_path)
    assert block.points == ("All facts: the process that read the file ended (the decoder crashed on it)",)


def test_an_item_of_old_results_has_no_such_block(tmp_path: Path) -> None:
    assert build_facts(make_items(tmp_path)[0], ENGLISH) is None


def test_the_block_is_part_of_an_items_section_and_credentials_of_a_listed_one(
    of_clip: Factsheet, tmp_path: Path
) -> None:
    items: list[ItemResult] = [replace(item, media_facts=of_clip) for item in make_items(tmp_path)]
    result = make_result(tmp_path, items=tuple(items))
    section = build_item(items[0], result, tmp_path, ENGLISH)
    assert [block.key for block in section.blocks] == ["media-0001", "facts-0001"]
    listed = build_listed(items[2], result, ENGLISH)
    assert "Content Credentials" in [field.label for field in listed.facts]
