"""The account that `train prepare` gives of every file and crop."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from forensic_cli.provenance.files import write_atomically
from train.data.item_cropping import ItemCrops
from train.data.layouts.material import SourceItem

NOT_USED_NAME = "not-used.csv"
_N_NAMED = 3


@dataclass(slots=True)
class PrepareReport:
    """What became of every file.

    `n_files = n_used + len(without_face) + len(failed) + len(left_out)`, and among the used ones
    `n_frames = n_crops + n_frames_without_face`.

    Attributes:
        layout: its name.
        without_face: files.
        failed: file and fault.
        left_out: file, reason, and what is particular to it.
        n_fakes: forged crops; `n_fakes = n_masks + mask_gaps.total() = n_pairs + pair_gaps.total()`.
        mask_gaps: why forged crops have no mask: reason -> crops.
        pair_gaps: why forged crops have no real partner: reason -> crops.
        failed_masks: mask file and fault.
    """

    layout: str = ""
    n_files: int = 0
    n_used: int = 0
    n_crops: int = 0
    n_frames: int = 0
    n_frames_without_face: int = 0
    without_face: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    n_fakes: int = 0
    n_masks: int = 0
    n_pairs: int = 0
    mask_gaps: Counter[str] = field(default_factory=Counter)
    pair_gaps: Counter[str] = field(default_factory=Counter)
    failed_masks: list[tuple[str, str]] = field(default_factory=list)

    def count(self, item: SourceItem, made: ItemCrops) -> None:
        """Enters one file that was read."""
        if made.mask_fault:
            self.failed_masks.append((str(item.mask), made.mask_fault))
        if not made.crops:
            self.without_face.append(str(item.path))
            return
        self.n_used += 1
        self.n_crops += len(made.crops)
        self.n_frames += made.n_frames
        self.n_frames_without_face += made.n_frames - len(made.crops)
        for crop in made.crops if item.label == "fake" else ():
            self.n_fakes += 1
            self.n_masks += not crop.mask_gap
            self.n_pairs += not crop.pair_gap
            self.mask_gaps.update([crop.mask_gap] if crop.mask_gap else [])
            self.pair_gaps.update([crop.pair_gap] if crop.pair_gap else [])

    def lines(self) -> Iterator[str]:
        """The account in sentences; of files left out for the same reason a few are named."""
        for path, fault in self.failed:
            yield f"failed: {path}: {fault}"
        for path, fault in self.failed_masks:
            yield f"mask not read: {path}: {fault}"
        for reason, n in Counter(reason for _, reason, _ in self.left_out).items():
            named = [Path(path).name for path, one, _ in self.left_out if one == reason][:_N_NAMED]
            more = ", ..." if n > len(named) else ""
            yield f"left out: {n} files: {reason} ({', '.join(named)}{more})"
        parts = [
            f"{self.n_used} used",
            f"{len(self.without_face)} without a face",
            f"{len(self.failed)} failed",
        ]
        if self.left_out:
            parts.append(f"{len(self.left_out)} left out")
        yield f"{' + '.join(parts)} = {self.n_files} files; {self.n_crops} crops"
        if self.n_frames_without_face:
            yield f"{self.n_frames_without_face} of {self.n_frames} frames of the used files show no face."
        if self.n_fakes:
            yield _account("with a mask", self.n_masks, self.mask_gaps, self.n_fakes)
            yield _account("with their real partner", self.n_pairs, self.pair_gaps, self.n_fakes)

    def write(self, folder: Path) -> None:
        """Writes not-used.csv: every file that gave no crop, and every mask that was not read."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(("path", "fate", "reason", "detail"))
        writer.writerows((path, "without a face", "", "") for path in self.without_face)
        writer.writerows((path, "failed", fault, "") for path, fault in self.failed)
        writer.writerows((path, "left out", reason, detail) for path, reason, detail in self.left_out)
        writer.writerows((path, "mask not read", fault, "") for path, fault in self.failed_masks)
        # A file name may hold bytes that are no UTF-8.
        write_atomically(folder / NOT_USED_NAME, buffer.getvalue().encode("utf-8", "surrogateescape"))


def _account(what: str, n: int, gaps: Counter[str], n_all: int) -> str:
    missing = "".join(f" + {count} without ({reason})" for reason, count in sorted(gaps.items()))
    return f"{n} {what}{missing} = {n_all} forged crops"
