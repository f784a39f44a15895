"""FaceForensics++'s split: train.json, val.json and test.json, lists of pairs of video numbers."""

from __future__ import annotations

import json
from pathlib import Path

from forensic_cli.errors import UsageError
from train.data.dataset import Split

_FILES = {"train.json": Split.TRAIN, "val.json": Split.VALIDATION, "test.json": Split.TEST}


def find_splits(source: Path) -> Path | None:
    """The folder of the split files: `splits/`, `dataset/splits/` or the collection's own."""
    for folder in (source / "splits", source / "dataset" / "splits", source):
        if any((folder / name).is_file() for name in _FILES):
            return folder
    return None


def read_splits(folder: Path) -> dict[str, Split]:
    """Reads the three files: video number -> split.

    Raises:
        UsageError: one is missing or malformed, or a video is in two splits.
    """
    splits: dict[str, Split] = {}
    for name, split in _FILES.items():
        for number in _numbers(folder / name):
            if splits.setdefault(number, split) is not split:
                raise UsageError(
                    f"{folder / name} puts video {number} into a second split ({splits[number]}).",
                    "Take the files as they are published, or give --own-split.",
                )
    return splits


def _numbers(path: Path) -> list[str]:
    try:
        pairs = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"The split file {path} cannot be read: {error.strerror}.", "Give --splits, or --own-split."
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The split file {path} is not valid JSON: {error}.", "Fetch it again.") from error
    is_well_formed = isinstance(pairs, list) and all(
        isinstance(pair, list) and all(isinstance(number, str) for number in pair) for pair in pairs
    )
    if not is_well_formed:
        raise UsageError(f"The split file {path} is no list of pairs of video numbers.", "Fetch it again.")
    return [number for pair in pairs for number in pair]
