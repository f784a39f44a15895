"""A small batch to scan, a scan that can be stopped anywhere, and what two results have in common."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from forensic_cli.cli.progress import Listener
from forensic_cli.config import (
    DeviceName,
    FaceSettings,
    HeatmapChoice,
    IsolationSettings,
    ModelSettings,
    ScanConfig,
)
from forensic_cli.pipeline.item import ItemExaminer
from forensic_cli.provenance.lines import LineFile
from forensic_cli.types import RgbImage

_MTIME_S = 1_700_000_000


class Killed(BaseException):
    """Stands for SIGKILL within this process: nothing of the program catches it."""


def make_batch(folder: Path, portrait: RgbImage) -> Path:
    """Three faces, a picture without one, a file that is no picture, and a link."""
    folder.mkdir()
    for number, brightness in enumerate((1.0, 0.8, 0.6), 1):
        picture = (portrait[:256, 96:352] * brightness).astype(np.uint8)
        Image.fromarray(picture).save(folder / f"{number}-face.png")
    Image.fromarray(np.full((100, 120, 3), 127, np.uint8)).save(folder / "4-grey.png")
    (folder / "5-notes.txt").write_text("Nothing to see.")
    (folder / "6-link").symlink_to("1-face.png")
    for path in folder.iterdir():
        os.utime(path, (_MTIME_S, _MTIME_S), follow_symlinks=False)
    return folder


def config_of(evidence: Path, out: Path, weights: Path) -> ScanConfig:
    """Decodes in this very process: what is tried here is the journal, not the isolation."""
    return ScanConfig(
        paths=(evidence,),
        out_dir=out,
        faces=FaceSettings(n_threads=1),
        isolation=IsolationSettings(is_wanted=False),
        model=ModelSettings(str(weights), allow_foreign_weights=True, device=DeviceName.CPU),
        heatmaps=HeatmapChoice.TOP,
    )


def silent() -> Listener:
    return Listener(as_json=False)


def kill_at_item(monkeypatch: pytest.MonkeyPatch, item_id: str) -> None:
    """The next scan dies while it examines this item."""
    original = ItemExaminer.examine

    def dying(self: ItemExaminer, number: str, found: object) -> object:
        if number == item_id:
            raise Killed
        return original(self, number, found)  # type: ignore[arg-type]

    monkeypatch.setattr(ItemExaminer, "examine", dying)


@contextmanager
def kill_at_write(monkeypatch: pytest.MonkeyPatch, number: int) -> Iterator[list[int]]:
    """The program dies in its `number`-th step towards the disk; yields a list as long as the steps.

    Steps are: a line appended (not at all, by half, or whole) and a file moved into place (not, or done).
    """
    steps: list[int] = []
    append, replace = LineFile.append, Path.replace

    def step() -> bool:
        steps.append(len(steps))
        return len(steps) == number

    def dying_append(self: LineFile, lines: object) -> None:
        content = list(lines)  # type: ignore[call-overload]
        if step():
            raise Killed
        if step():
            half = b"".join(line + b"\n" for line in content)
            os.write(self._descriptor, half[: len(half) // 2])
            raise Killed
        append(self, content)
        if step():
            raise Killed

    def dying_replace(self: Path, target: Path) -> Path:
        if step():
            raise Killed
        moved = replace(self, target)
        if step():
            raise Killed
        return moved

    with monkeypatch.context() as patch:
        patch.setattr(LineFile, "append", dying_append)
        patch.setattr(Path, "replace", dying_replace)
        yield steps


def outcome(folder: Path, evidence: Path) -> dict[str, bytes]:
    """What must be the same however often a scan was stopped: records, table, pictures.

    Args:
        evidence: its folder, whose place is left out.
    """
    pictures = sorted(f"exhibits/{path.name}" for path in (folder / "exhibits").iterdir())
    place = os.fspath(evidence).encode()
    names = ("results.jsonl", "summary.csv", *pictures)
    return {name: (folder / name).read_bytes().replace(place, b"EVIDENCE") for name in names}
