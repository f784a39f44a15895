"""Nothing at all, too little, and flipped bits, for every format that is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

EMPTY = ("empty.mp4", "empty.jpg", "empty.txt")
N_FLIPS = 5


def write_damage(folder: Path, originals: dict[str, bytes]) -> None:
    """Truncations at three places and one file with flipped bits of each original."""
    for name in EMPTY:
        (folder / name).touch()
    rng = np.random.default_rng(20200)
    for name, content in originals.items():
        (folder / f"one-byte-{name}").write_bytes(content[:1])
        (folder / f"header-{name}").write_bytes(content[:24])
        (folder / f"two-thirds-{name}").write_bytes(content[: len(content) * 2 // 3])
        flipped = bytearray(content)
        for place in rng.integers(0, len(content), N_FLIPS):
            flipped[place] ^= 1 << int(rng.integers(0, 8))
        (folder / f"flipped-{name}").write_bytes(flipped)
