"""The published JSON Schemas of the records that a scan writes (JSON Schema, draft 2020-12).

The files beside this module are what is published. `build` makes them from the value objects that the
records are written from; a test holds the two together.
"""

from __future__ import annotations

from enum import StrEnum
from importlib import resources


class SchemaName(StrEnum):
    """The kinds of record that have a schema."""

    RESULTS = "results"
    MANIFEST = "manifest"
    AUDIT = "audit"


def schema_file(name: SchemaName) -> str:
    """The name of a schema's file in this package."""
    return f"{name.value}.schema.json"


def published_schema(name: SchemaName) -> str:
    """The text of a schema: of one line of results.jsonl or audit.jsonl, or of manifest.json."""
    return resources.files(__name__).joinpath(schema_file(name)).read_text(encoding="utf-8")
