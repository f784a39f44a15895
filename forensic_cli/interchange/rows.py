"""A scan as rows of a spreadsheet: one a face track, and one for each item without."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from forensic_cli.evidence.output import spreadsheet_cell
from forensic_cli.evidence.records import ScanResult
from forensic_cli.types import Finding, ItemResult, TrackResult

COLUMNS = (
    "item", "exhibit", "path", "n_bytes", "mtime_utc", "sha256_before", "sha256_after", "is_unchanged",
    "kind", "container", "codec", "width_px", "height_px", "duration_s", "frame_rate",
    "frames_in_stream", "frames_used", "frames_failed", "warnings", "item_verdict", "item_reasons",
    "track", "verdict", "score", "score_low", "score_high",
    "log10_lr", "lr_is_bounded", "lr_term", "lr_note", "reasons",
    "n_readings", "first_time_s", "last_time_s", "weights", "weights_sha256", "run_id",
)  # fmt: skip


def csv_document(result: ScanResult) -> str:
    """The rows as CSV (RFC 4180), the header first. results.jsonl stays the authority.

    A text that begins with = + - @, tab or carriage return gets an apostrophe in front, so that no
    spreadsheet runs it. Numbers are written as numbers, the negative ones with their minus sign: they are
    made by this program of digits alone, so that none can be a formula, and they read back as they were.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for item in result.items:
        common = _item_cells(item, result)
        tracks: tuple[TrackResult | None, ...] = item.tracks or (None,)
        for track in tracks:
            cells = {**common, **_track_cells(track, item.finding)}
            writer.writerow([spreadsheet_cell(cells.get(column, "")) for column in COLUMNS])
    return buffer.getvalue()


def _item_cells(item: ItemResult, result: ScanResult) -> dict[str, object]:
    evidence, media, counts = item.evidence, item.media, item.counts
    cells: dict[str, object] = {
        "item": item.item_id,
        "exhibit": result.case.about(evidence.path).exhibit,
        "path": evidence.path,
        "n_bytes": evidence.n_bytes,
        "mtime_utc": evidence.mtime_utc,
        "sha256_before": evidence.sha256_before,
        "sha256_after": evidence.sha256_after,
        "is_unchanged": evidence.is_unchanged,
        "warnings": "; ".join(warning.code for warning in item.warnings),
        "item_verdict": item.finding.verdict.value,
        "item_reasons": " ".join(item.finding.reasons),
        "weights": result.model.name,
        "weights_sha256": result.model.sha256,
        "run_id": result.run.run_id,
    }
    if media:
        cells |= {
            "kind": media.kind.value,
            "container": media.container,
            "codec": media.codec,
            "width_px": media.width_px,
            "height_px": media.height_px,
            "duration_s": media.duration_s,
            "frame_rate": media.frame_rate,
        }
    if counts:
        cells |= {
            "frames_in_stream": counts.n_in_stream,
            "frames_used": counts.n_used,
            "frames_failed": counts.n_failed,
        }
    return cells


def _track_cells(track: TrackResult | None, of_item: Finding) -> dict[str, object]:
    """The finding of a track; of an item without one, its own."""
    finding = track.finding if track else of_item
    filled = dict(_finding_cells(finding))
    if track:
        times = [reading.time_s for reading in track.readings]
        filled |= {"track": track.track_id, "n_readings": len(track.readings)}
        if times:
            filled |= {"first_time_s": min(times), "last_time_s": max(times)}
    return filled


def _finding_cells(finding: Finding) -> Iterator[tuple[str, object]]:
    yield "verdict", finding.verdict.value
    yield "reasons", " ".join(finding.reasons)
    yield "lr_note", finding.lr_note
    if finding.score is not None:
        yield "score", finding.score
    if finding.interval is not None:
        yield "score_low", finding.interval[0]
        yield "score_high", finding.interval[1]
    if finding.log10_lr is not None:
        yield "log10_lr", finding.log10_lr
        yield "lr_is_bounded", finding.lr_is_bounded
    if finding.lr_term is not None:
        yield "lr_term", finding.lr_term.value
