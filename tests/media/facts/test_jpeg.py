"""JPEG coding facts: tables, quality, subsampling, process, segments, what is appended."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from forensic_cli.factsheet import JpegFacts, Reason
from forensic_cli.media.facts.quantisation import describe_table, ijg_tables
from forensic_cli.media.facts.zigzag import ZIGZAG
from forensic_cli.types import RgbImage
from tests.media.facts.sheets import facts_of, jpeg_bytes, missing


def jpeg_of(path: Path) -> JpegFacts:
    jpeg = facts_of(path).jpeg
    assert jpeg is not None
    return jpeg


@pytest.mark.parametrize("quality", [10, 50, 75, 92, 100])
def test_the_quality_of_libjpegs_tables_is_found(tmp_path: Path, astronaut: RgbImage, quality: int) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_bytes(astronaut, quality))
    luma, chroma = jpeg_of(path).tables
    assert [(table.ijg_quality, table.is_ijg) for table in (luma, chroma)] == [(quality, True)] * 2
    with Image.open(path) as picture:
        stored = picture.quantization[0]
    assert luma.steps == tuple(stored[8 * row + column] for row, column in ZIGZAG)


def test_the_hash_is_that_of_the_steps_as_two_bytes_each() -> None:
    steps = ijg_tables(80)[0]
    content = b"".join(step.to_bytes(2, "big") for step in steps)
    assert describe_table(0, steps).sha256 == hashlib.sha256(content).hexdigest()


@given(st.integers(1, 100), st.integers(0, 63))
@settings(deadline=None, max_examples=40)
def test_one_altered_step_is_no_standard_table_but_near_its_quality(quality: int, place: int) -> None:
    steps = list(ijg_tables(quality)[0])
    steps[place] = steps[place] + 1 if steps[place] < 255 else 254
    table = describe_table(0, tuple(steps))
    if tuple(steps) not in {one for q in range(1, 101) for one in ijg_tables(q)}:
        assert not table.is_ijg
        assert abs(table.ijg_quality - quality) <= 2


def test_tables_of_an_own_making_are_not_standard(tmp_path: Path, astronaut: RgbImage) -> None:
    path = tmp_path / "a.jpg"
    own = [list(range(2, 66)), [5] * 64]
    Image.fromarray(astronaut).save(path, "JPEG", qtables=own)
    tables = jpeg_of(path).tables
    assert [table.is_ijg for table in tables] == [False, False]
    assert set(tables[1].steps) == {5}


@pytest.mark.parametrize(("choice", "name"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
def test_chroma_subsampling(tmp_path: Path, astronaut: RgbImage, choice: int, name: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_bytes(astronaut, subsampling=choice))
    assert jpeg_of(path).subsampling == name


def test_baseline_and_progressive(tmp_path: Path, astronaut: RgbImage) -> None:
    plain, progressive = tmp_path / "a.jpg", tmp_path / "b.jpg"
    plain.write_bytes(jpeg_bytes(astronaut))
    progressive.write_bytes(jpeg_bytes(astronaut, progressive=True))
    assert (jpeg_of(plain).process, jpeg_of(plain).n_scans) == ("baseline", 1)
    assert jpeg_of(progressive).process == "progressive"
    assert jpeg_of(progressive).n_scans > 5


def test_grey_pictures_have_one_table_and_no_subsampling(tmp_path: Path, astronaut: RgbImage) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_bytes(astronaut[..., 1]))
    jpeg = jpeg_of(path)
    assert (jpeg.n_components, jpeg.subsampling, len(jpeg.tables)) == (1, "", 1)


def test_segments_comments_and_what_is_appended(tmp_path: Path, astronaut: RgbImage) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_bytes(astronaut, comment=b"made by hand") + b"appended")
    sheet = facts_of(path)
    assert sheet.container is not None
    names = [section.name for section in sheet.container.sections]
    assert names[:2] == ["SOI", "APP0 JFIF"]
    assert names[-2:] == ["SOS", "EOI"]
    assert sheet.container.n_trailing_bytes == len(b"appended")
    assert [(text.place, text.text) for text in sheet.texts] == [("COM", "made by hand")]


def test_restart_markers_do_not_end_a_scan(tmp_path: Path, astronaut: RgbImage) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_bytes(astronaut, restart_marker_rows=1))
    jpeg = jpeg_of(path)
    assert jpeg.restart_interval == 32
    assert jpeg.n_scans == 1


def test_a_jpeg_without_its_end_says_so_and_keeps_its_tables(tmp_path: Path, astronaut: RgbImage) -> None:
    path = tmp_path / "a.jpg"
    content = jpeg_bytes(astronaut)
    path.write_bytes(content[: len(content) // 2])
    sheet = facts_of(path)
    assert missing(sheet)["container.sections"] is Reason.MALFORMED
    assert sheet.jpeg is not None
    assert len(sheet.jpeg.tables) == 2
    assert sheet.container is not None
    assert sheet.container.n_trailing_bytes is None
