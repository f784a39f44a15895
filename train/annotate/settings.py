"""How masks are read back: the format, and what is let pass."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from forensic_cli.errors import UsageError


class Source(StrEnum):
    """The format that masks are read from; AUTO takes the one that was painted in."""

    AUTO = "auto"
    PNG = "png"
    LABELME = "labelme"
    COCO = "coco"
    CVAT = "cvat"


FORMATS = tuple(source for source in Source if source is not Source.AUTO)


@dataclass(frozen=True, slots=True)
class CollectSettings:
    """How masks are read, and what is let pass.

    Attributes:
        place: where the annotation lies if not in the folder: a folder for PNG and LabelMe, a file for
            COCO and CVAT.
        threshold: grey values of a PNG at or above it are painted; None refuses grey values.
        allow_missing: leave unpainted candidates out.
        allow_unusual: accept masks of nearly nothing or nearly everything, and equal ones.
        accept_prefill: accept prefilled masks that nobody changed.
    """

    source: Source = Source.AUTO
    place: Path | None = None
    threshold: int | None = None
    allow_missing: bool = False
    allow_unusual: bool = False
    accept_prefill: bool = False

    def __post_init__(self) -> None:
        if self.place is not None and self.source is Source.AUTO:
            raise UsageError("--file needs its format.", "Add --from png, labelme, coco or cvat.")
        if self.place is not None and not self.place.exists():
            raise UsageError(f"{self.place} does not exist.", "Check the path.")
        if self.threshold is not None and not 1 <= self.threshold <= 255:
            raise UsageError(f"--threshold {self.threshold} is not 1 to 255.", "Try --threshold 128.")
