"""What results depend on besides evidence and options: program, packages, weights, device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from forensic_cli import __version__
from forensic_cli.errors import UsageError
from forensic_cli.evidence.events import Conditions
from forensic_cli.model.weights import ModelCard
from forensic_cli.provenance.run import source_sha256, versions

_NAMES = {
    "tool_version": "version of this program",
    "source_sha256": "SHA-256 of this program's source",
    "weights": "weights",
    "weights_sha256": "SHA-256 of the weights",
    "device": "device",
    "precision": "precision",
}
# It draws the report.
_OUTSIDE_RECORDS = {"ReportLab"}


class ModelInUse(Protocol):
    """What is said of the model that reads the crops, here or on the nodes of a cluster."""

    @property
    def card(self) -> ModelCard:
        """Of its weights."""
        ...

    @property
    def device_description(self) -> str:
        """What it runs on, in words."""
        ...

    @property
    def precision(self) -> str:
        """Its arithmetic."""
        ...

    @property
    def batch_description(self) -> str:
        """Crops in a forward pass, in words."""
        ...


def current_conditions(examiner: ModelInUse) -> Conditions:
    """Those of this process."""
    return Conditions(
        tool_version=__version__,
        source_sha256=source_sha256(),
        versions=(*versions(), _ffmpeg_version()),
        weights=examiner.card.name,
        weights_sha256=examiner.card.sha256,
        device=examiner.device_description,
        precision=examiner.precision,
    )


def program() -> dict[str, str]:
    """What this process examines with, by name: this program, and the packages that enter a record."""
    packages = dict((*versions(), _ffmpeg_version()))
    return {
        _NAMES["tool_version"]: __version__,
        _NAMES["source_sha256"]: source_sha256(),
        **{name: version for name, version in packages.items() if name not in _OUTSIDE_RECORDS},
    }


def differences(first: Mapping[str, str], second: Mapping[str, str], when: tuple[str, str]) -> list[str]:
    """One phrase for each name whose value is not the same in both.

    Args:
        when: how to tell the two apart, for example ("then", "now").
    """
    return [
        f"{name}: {before!r} {when[0]}, {after!r} {when[1]}"
        for name in dict.fromkeys((*first, *second))
        if (before := first.get(name, "absent")) != (after := second.get(name, "absent"))
    ]


def require_same_conditions(first: Conditions, now: Conditions) -> None:
    """Refuses to continue a scan under other conditions than it began under.

    Raises:
        UsageError: one differs; every difference is named.
    """
    found = differences(_by_name(first), _by_name(now), ("then", "now"))
    if found:
        raise UsageError(
            f"The scan began under other conditions ({'; '.join(found)}).",
            "Resume it where and with what it began, or scan anew into a new folder.",
        )


def _by_name(conditions: Conditions) -> dict[str, str]:
    return {**{name: getattr(conditions, key) for key, name in _NAMES.items()}, **dict(conditions.versions)}


def _ffmpeg_version() -> tuple[str, str]:
    import av

    return "FFmpeg libavcodec", ".".join(str(part) for part in av.library_versions["libavcodec"])
