"""A scan's results as values, and as JSON that loses nothing."""

from __future__ import annotations

import hashlib
import json
import os
import types
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from forensic_cli.case.model import Case
from forensic_cli.errors import UsageError, VerificationError
from forensic_cli.evidence.tolerance import Tolerance
from forensic_cli.model.weights import ModelCard
from forensic_cli.types import ItemResult, RunInfo

RESULTS_NAME = "results.jsonl"
MANIFEST_NAME = "manifest.json"
SCHEMA = 3


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Everything a report is drawn from.

    Attributes:
        parameters: every setting of the scan, as (name, value) text.
        aggregation_rule: the sentences that say how crops become tracks and items.
        items: in the order in which they were found.
        audit_head_sha256: of the audit log's last line when the scan ended; "" where nothing is saved.
    """

    run: RunInfo
    case: Case
    model: ModelCard
    parameters: tuple[tuple[str, str], ...]
    aggregation_rule: tuple[str, ...]
    items: tuple[ItemResult, ...]
    audit_head_sha256: str = ""


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """An output: its path below the results folder, its hash and size."""

    path: str
    sha256: str
    n_bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """manifest.json: the run without its items, and the hash of every other output.

    Attributes:
        schema: version of this form.
        files: every output but manifest.json itself, SHA256SUMS, and audit.jsonl, which goes on when a
            report is written; SHA256SUMS names that one as well.
        audit_head_sha256: of the audit log's last line when the scan ended. Later lines tell of reports.
        tolerance: how closely an analysis of the same evidence, by this version and with these weights, is
            to agree with these results.
    """

    schema: int
    run: RunInfo
    case: Case
    model: ModelCard
    parameters: tuple[tuple[str, str], ...]
    aggregation_rule: tuple[str, ...]
    n_items: int
    files: tuple[ManifestFile, ...]
    audit_head_sha256: str
    tolerance: Tolerance


def to_jsonable(value: Any) -> Any:
    """Turns value objects into dicts, lists and scalars; enums into their values, paths into text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: to_jsonable(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [to_jsonable(entry) for entry in value]
    return os.fspath(value) if isinstance(value, Path) else value


def from_jsonable(kind: Any, value: Any) -> Any:
    """The inverse of `to_jsonable`, guided by the annotations of `kind`.

    Raises:
        ValueError, KeyError, TypeError: the value does not fit.
    """
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        unknown = set(value) - set(hints)
        if unknown:
            raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
        return kind(**{name: from_jsonable(hints[name], entry) for name, entry in value.items()})
    if get_origin(kind) in {Union, types.UnionType}:
        if value is None and type(None) in get_args(kind):
            return None
        (inner,) = (option for option in get_args(kind) if option is not type(None))
        return from_jsonable(inner, value)
    if get_origin(kind) is tuple:
        options = get_args(kind)
        if len(options) == 2 and options[1] is Ellipsis:
            return tuple(from_jsonable(options[0], entry) for entry in value)
        return tuple(from_jsonable(option, entry) for option, entry in zip(options, value, strict=True))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value


def item_line(item: ItemResult) -> str:
    """One line of results.jsonl, without its line end. ASCII: odd bytes in names survive as escapes."""
    return json.dumps({"schema": SCHEMA, **to_jsonable(item)}, allow_nan=False)


def item_of_line(line: bytes) -> ItemResult:
    """The inverse of `item_line`.

    Raises:
        ValueError, KeyError, TypeError: it is no record of this schema.
    """
    document = json.loads(line)
    if document.pop("schema") != SCHEMA:
        raise ValueError("another schema")
    item: ItemResult = from_jsonable(ItemResult, document)
    return item


def load_results(folder: Path) -> ScanResult:
    """Reads manifest.json and results.jsonl of a results folder.

    Raises:
        UsageError: one is missing, malformed, or of another schema.
        VerificationError: results.jsonl is not the file that the manifest names.
    """
    try:
        manifest_document = json.loads((folder / MANIFEST_NAME).read_bytes())
        results = (folder / RESULTS_NAME).read_bytes()
    except OSError as error:
        raise UsageError(
            f"{folder} holds no complete results: {error.strerror} ({error.filename}).",
            "Give the folder that `lae-forensics scan --out` wrote.",
        ) from error
    except ValueError as error:
        raise UsageError(f"{folder / MANIFEST_NAME} is no JSON: {error}.", "Scan again.") from error
    try:
        manifest: Manifest = from_jsonable(Manifest, manifest_document)
        if manifest.schema != SCHEMA:
            raise ValueError(f"schema {manifest.schema}")
        _require_unaltered(manifest, results, folder)
        items = tuple(map(item_of_line, results.splitlines()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"The results in {folder} do not fit this version: {error}.",
            f"This version reads schema {SCHEMA}; use the version that wrote them.",
        ) from error
    return ScanResult(
        manifest.run,
        manifest.case,
        manifest.model,
        manifest.parameters,
        manifest.aggregation_rule,
        items,
        manifest.audit_head_sha256,
    )


def _require_unaltered(manifest: Manifest, results: bytes, folder: Path) -> None:
    named = {file.path: file.sha256 for file in manifest.files}
    if named.get(RESULTS_NAME) != hashlib.sha256(results).hexdigest():
        raise VerificationError(
            f"{folder / RESULTS_NAME} was altered: its SHA-256 is not the one in {MANIFEST_NAME}.",
            "Restore the folder, or scan the evidence again.",
        )
