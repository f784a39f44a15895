"""Plain PNG masks: painted in any picture editor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from forensic_cli.model.lae import INPUT_PX
from forensic_cli.provenance.files import write_atomically
from train.annotate.candidates import CandidateRecord
from train.annotate.check import Fault, Painting, Reading, mask_of_png
from train.annotate.litter import is_litter
from train.annotate.marks import by_file
from train.data.png import png_of
from train.forge.portrait import BinaryMask

FOLDER_NAME = "masks"


def write_png_masks(
    folder: Path, records: Sequence[CandidateRecord], prefilled: Mapping[str, BinaryMask]
) -> None:
    """Writes masks/0001.png and so on, 0 and 255: prefilled ones, or empty ones to paint on."""
    for record in records:
        mask = prefilled.get(record.file, np.zeros((INPUT_PX, INPUT_PX), np.uint8))
        write_atomically(folder / FOLDER_NAME / record.file, png_of(np.asarray(mask * 255, np.uint8)))


def read_png_masks(place: Path, records: Sequence[CandidateRecord], threshold: int | None) -> Reading:
    """Reads a folder of PNG masks.

    Args:
        threshold: see `mask_of_png`.
    """
    reading = Reading()
    candidates = by_file(records)
    for path in sorted(place.iterdir()) if place.is_dir() else []:
        if is_litter(path):
            continue
        name = f"{place.name}/{path.name}"
        if path.name not in candidates:
            reading.faults.append(_unknown(name, path, candidates))
            continue
        try:
            found = mask_of_png(path.read_bytes(), name, threshold)
        except OSError as error:
            found = Fault(name, f"cannot be read: {error.strerror}.", "Check its permissions.")
        if isinstance(found, Fault):
            reading.faults.append(found)
        reading.paintings[path.name] = Painting(name, None if isinstance(found, Fault) else found)
    return reading


def _unknown(name: str, path: Path, candidates: Mapping[str, CandidateRecord]) -> Fault:
    if f"{path.stem}.png" in candidates:
        return Fault(
            name,
            f"is a {path.suffix or 'file without ending'}, not the PNG {path.stem}.png.",
            "Export the mask as PNG under that name, and move working files away.",
        )
    example = next(iter(candidates))
    return Fault(
        name,
        "belongs to no candidate of this folder.",
        f"Name it as its picture in images/ is named (such as {example}), or move it away.",
    )
