"""Media facts stand in each item's record, fit the schema, survive damage, and never move a score."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from PIL import ExifTags, Image

from forensic_cli.evidence.records import load_results
from forensic_cli.evidence.schema import SchemaName, published_schema
from forensic_cli.factsheet import CredentialState
from forensic_cli.types import ItemResult, RgbImage
from tests.conftest import SAMPLES
from tests.media.facts.test_images import XMP, camera_exif

Program = Callable[..., tuple[int, str, str]]


@pytest.fixture
def scanned(
    program: Program, seeded: list[str], tmp_path: Path, astronaut: RgbImage
) -> dict[str, ItemResult]:
    """Results by file name: one picture without and with metadata, a whole and a broken clip, a text."""
    folder = tmp_path / "evidence"
    folder.mkdir()
    picture = Image.fromarray(astronaut[:300])
    picture.save(folder / "bare.png")
    exif = camera_exif()
    # Any other orientation would make it another picture.
    exif[ExifTags.Base.Orientation] = 1
    picture.save(folder / "told.jpg", quality=100, subsampling=0)
    Image.open(folder / "told.jpg").save(folder / "same.png", exif=exif, xmp=XMP)
    Image.open(folder / "told.jpg").save(folder / "stripped.png")
    clip = (SAMPLES / "forged.mp4").read_bytes()
    (folder / "clip.mp4").write_bytes(clip)
    (folder / "broken.mp4").write_bytes(clip[:20_000])
    (folder / "notes.txt").write_text("no medium")
    code, _, err = program("scan", folder, "--out", tmp_path / "out", "--fps", "1", "-q", *seeded)
    assert code in {0, 3}, err
    return {Path(item.evidence.path).name: item for item in load_results(tmp_path / "out").items}


def test_facts_stand_in_the_records_and_move_no_score(scanned: dict[str, ItemResult], tmp_path: Path) -> None:
    clip = scanned["clip.mp4"].media_facts
    assert clip is not None
    assert clip.frames is not None
    assert clip.frames.n_frames == 125
    assert clip.credentials.state is CredentialState.NONE_FOUND
    told, stripped = scanned["same.png"], scanned["stripped.png"]
    assert told.media_facts is not None
    assert told.media_facts.exif is not None
    assert told.media_facts.exif.make == "Maker"
    assert stripped.media_facts is not None
    assert stripped.media_facts.exif is None
    assert told.finding == stripped.finding
    assert told.finding.score is not None
    # A damaged clip has facts, a file that is no medium has none.
    broken = scanned["broken.mp4"].media_facts
    assert broken is not None
    assert broken.container is not None
    assert broken.not_determined
    assert scanned["notes.txt"].media_facts is None
    validator = Draft202012Validator(json.loads(published_schema(SchemaName.RESULTS)))
    lines = (tmp_path / "out" / "results.jsonl").read_text().splitlines()
    assert len(lines) == 7
    for line in lines:
        validator.validate(json.loads(line))
