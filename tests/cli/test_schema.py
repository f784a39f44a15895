"""`schema`, and what a real scan writes against it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from jsonschema import Draft202012Validator
from PIL import Image

from forensic_cli.types import RgbImage
from tests.conftest import SAMPLES


def test_each_schema_is_printed_by_name(program) -> None:
    for name, title in (
        ("results", "results.jsonl"),
        ("manifest", "manifest.json"),
        ("audit", "audit.jsonl"),
    ):
        code, out, _ = program("schema", "--name", name)
        assert code == 0
        assert title in json.loads(out)["title"]
    assert program("schema")[1] == program("schema", "--name", "results")[1]


def test_every_record_of_a_scan_fits_the_printed_schema(
    program, seeded, tmp_path: Path, astronaut: RgbImage
) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "a-clip.mp4").write_bytes((SAMPLES / "genuine.mp4").read_bytes())
    Image.fromarray(astronaut[:300]).save(folder / "b-portrait.png")
    Image.fromarray(np.full((200, 300, 3), 127, np.uint8)).save(folder / "c-grey.png")
    (folder / "d-notes.txt").write_text("Nothing to see.")
    (folder / "e-broken.mp4").write_bytes((SAMPLES / "forged.mp4").read_bytes()[:20_000])
    (folder / "f-link").symlink_to(folder / "a-clip.mp4")
    assert program("scan", folder, "--out", tmp_path / "r", "--frames", "3", "--quiet", *seeded)[0] == 3
    schemas = {
        name: Draft202012Validator(json.loads(program("schema", "--name", name)[1]))
        for name in ("results", "manifest", "audit")
    }
    records = [json.loads(line) for line in (tmp_path / "r" / "results.jsonl").open("rb")]
    assert [record["finding"]["verdict"] for record in records[2:]] == [
        "no_face",
        "skipped",
        "failed",
        "skipped",
    ]
    assert records[0]["tracks"]
    for record in records:
        schemas["results"].validate(record)
    schemas["manifest"].validate(json.loads((tmp_path / "r" / "manifest.json").read_bytes()))
    entries = [json.loads(line) for line in (tmp_path / "r" / "audit.jsonl").open("rb")]
    for entry in entries:
        schemas["audit"].validate(entry)
    assert {entry["event"] for entry in entries} == {
        "scan-started", "item-found", "item-started", "exhibit-written", "item-finished", "item-failed",
        "item-skipped", "scan-finished",
    }  # fmt: skip
