"""Writes the published JSON Schemas anew after a record has changed its shape.

    python scripts/write_schemas.py

A change of shape is a change of `forensic_cli.evidence.records.SCHEMA` as well.
"""

from __future__ import annotations

from pathlib import Path

import forensic_cli.evidence.schema as package
from forensic_cli.evidence.schema import SchemaName, schema_file
from forensic_cli.evidence.schema.build import build_schema

for name in SchemaName:
    target = Path(package.__file__).with_name(schema_file(name))
    target.write_text(build_schema(name), encoding="utf-8")
    print(target)
