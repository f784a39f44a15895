"""`scan --resume`: the options of the first run, and what may be said differently now."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from forensic_cli.config import ScanConfig
from forensic_cli.errors import UsageError

# Options that a resumed scan must share with its first run, and where each lies in the configuration.
SHARED = {
    "paths": "paths",
    "out": "out_dir",
    "language": "report_language",
    "is_final": "report_is_final",
    "case": "case",
    "case_number": "case.number",
    "exhibit_prefix": "case.exhibit_prefix",
    "examiner": "case.examiner",
    "laboratory": "case.laboratory",
    "requester": "case.requester",
    "question": "case.question",
    "fps": "sampling",
    "frames": "sampling",
    "all_frames": "sampling",
    "device": "model.device",
    "batch_size": "model.batch_size",
    "backend": "model.backend",
    "weights": "model.weights",
    "allow_foreign_weights": "model.allow_foreign_weights",
    "detector": "faces.detector",
    "min_face": "faces.min_face_px",
    "max_faces": "faces.max_faces_per_frame",
    "face_search": "faces.search",
    "heatmaps": "heatmaps",
    "max_pixels": "limits.max_pixels",
    "max_frames": "limits.max_frames",
    "max_seconds": "limits.max_duration_s",
    "max_streams": "limits.max_streams",
    "max_packets": "limits.max_packets",
    "max_memory": "isolation.memory_mib",
    "max_stall": "isolation.stall_s",
    "max_item_seconds": "isolation.total_s",
    "seed": "seed",
}
# Options that change nothing that was found, and may be others.
FREE = {
    "report", "as_json", "jobs", "at_once", "quiet", "resume", "reanalyse_changed",
    "engine", "address", "worker_cpus",
}  # fmt: skip


def resumed_config(
    first: ScanConfig, folder: Path, asked: ScanConfig, given: Mapping[str, str]
) -> ScanConfig:
    """The configuration with which a scan goes on: the first run's, after a comparison with what was given.

    Args:
        first: of the first run.
        folder: its results folder, wherever it lies now.
        asked: what this command line says, with defaults for what it leaves out.
        given: the parameters that this command line names, each with the option as it is typed.

    Raises:
        UsageError: an option that was given differs from the first run's; every difference is named.
    """
    first = replace(first, out_dir=folder)
    differences = [
        f"{option}: {_text(then)} then, {_text(now)} now"
        for name, option in sorted(given.items())
        if name in SHARED and (then := _value(first, SHARED[name])) != (now := _value(asked, SHARED[name]))
    ]
    if differences:
        raise UsageError(
            f"The scan began with other options ({'; '.join(differences)}).",
            f"Leave them out: lae-forensics scan --resume {shlex.quote(os.fspath(folder))}",
        )
    jobs = asked.faces.n_threads if "jobs" in given else first.faces.n_threads
    return replace(
        first,
        report=asked.report if "report" in given else first.report,
        faces=replace(first.faces, n_threads=jobs),
        n_at_once=asked.n_at_once if "at_once" in given else first.n_at_once,
        engine=asked.engine if {"engine", "address", "worker_cpus"} & set(given) else first.engine,
    )


def _value(config: ScanConfig, place: str) -> object:
    value: object = config
    for name in place.split("."):
        value = getattr(value, name)
    return value


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(shlex.quote(str(part)) for part in value)
    description = getattr(value, "description", None)
    return str(description or getattr(value, "value", value)) or '""'
