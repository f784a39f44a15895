"""What all formats share: the label, the mark for "do not use", and a picture's name as tools write it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PureWindowsPath

import numpy as np

from forensic_cli.model.lae import INPUT_PX
from train.annotate.candidates import CandidateRecord
from train.annotate.check import Fault
from train.forge.portrait import BinaryMask

LABEL = "forged"
SKIP = "skip"


def base_name(path: str) -> str:
    """File name of a path with slashes of either kind."""
    return PureWindowsPath(path).name


def by_file(records: Iterable[CandidateRecord]) -> dict[str, CandidateRecord]:
    """The candidates by the name of their PNG."""
    return {record.file: record for record in records}


def union(masks: Iterable[BinaryMask]) -> BinaryMask:
    """Everything that one of the masks covers; empty for none."""
    whole = np.zeros((INPUT_PX, INPUT_PX), np.uint8)
    for mask in masks:
        whole |= mask
    return whole


def label_fault(file: str, label: object) -> Fault | None:
    """A shape is labelled as what it should be."""
    if label == LABEL:
        return None
    return Fault(
        file,
        f"has a shape labelled {label!r}.",
        f"Label what was forged {LABEL!r}, and delete every other shape.",
    )


def unknown_fault(file: str, name: str) -> Fault:
    """An annotation for a picture that is no candidate."""
    return Fault(
        file,
        f"annotates {name!r}, which is no candidate of this folder.",
        "Give the picture its name in images/ back, or delete this annotation.",
    )
