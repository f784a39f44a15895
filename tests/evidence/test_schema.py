"""The published schemas: true to the records, and strict."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from forensic_cli.evidence.events import EVENT_TYPES
from forensic_cli.evidence.schema import SchemaName, published_schema
from forensic_cli.evidence.schema.build import build_schema
from forensic_cli.model.weights import ModelCard
from forensic_cli.provenance.audit import AuditEvent
from forensic_cli.types import (
    CropReading,
    Evidence,
    Exhibit,
    Finding,
    FrameCounts,
    ItemResult,
    LatentActivation,
    MediaFacts,
    MediaKind,
    ScanWarning,
    TrackResult,
    VerbalTerm,
    Verdict,
)
from tests.evidence.saved import failed, result_of, saved

Place = tuple[str | int, ...]


def validator(name: SchemaName) -> Draft202012Validator:
    return Draft202012Validator(json.loads(published_schema(name)))


def full_item() -> ItemResult:
    """An item with something in every field."""
    finding = Finding(Verdict.LIKELY_FORGED, ("why",), 0.9, (0.8, 1.0), 0.4, True, VerbalTerm.WEAK, "note")
    box = (0.0, 1.0, 2.0, 3.0)
    reading = CropReading(3, 90, 0.1, box, box, 1.5, 20.0, LatentActivation(0.1, 1.0))
    exhibit = Exhibit("exhibits/0001-x.png", "a" * 64, "heatmap", 3, 0.1, 0.9)
    facts = MediaFacts(
        MediaKind.VIDEO, "MP4/QuickTime", "h264", 640, 480, 640, 480, n_frames_declared=-(10**16),
        is_variable_frame_rate=False, tags=(("a", "b"),), exif=(("c", "d"),),
    )  # fmt: skip
    evidence = Evidence("clip\udcff.mp4", 10, "2026-01-01T00:00:00Z", "b" * 64, "b" * 64)
    return ItemResult(
        "0001", evidence, finding, facts, FrameCounts(9, 9, 3, 6, 0),
        (TrackResult(1, (reading,), finding, (exhibit,)),), (ScanWarning("cap-faces", "Some.", 2),),
    )  # fmt: skip


@pytest.fixture
def records(tmp_path: Path, card: ModelCard) -> dict[SchemaName, list[dict[str, Any]]]:
    """What a scan with a full and a failed item writes."""
    folder = tmp_path / "out"
    item = full_item()
    (folder / "exhibits").mkdir(parents=True)
    (folder / item.tracks[0].exhibits[0].file).write_bytes(b"picture")
    saved(folder, result_of(card, item, failed("b", 2)))
    return {
        SchemaName.RESULTS: [json.loads(line) for line in (folder / "results.jsonl").open("rb")],
        SchemaName.MANIFEST: [json.loads((folder / "manifest.json").read_bytes())],
        SchemaName.AUDIT: [json.loads(line) for line in (folder / "audit.jsonl").open("rb")],
    }


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Where every field of every object in a document lies."""
    if isinstance(value, dict):
        for name, entry in value.items():
            yield (*at, name)
            yield from places(entry, (*at, name))
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from places(entry, (*at, number))


def parent_of(document: dict[str, Any], place: Place) -> dict[str, Any]:
    value: Any = document
    for step in place[:-1]:
        value = value[step]
    return value  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", SchemaName)
def test_the_published_file_is_what_the_records_are_written_from(name: SchemaName) -> None:
    assert published_schema(name) == build_schema(name), "run: python scripts/write_schemas.py"


@pytest.mark.parametrize("name", SchemaName)
def test_a_schema_is_valid_in_its_dialect(name: SchemaName) -> None:
    document = json.loads(published_schema(name))
    Draft202012Validator.check_schema(document)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", SchemaName)
def test_every_record_validates(name: SchemaName, records) -> None:
    for record in records[name]:
        validator(name).validate(record)


def test_every_event_of_the_audit_log_has_a_shape() -> None:
    assert set(EVENT_TYPES) == {event.value for event in AuditEvent}


@pytest.mark.parametrize("name", SchemaName)
def test_every_field_is_missed_when_it_is_gone_or_called_otherwise(name: SchemaName, records) -> None:
    check = validator(name)
    for record in records[name]:
        for place in places(record):
            altered = copy.deepcopy(record)
            value = parent_of(altered, place).pop(place[-1])
            assert not check.is_valid(altered), f"without {place}"
            parent_of(altered, place)[f"{place[-1]}_"] = value
            assert not check.is_valid(altered), f"{place} renamed"


@pytest.mark.parametrize("name", SchemaName)
def test_every_field_is_refused_with_a_value_of_another_type(name: SchemaName, records) -> None:
    check = validator(name)
    for record in records[name]:
        for place in places(record):
            altered = copy.deepcopy(record)
            parent = parent_of(altered, place)
            parent[place[-1]] = 17 if isinstance(parent[place[-1]], dict) else {"another": "type"}
            assert not check.is_valid(altered), f"{place} of another type"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema",), 1),
        (("item_id",), "one"),
        (("evidence", "sha256_before"), "B" * 64),
        (("evidence", "n_bytes"), -1),
        (("evidence", "mtime_utc"), "yesterday"),
        (("finding", "verdict"), "authentic"),
        (("finding", "interval"), [0.1]),
        (("finding", "lr_term"), "overwhelming"),
        (("counts", "n_used"), 2.5),
        (("tracks", 0, "exhibits", 0, "file"), "../../etc/passwd"),
        (("tracks", 0, "exhibits", 0, "file"), "/etc/passwd"),
        (("tracks", 0, "exhibits", 0, "sha256"), "a" * 63),
        (("tracks", 0, "readings", 0, "box_xyxy"), [0, 1, 2]),
        (("tracks", 0, "readings", 0, "activation", "real"), -0.1),
    ],
    ids=str,
)
def test_a_value_outside_what_a_field_can_hold_is_refused(place: Place, value: object, records) -> None:
    record = records[SchemaName.RESULTS][0]
    parent_of(record, place)[place[-1]] = value  # type: ignore[index]
    assert not validator(SchemaName.RESULTS).is_valid(record)


_ALIKE = {"item-finished", "item-failed", "item-skipped"}


@pytest.mark.parametrize("event", sorted(EVENT_TYPES))
def test_the_details_of_one_event_do_not_pass_for_those_of_another(event: str) -> None:
    check = validator(SchemaName.AUDIT)
    shapes = json.loads(published_schema(SchemaName.AUDIT))["$defs"]
    for other in sorted(set(EVENT_TYPES) - {event} - (_ALIKE if event in _ALIKE else set())):
        details = dict.fromkeys(shapes[EVENT_TYPES[other].__name__]["required"], "x")
        entry = {
            "sequence": 0, "time_utc": "2026-01-01T00:00:00.000Z", "event": event, "previous": "0" * 64,
            "details": details,
        }  # fmt: skip
        kinds = {error.validator for error in check.iter_errors(entry)}
        assert kinds & {"required", "additionalProperties"}, f"{event} takes the details of {other}"
