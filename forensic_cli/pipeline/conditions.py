"""What results depend on besides evidence and options: program, packages, weights, device."""

from __future__ import annotations

from dataclasses import fields

from forensic_cli import __version__
from forensic_cli.errors import UsageError
from forensic_cli.evidence.events import Conditions
from forensic_cli.model.inference import Examiner
from forensic_cli.provenance.run import source_sha256, versions

_NAMES = {
    "tool_version": "version of this program",
    "source_sha256": "SHA-256 of this program's source",
    "weights": "weights",
    "weights_sha256": "SHA-256 of the weights",
    "device": "device",
    "precision": "precision",
}


def current_conditions(examiner: Examiner) -> Conditions:
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


def require_same_conditions(first: Conditions, now: Conditions) -> None:
    """Refuses to continue a scan under other conditions than it began under.

    Raises:
        UsageError: one differs; every difference is named.
    """
    differences = [
        f"{_NAMES[entry.name]}: {before!r} then, {after!r} now"
        for entry in fields(Conditions)
        if entry.name in _NAMES
        and (before := getattr(first, entry.name)) != (after := getattr(now, entry.name))
    ]
    then, today = dict(first.versions), dict(now.versions)
    for name in sorted({*then, *today}):
        if then.get(name) != today.get(name):
            differences.append(
                f"{name}: {then.get(name, 'absent')!r} then, {today.get(name, 'absent')!r} now"
            )
    if differences:
        raise UsageError(
            f"The scan began under other conditions ({'; '.join(differences)}).",
            "Resume it where and with what it began, or scan anew into a new folder.",
        )


def _ffmpeg_version() -> tuple[str, str]:
    import av

    return "FFmpeg libavcodec", ".".join(str(part) for part in av.library_versions["libavcodec"])
