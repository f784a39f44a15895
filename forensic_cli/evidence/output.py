"""Writing a scan's results: one line an item as it is finished, then summary, manifest, hashes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable
from pathlib import Path

from forensic_cli.errors import OutputError
from forensic_cli.evidence.records import (
    MANIFEST_NAME,
    RESULTS_NAME,
    SCHEMA,
    Manifest,
    ManifestFile,
    ScanResult,
    item_line,
    to_jsonable,
)
from forensic_cli.provenance.files import write_atomically
from forensic_cli.types import ItemResult

SUMMARY_NAME = "summary.csv"
SUMS_NAME = "SHA256SUMS"
_SUMMARY_HEADER = (
    "item", "path", "sha256", "verdict", "score", "score_low", "score_high",
    "log10_lr", "lr_is_bounded", "lr_term", "lr_note", "tracks",
    "frames_in_stream", "frames_used", "frames_failed", "warnings", "reason",
)  # fmt: skip
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ResultsWriter:
    """Writes results.jsonl line by line under a temporary name, and completes the folder at the end.

    Args:
        folder: made if need be.

    Raises:
        OutputError: it holds results already, or cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._partial = folder / f".{RESULTS_NAME}.partial"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self._partial.open("x", encoding="ascii")
        except OSError as error:
            raise OutputError(
                f"The results folder {folder} cannot be written: {error.strerror}.",
                "Check its permissions, or give --out another folder.",
            ) from error

    def add(self, item: ItemResult) -> None:
        """Appends one item and forces it to the disk.

        Raises:
            OutputError: the disk is full or gone.
        """
        try:
            self._file.write(item_line(item) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OutputError(
                f"{self._partial} cannot be written: {error.strerror}.", "Free some space and scan again."
            ) from error

    def finish(self, result: ScanResult) -> None:
        """Writes results.jsonl whole, then summary.csv, manifest.json and SHA256SUMS.

        The lines written so far were for the case that the program is killed; what counts is `result`,
        which an interruption cannot have left half-written.

        Raises:
            OutputError: one of them cannot be written.
        """
        self._file.close()
        lines = "".join(f"{item_line(item)}\n" for item in result.items)
        write_atomically(self.folder / RESULTS_NAME, lines.encode("ascii"))
        self._partial.unlink(missing_ok=True)
        write_atomically(self.folder / SUMMARY_NAME, summary_csv(result.items).encode("utf-8"))
        exhibits = [e.file for item in result.items for track in item.tracks for e in track.exhibits]
        files = tuple(_entry(self.folder, path) for path in (RESULTS_NAME, SUMMARY_NAME, *exhibits))
        manifest = Manifest(
            SCHEMA,
            result.run,
            result.case,
            result.model,
            result.parameters,
            result.aggregation_rule,
            len(result.items),
            files,
        )
        text = json.dumps(to_jsonable(manifest), indent=1, allow_nan=False) + "\n"
        write_atomically(self.folder / MANIFEST_NAME, text.encode("ascii"))
        listed = (_entry(self.folder, MANIFEST_NAME), *files)
        sums = b"".join(_sum_line(file.sha256, file.path) for file in listed)
        write_atomically(self.folder / SUMS_NAME, sums)


def _entry(folder: Path, path: str) -> ManifestFile:
    target = folder / path
    return ManifestFile(path, _sha256(target), target.stat().st_size)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise OutputError(f"{path} cannot be read back: {error.strerror}.", "Scan again.") from error


def _sum_line(sha256: str, relative: str) -> bytes:
    """One line of SHA256SUMS, which `sha256sum -c` checks from inside the folder."""
    escaped = relative.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != relative else ""
    return os.fsencode(f"{mark}{sha256}  {escaped}\n")


def add_to_sums(folder: Path, path: Path) -> None:
    """Adds one more file, the report, to SHA256SUMS.

    Args:
        path: below the folder, or beside it.
    """
    relative = os.path.relpath(path, folder).replace(os.sep, "/")
    sums = folder / SUMS_NAME
    write_atomically(sums, sums.read_bytes() + _sum_line(_sha256(path), relative))


def summary_csv(items: Iterable[ItemResult]) -> str:
    """A row an item, for a spreadsheet. The authority is results.jsonl."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(_SUMMARY_HEADER)
    for item in items:
        finding, counts = item.finding, item.counts
        low, high = finding.interval or ("", "")
        row = (
            item.item_id,
            item.evidence.path,
            item.evidence.sha256_before,
            finding.verdict.value,
            "" if finding.score is None else finding.score,
            low,
            high,
            "" if finding.log10_lr is None else finding.log10_lr,
            "" if finding.log10_lr is None else finding.lr_is_bounded,
            finding.lr_term.value if finding.lr_term else "",
            finding.lr_note,
            len(item.tracks),
            counts.n_in_stream if counts else "",
            counts.n_used if counts else "",
            counts.n_failed if counts else "",
            "; ".join(warning.code for warning in item.warnings),
            " ".join(finding.reasons),
        )
        writer.writerow([spreadsheet_cell(value) for value in row])
    return buffer.getvalue()


def spreadsheet_cell(value: object) -> object:
    """Text that a spreadsheet will not take for a formula, and that UTF-8 can hold."""
    if not isinstance(value, str):
        return value
    text = value.encode("utf-8", "backslashreplace").decode("utf-8")
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
