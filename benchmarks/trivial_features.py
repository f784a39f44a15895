"""Does a trivial feature of a crop tell forged from genuine? If one did, the encoder would learn it.

    python benchmarks/trivial_features.py DATASET --n 150 --json trivial_features.json

DATASET is made by `lae-forensics train prepare` and holds renderers. Validation photographs are forged by every
method, and both versions go through the chain of alterations and compressions that training draws, as in
training: the same for both. Printed is the AUC of each feature over whole crops, 0.5 by chance, beside that
of encoder-free pairs: how often the feature is higher for the forged version of the same photograph.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from forensic_cli.faces.crop import sharpness
from forensic_cli.types import RgbImage
from train.data.crops import read_landmarks, read_portrait
from train.data.dataset import Split, read_dataset, select
from train.data.pairs import ForgeSettings, make_pair
from train.forge.degrade import draw_degradation
from train.forge.methods import METHODS
from train.forge.visible import UnforgeableError
from train.metrics import auc, share_told_apart
from train.recipe import load_stage1
from train.validation import drawn

_SEED = 811
_BLOCK_PX = 8


def brightness(image: RgbImage) -> float:
    """Mean grey level."""
    return float(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).mean())


def saturation(image: RgbImage) -> float:
    """Mean saturation of HSV."""
    return float(cv2.cvtColor(image, cv2.COLOR_RGB2HSV)[..., 1].mean())


def file_size(image: RgbImage) -> float:
    """Bytes as JPEG 90: what the picture holds, noise included."""
    ok, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert ok
    return float(len(encoded))


def blockiness(image: RgbImage) -> float:
    """Mean step over the lines of an 8 px grid by the mean step elsewhere."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    steps = np.abs(np.diff(grey, axis=1)).mean(axis=0)
    on_grid = np.arange(1, grey.shape[1]) % _BLOCK_PX == 0
    return float(steps[on_grid].mean() / max(float(steps[~on_grid].mean()), 1e-6))


FEATURES: dict[str, Callable[[RgbImage], float]] = {
    "sharpness": sharpness,
    "size": file_size,
    "brightness": brightness,
    "saturation": saturation,
    "blockiness": blockiness,
}


def main() -> None:
    """Forges, measures, prints, writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--recipe", default="face-v2")
    parser.add_argument("--n", type=int, default=200, help="photographs")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    recipe = load_stage1(arguments.recipe)
    rows = select(read_dataset(arguments.dataset), Split.VALIDATION)
    landmarks = read_landmarks(arguments.dataset)
    found: dict[str, dict[str, tuple[float, float]]] = {}
    print("| method | " + " | ".join(FEATURES) + " |\n|---" + "|---" * len(FEATURES) + "|")
    for method in METHODS:
        settings = ForgeSettings({method: 1.0}, recipe.codecs, window_jitter=False)
        values = []
        for row, donor, rng in drawn(rows, arguments.n, _SEED):
            portraits = [read_portrait(arguments.dataset, entry, landmarks) for entry in (row, donor)]
            try:
                pair = make_pair(*portraits, settings, rng, draw_degradation(rng, recipe.codecs))
            except UnforgeableError:
                continue
            values.append(
                [[feature(image) for feature in FEATURES.values()] for image in (pair.real, pair.fake)]
            )
        genuine, forged = np.array(values).transpose(1, 2, 0)
        told = [share_told_apart(*pairs) for pairs in zip(genuine, forged, strict=True)]
        figures = [auc(a, b) for a, b in zip(genuine, forged, strict=True)]
        found[method] = dict(zip(FEATURES, zip(figures, told, strict=True), strict=True))
        cells = [f"{area:.2f} ({share:.2f})" for area, share in found[method].values()]
        print(f"| {method} | {' | '.join(cells)} |", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"n": arguments.n, "found": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
