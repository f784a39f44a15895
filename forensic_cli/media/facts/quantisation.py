"""JPEG quantisation tables beside those of the Independent JPEG Group's library."""

from __future__ import annotations

import hashlib
from functools import cache

from forensic_cli.factsheet import QuantisationTable
from forensic_cli.media.facts.zigzag import ZIGZAG

# ITU-T T.81, tables K.1 and K.2, row by row: what libjpeg scales.
_LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
_CHROMA = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
    *(99,) * 32,
)  # fmt: skip


@cache
def ijg_tables(quality: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The luma and chroma steps of libjpeg (jcparam.c, `jpeg_set_quality`), zigzag order, baseline.

    Args:
        quality: 1 to 100.
    """
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    luma, chroma = (
        tuple(min(max((table[8 * row + column] * scale + 50) // 100, 1), 255) for row, column in ZIGZAG)
        for table in (_LUMA, _CHROMA)
    )
    return luma, chroma


def describe_table(table_id: int, steps: tuple[int, ...]) -> QuantisationTable:
    """Hashes a table and finds the nearest of libjpeg's 200, by the sum of absolute differences.

    Args:
        steps: in zigzag order, (64,).
    """
    distance, quality = min(
        (sum(abs(one - other) for one, other in zip(steps, table, strict=True)), -quality)
        for quality in range(1, 101)
        for table in ijg_tables(quality)
    )
    content = b"".join(step.to_bytes(2, "big") for step in steps)
    return QuantisationTable(
        table_id, hashlib.sha256(content).hexdigest(), steps, -quality, is_ijg=distance == 0
    )
