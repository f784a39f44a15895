"""`verify --rerun`: the evidence analysed again with the options and weights of the scan."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from forensic_cli.config import DeviceName, HeatmapChoice, ModelSettings, ScanConfig
from forensic_cli.errors import WeightsError
from forensic_cli.evidence.records import Manifest
from forensic_cli.evidence.tolerance import Tolerance, coarser, tolerance_of
from forensic_cli.model.weights import load_catalogue, resolve
from forensic_cli.pipeline import run_scan
from forensic_cli.pipeline.listener import ScanListener
from forensic_cli.provenance.checks import Check
from forensic_cli.types import ItemResult, Verdict
from forensic_cli.verification.differences import differences

AREA = "repetition"


@dataclass(frozen=True, slots=True)
class Repetition:
    """How to repeat a scan.

    Attributes:
        weights: a folder with the weights, None for the place that the scan took them from.
        device: None for the one that the scan asked for.
        listener: told of progress.
    """

    listener: ScanListener
    weights: Path | None = None
    device: DeviceName | None = None


def rerun_checks(
    items: Sequence[ItemResult],
    unaltered: Mapping[str, Path],
    options: ScanConfig,
    manifest: Manifest,
    how: Repetition,
) -> tuple[Check, ...]:
    """Analyses every item whose evidence is unaltered, and compares what comes out.

    Nothing is written.

    Args:
        items: the recorded results.
        unaltered: item id -> where its file lies now.
        options: of the scan.

    Raises:
        WeightsError: the weights are not those of the scan, or not here.
        UsageError: the detector or the device of the scan is not available.
    """
    weights = _weights(options.model, manifest, how.weights)
    repeatable = {item.item_id: unaltered[item.item_id] for item in items if _is_repeatable(item, unaltered)}
    if not repeatable:
        reason = "No item was analysed whose evidence is here unaltered."
        return (Check.not_made(AREA, "all items", "A second analysis agrees", reason),)
    config = replace(
        options,
        # Sorted out twice: two exhibits may be copies that lie in one place now.
        paths=tuple(dict.fromkeys(repeatable.values())),
        out_dir=None,
        report=None,
        model=replace(weights, device=how.device or options.model.device),
        heatmaps=HeatmapChoice.NONE,
    )
    result = run_scan(config, how.listener)
    tolerance = coarser(manifest.tolerance, tolerance_of(result.run.precision))
    now = {item.evidence.path: item for item in result.items}
    checks: list[Check] = [_conditions(manifest, result.run.source_sha256)]
    for item in items:
        place = repeatable.get(item.item_id)
        again = now.get(os.fspath(place)) if place else None
        checks += _compared(item, again, tolerance)
    return tuple(checks)


def _is_repeatable(item: ItemResult, unaltered: Mapping[str, Path]) -> bool:
    return item.finding.verdict is not Verdict.SKIPPED and item.item_id in unaltered


def _weights(asked: ModelSettings, manifest: Manifest, folder: Path | None) -> ModelSettings:
    """The settings that lead to the weights of the scan, whatever a name stands for by now."""
    wanted = manifest.model
    if folder is not None:
        settings = replace(asked, weights=os.fspath(folder), allow_foreign_weights=True)
    elif wanted.is_foreign:
        base = Path(manifest.run.working_folder)
        settings = replace(asked, weights=os.fspath(base / asked.weights))
        if not Path(settings.weights).is_dir():
            raise WeightsError(
                f"The weights {wanted.name} are no longer in {settings.weights}.",
                "Give their folder with --weights.",
            )
    else:
        names = [card.name for card in load_catalogue().cards if card.sha256 == wanted.sha256]
        settings = replace(asked, weights=names[0] if names else wanted.name)
    _, card = resolve(settings.weights, settings.allow_foreign_weights)
    if card.sha256 != wanted.sha256:
        raise WeightsError(
            f"The weights {card.name} here are not those of the scan: SHA-256 {card.sha256}, "
            f"of the scan {wanted.sha256}.",
            "Use the version that made the results, or give the weights' folder with --weights.",
        )
    return settings


def _conditions(manifest: Manifest, source_sha256: str) -> Check:
    claim = "The program is the one that made the results"
    if manifest.run.source_sha256 == source_sha256:
        return Check.holds(AREA, "program", claim)
    reason = (
        f"Its source is another than that of {manifest.run.tool_version}: differences may stem from that."
    )
    return Check.not_made(AREA, "program", claim, reason)


def _compared(item: ItemResult, again: ItemResult | None, tolerance: Tolerance) -> Iterator[Check]:
    subject = f"{item.item_id} {Path(item.evidence.path).name}"
    claim = "A second analysis agrees"
    if again is None:
        reason = (
            "It was skipped then."
            if item.finding.verdict is Verdict.SKIPPED
            else "Its evidence is not here unaltered."
        )
        yield Check.not_made(AREA, subject, claim, reason)
        return
    found = differences(item, again, tolerance)
    if not found:
        detail = (
            f"Scores within {tolerance.score:g}, boxes within {tolerance.box_px:g} px, verdicts the same."
        )
        yield Check.holds(AREA, subject, claim, detail)
    for difference in found:
        yield Check.fault(AREA, subject, claim, f"{difference}.")
