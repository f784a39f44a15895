"""How closely a repetition agrees: the figures that the results state and `verify --rerun` applies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Largest differences between two analyses of the same file by the same version and weights.

    Attributes:
        score: of a crop, a track or an item, and of the ends of their intervals.
        box_px: of each edge of a face's box and of its crop.
    """

    score: float
    box_px: float


# Other processors and libraries round otherwise. On 24 crops, scores of the shipped weights in fp32 differed
# by at most 4e-7 from double precision, from other batch sizes and between torch and OpenVINO, in bf16 by
# 0.007 from fp32, in fp16 by 0.0007. The figures leave a wide margin to that, and hold between backends of
# one precision: the backend is in the record as part of the device. Faces are found on the CPU in all.
_BY_PRECISION = {"fp32": Tolerance(1e-4, 1.0), "bf16": Tolerance(0.05, 1.0), "fp16": Tolerance(0.005, 1.0)}


def tolerance_of(precision: str) -> Tolerance:
    """The tolerance of results that were made in this precision: "fp32", "bf16" or "fp16".

    Raises:
        KeyError: it is none of them.
    """
    return _BY_PRECISION[precision]


def coarser(first: Tolerance, second: Tolerance) -> Tolerance:
    """What two analyses can agree in that were made in different precisions."""
    return Tolerance(max(first.score, second.score), max(first.box_px, second.box_px))
