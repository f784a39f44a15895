"""What the types of the fields do not say: patterns, ranges, fixed words."""

from __future__ import annotations

from typing import Any

from forensic_cli.evidence.records import SCHEMA

_SHA256 = {"pattern": "^[0-9a-f]{64}$"}
_SHA256_OR_NONE = {"pattern": "^([0-9a-f]{64})?$"}
_UTC = {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
_UTC_OR_NONE = {"pattern": r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?$"}
_UTC_MS = {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
_UUID = {"pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
_ITEM = {"pattern": "^[0-9]{4,}$"}
_NOT_NEGATIVE = {"minimum": 0}
_OUTCOME = {"item": _ITEM, "evidence_sha256": _SHA256_OR_NONE, "record_sha256": _SHA256}
_BELOW_THE_FOLDER = {"pattern": r"^(?!/)(?!.*(^|/)\.\.(/|$)).+$"}

# By class, then by field.
CONSTRAINTS: dict[str, dict[str, dict[str, Any]]] = {
    "AuditEntry": {"time_utc": _UTC_MS, "previous": _SHA256, "sequence": _NOT_NEGATIVE},
    "Conditions": {"source_sha256": _SHA256, "weights_sha256": _SHA256},
    "Evidence": {
        "mtime_utc": _UTC_OR_NONE,
        "sha256_before": _SHA256_OR_NONE,
        "sha256_after": _SHA256_OR_NONE,
    },
    "EvidenceChanged": {
        "item": _ITEM,
        "when": {"enum": ["while it was read", "since the scan began"]},
        "sha256_before": _SHA256_OR_NONE,
        "sha256_after": _SHA256_OR_NONE,
    },
    "Exhibit": {
        "file": _BELOW_THE_FOLDER,
        "sha256": _SHA256,
        "kind": {"enum": ["heatmap", "frame"]},
        "frame_index": _NOT_NEGATIVE,
    },
    "ExhibitWritten": {"item": _ITEM, "file": _BELOW_THE_FOLDER, "sha256": _SHA256},
    "Interrupted": {"items": {"items": {"type": "string", **_ITEM}}},
    "ItemFailed": _OUTCOME,
    "ItemFinished": _OUTCOME,
    "ItemFound": {"item": _ITEM},
    "ItemResult": {"schema": {"const": SCHEMA}, "item_id": _ITEM},
    "ItemSkipped": _OUTCOME,
    "ItemStarted": {"item": _ITEM},
    "LatentActivation": {"real": _NOT_NEGATIVE, "fake": _NOT_NEGATIVE},
    "Manifest": {"schema": {"const": SCHEMA}, "audit_head_sha256": _SHA256},
    "ManifestFile": {"path": _BELOW_THE_FOLDER, "sha256": _SHA256},
    # What a lying header claims.
    "MediaFacts": {"n_frames_declared": {}},
    "ModelCard": {"sha256": _SHA256},
    "ReportSigned": {"sha256": _SHA256},
    "ReportWritten": {"sha256": _SHA256},
    "Resumption": {"time_utc": _UTC},
    "RunInfo": {"run_id": _UUID, "started_utc": _UTC, "finished_utc": _UTC, "source_sha256": _SHA256},
    "ScanFinished": {"results_sha256": _SHA256},
    "ScanStarted": {"run_id": _UUID},
    "SetAside": {"kept_as": _BELOW_THE_FOLDER, "sha256": _SHA256},
    "StoppedItem": {"item": _ITEM},
    "WorkerLost": {"items": {"items": {"type": "string", **_ITEM}}},
}


def constraints_of(class_name: str, field: str) -> dict[str, Any]:
    """What a value of the field must be besides its type; counts (`n_...`) are never negative."""
    is_count = field == "n" or field.startswith("n_")
    return CONSTRAINTS.get(class_name, {}).get(field, _NOT_NEGATIVE if is_count else {})
