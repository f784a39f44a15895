"""Isolated where the system can; and in words, for the report, what that comes to here."""

from __future__ import annotations

from forensic_cli.config import IsolationSettings
from forensic_cli.faces.detect import check_detector
from forensic_cli.isolation.confine import enforces_memory_limit
from forensic_cli.isolation.host import can_isolate
from forensic_cli.isolation.isolated import IsolatedReader
from forensic_cli.isolation.stream import DirectReader, FaceReader, FaceReading


def make_reader(reading: FaceReading, limits: IsolationSettings) -> FaceReader:
    """Makes the reader of a scan, and starts its first process.

    Raises:
        UsageError: dlib, or the CNN's model file, is not installed.
        WeightsError: the CNN's model file is not the published one.
    """
    if not _isolates(limits):
        return DirectReader(reading)
    check_detector(reading.faces)
    return IsolatedReader(reading, limits)


def describe_isolation(limits: IsolationSettings) -> tuple[tuple[str, str], ...]:
    """The isolation in force on this system, as (name, value): never more than is enforced."""
    if not _isolates(limits):
        reason = "was not asked for" if can_isolate() else "is not supported on this system"
        return (("Isolation", f"none: it {reason}; items were decoded in the program's own process"),)
    memory = f"{limits.memory_mib:,} MiB" if enforces_memory_limit() else "not enforced by this system"
    return (
        ("Isolation", "each item was decoded in a process of its own, without the program's environment"),
        ("Memory of that process, at most", memory),
        ("Seconds without progress, at most", f"{limits.stall_s:g}"),
        ("Seconds an item is decoded, at most", f"{limits.total_s:g}"),
    )


def _isolates(limits: IsolationSettings) -> bool:
    return limits.is_wanted and can_isolate()
