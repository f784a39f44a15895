"""What else of a to-annotate folder is checked: the pictures, and the list of what was skipped."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from train.annotate.candidates import CandidateRecord
from train.annotate.check import Fault
from train.annotate.litter import is_litter

IMAGES_NAME = "images"
SKIPPED_NAME = "skipped.txt"


def altered_images(folder: Path, records: Sequence[CandidateRecord]) -> list[Fault]:
    """Candidates whose picture is not the one that was exported."""
    faults = []
    for record in records:
        name = f"{IMAGES_NAME}/{record.file}"
        try:
            sha256 = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError as error:
            faults.append(
                Fault(
                    name,
                    f"cannot be read ({error.strerror}): what was painted on is not known.",
                    "Restore it; `train select` makes the same one again.",
                )
            )
            continue
        if sha256 != record.sha256:
            faults.append(
                Fault(
                    name,
                    f"is not the picture that was exported: its SHA-256 is not that of {record.rank} in "
                    "candidates.csv.",
                    "Restore it; `train select` makes the same one again. Paint into masks/, not into images/.",
                )
            )
    return faults


def stray_files(folder: Path, records: Sequence[CandidateRecord]) -> list[Fault]:
    """Files among the pictures that are none: tools save annotations there, where nobody reads them."""
    known = {record.file for record in records}
    images = folder / IMAGES_NAME
    return [
        Fault(
            f"{IMAGES_NAME}/{path.name}",
            "lies among the pictures, where nothing is read.",
            "Move LabelMe's JSON files to labelme/, and anything else out of the folder.",
        )
        for path in (sorted(images.iterdir()) if images.is_dir() else ())
        if path.name not in known and not is_litter(path)
    ]


def read_skipped(folder: Path, records: Sequence[CandidateRecord]) -> tuple[frozenset[str], list[Fault]]:
    """skipped.txt: one name a line, with or without ".png"; what follows "#" is a remark."""
    path = folder / SKIPPED_NAME
    if not path.exists():
        return frozenset(), []
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        return frozenset(), [Fault(SKIPPED_NAME, f"cannot be read: {error}.", "Save it as plain UTF-8 text.")]
    files = {name for record in records for name in (record.file, record.stem)}
    names = [name for line in lines if (name := line.partition("#")[0].strip())]
    faults = [
        Fault(
            SKIPPED_NAME,
            f"names {name!r}, which is no candidate of this folder.",
            "Write one name a line, as in images/.",
        )
        for name in names
        if name not in files
    ]
    return frozenset(f"{name.removesuffix('.png')}.png" for name in names if name in files), faults
