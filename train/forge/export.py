"""`train forge`: forgeries and their masks as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import write_atomically
from train.data.crops import read_landmarks, read_portrait
from train.data.dataset import Split, draw_donor, read_dataset, select
from train.forge.methods import METHODS, method_named
from train.forge.portrait import Forgery
from train.forge.visible import forge_visibly

_HEADER = ("file", "mask", "method", "family", "portrait", "donor", "source_id", "seed")


def forge_to_files(
    dataset: Path,
    out: Path,
    methods: tuple[str, ...],
    n: int,
    split: str,
    seed: int,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Writes `fake/<method>/*.png`, `masks/<method>/*.png` (0 or 255) and forgeries.csv.

    Losslessly and uncompressed by any codec: `degrade` is for the loader.

    Args:
        methods: names; empty for all.
        n: forgeries of each method.
        split: name of the split that portraits and donors come from.

    Returns:
        How many were written.

    Raises:
        UsageError: unknown method or split, fewer than two identities, or `out` holds something.
    """
    names = methods or tuple(METHODS)
    for name in names:
        method_named(name)
    if split not in {entry.value for entry in Split}:
        raise UsageError(f"There is no split {split!r}.", "Give train, validation or test.")
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"The folder {out} is not empty.", "Give --out a new folder.")
    rows = select(read_dataset(dataset), Split(split))
    landmarks = read_landmarks(dataset)
    records = []
    for number, name in enumerate(names):
        for k in range(n):
            rng = np.random.default_rng([seed, number, k])
            row = rows[int(rng.integers(len(rows)))]
            donor = draw_donor(rows, row, rng)
            forgery = forge_visibly(
                name, read_portrait(dataset, row, landmarks), read_portrait(dataset, donor, landmarks), rng
            )
            file, mask = f"fake/{name}/{k:05d}.png", f"masks/{name}/{k:05d}.png"
            _write(out, file, mask, forgery)
            family = METHODS[name].family
            records.append((file, mask, name, family, row.path, donor.path, row.source_id, seed))
            on_progress(len(records), len(names) * n)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows(records)
    write_atomically(out / "forgeries.csv", buffer.getvalue().encode("utf-8"))
    return len(records)


def _write(out: Path, file: str, mask: str, forgery: Forgery) -> None:
    for name, pixels in (
        (file, cv2.cvtColor(forgery.image, cv2.COLOR_RGB2BGR)),
        (mask, forgery.mask * np.uint8(255)),
    ):
        ok, encoded = cv2.imencode(".png", pixels)
        if not ok:
            raise ValueError(f"{name} cannot be encoded as PNG.")
        write_atomically(out / name, encoded.tobytes())
