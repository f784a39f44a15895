"""JSON Schemas made from the value objects that the records are written from.

Every field is required and no other is admitted: `records.to_jsonable` writes them all, and a record
with a field changed, added or left out is another record. The descriptions are the docstrings'.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from forensic_cli.evidence.events import EVENT_TYPES
from forensic_cli.evidence.records import SCHEMA, Manifest
from forensic_cli.evidence.schema import SchemaName
from forensic_cli.evidence.schema.constraints import constraints_of
from forensic_cli.provenance.audit import AuditEntry
from forensic_cli.types import ItemResult

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TITLES = {
    SchemaName.RESULTS: "One line of results.jsonl: everything known of one item",
    SchemaName.MANIFEST: "manifest.json: the run, and the hash of every other output",
    SchemaName.AUDIT: "One line of audit.jsonl: an event, bound to the one before by its hash",
}
_SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    Path: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
}
_ATTRIBUTE = re.compile(r"^ {4}(?=\w)([\w, ]+): (.*)$")


def build_schema(name: SchemaName) -> str:
    """The text of a schema, as it is published."""
    definitions: dict[str, Any] = {}
    match name:
        case SchemaName.RESULTS:
            body = _results(definitions)
        case SchemaName.MANIFEST:
            body = _object(Manifest, definitions)
        case SchemaName.AUDIT:
            body = _audit(definitions)
    document = {
        "$schema": _DIALECT,
        "$id": f"urn:lae-forensics:schema:{name.value}:{SCHEMA}",
        "title": _TITLES[name],
        **body,
        "$defs": dict(sorted(definitions.items())),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _results(definitions: dict[str, Any]) -> dict[str, Any]:
    body = _object(ItemResult, definitions)
    schema = {"type": "integer", **constraints_of("ItemResult", "schema")}
    body["properties"] = {"schema": schema, **body["properties"]}
    body["required"] = ["schema", *body["required"]]
    return body


def _audit(definitions: dict[str, Any]) -> dict[str, Any]:
    body = _object(AuditEntry, {}, {"details": {"type": "object"}, "event": {"enum": sorted(EVENT_TYPES)}})
    body["allOf"] = [
        {
            "if": {"properties": {"event": {"const": event}}},
            "then": {"properties": {"details": _reference(kind, definitions)}},
        }
        for event, kind in sorted(EVENT_TYPES.items())
    ]
    return body


def _object(
    kind: type, definitions: dict[str, Any], given: Mapping[str, dict[str, Any]] = MappingProxyType({})
) -> dict[str, Any]:
    """An object with exactly the fields of a dataclass; `given` are those that are described by hand."""
    if not is_dataclass(kind):
        raise TypeError(f"{kind!r} is no dataclass")
    hints, about = get_type_hints(kind), _attributes(kind)
    properties = {}
    for entry in fields(kind):
        described = given.get(entry.name) or _of(hints[entry.name], definitions)
        described = {**described, **constraints_of(kind.__name__, entry.name)}
        if entry.name in about:
            described["description"] = about[entry.name]
        properties[entry.name] = described
    return {
        "type": "object",
        "description": (inspect.getdoc(kind) or "").partition("\n")[0],
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _reference(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = _object(kind, definitions)
    return {"$ref": f"#/$defs/{name}"}


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of an annotation.

    Raises:
        TypeError: records cannot hold such a value.
    """
    if kind in _SCALARS:
        return dict(_SCALARS[kind])
    if is_dataclass(kind) and isinstance(kind, type):
        return _reference(kind, definitions)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [entry.value for entry in kind]}
    if get_origin(kind) in {Union, UnionType}:
        return {"anyOf": [_of(option, definitions) for option in get_args(kind)]}
    if kind is NoneType:
        return {"type": "null"}
    if get_origin(kind) is tuple:
        options = get_args(kind)
        if len(options) == 2 and options[1] is Ellipsis:
            return {"type": "array", "items": _of(options[0], definitions)}
        n = len(options)
        items = [_of(option, definitions) for option in options]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": n, "maxItems": n}
    raise TypeError(f"No schema for {kind!r}")


def _attributes(kind: type) -> dict[str, str]:
    """The descriptions in the section "Attributes" of a class's docstring, by field."""
    _, _, section = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    about: dict[str, str] = {}
    names: list[str] = []
    for line in section.split("\n"):
        if found := _ATTRIBUTE.match(line):
            names = [name.strip() for name in found[1].split(",")]
            about.update(dict.fromkeys(names, found[2]))
        elif line.startswith("     "):
            about.update({name: f"{about[name]} {line.strip()}" for name in names})
        elif line.strip():
            break
    return about
