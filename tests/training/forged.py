"""A tiny dataset of real and forged crops with masks, and a run folder around a seeded encoder."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import save_file

from forensic_cli.model.lae import Encoder, initialise
from train.data.crops import read_landmarks, read_portrait
from train.data.dataset import DATASET_NAME, Split, read_dataset, write_dataset
from train.data.png import png_of
from train.forge.visible import forge_visibly
from train.recipe import load_stage1

METHODS = ("landmark-swap", "lip-recolour")


def write_forged_dataset(dataset: Path, folder: Path) -> Path:
    """The real crops of a prepared dataset, and a fake of each by each method, with mask and pair."""
    rows = read_dataset(dataset)
    shutil.copytree(dataset, folder, dirs_exist_ok=True)
    landmarks = read_landmarks(dataset)
    fakes = []
    for number, row in enumerate(rows):
        donor = rows[number - 1]
        for method in METHODS:
            name = f"{method}/{number:05d}.png"
            forgery = forge_visibly(
                method,
                read_portrait(dataset, row, landmarks),
                read_portrait(dataset, donor, landmarks),
                np.random.default_rng([7, number]),
            )
            for kind, pixels in (("fake", forgery.image), ("masks", forgery.mask * np.uint8(255))):
                (folder / kind / method).mkdir(parents=True, exist_ok=True)
                (folder / kind / name).write_bytes(png_of(pixels))
            fakes.append(
                replace(
                    row,
                    path=f"fake/{name}",
                    label="fake",
                    method=method,
                    family="face",
                    sha256=hashlib.sha256((folder / "fake" / name).read_bytes()).hexdigest(),
                    mask=f"masks/{name}",
                    pair=row.path,
                )
            )
    write_dataset(folder, [*rows, *fakes])
    return folder


def write_run(dataset: Path, run: Path) -> Path:
    """A run folder whose best checkpoint is an encoder seeded at random: every channel is alive."""
    encoder = Encoder()
    initialise(encoder, torch.Generator().manual_seed(3))
    run.mkdir()
    document = {
        "config": asdict(load_stage1("face-v0")),
        "dataset_sha256": hashlib.sha256((dataset / DATASET_NAME).read_bytes()).hexdigest(),
    }
    (run / "config.json").write_text(json.dumps(document))
    save_file(
        {f"model/encoder.{name}": value.contiguous() for name, value in encoder.state_dict().items()},
        run / "best.safetensors",
    )
    return run


def training_fakes(dataset: Path) -> list[str]:
    """Paths of the fakes of the training split."""
    return [row.path for row in read_dataset(dataset) if row.split is Split.TRAIN and row.label == "fake"]


def paint(folder: Path, file: str, pixels: np.ndarray) -> None:
    """Stands for a person with a brush: writes masks/<file>."""
    assert cv2.imwrite(str(folder / "masks" / file), pixels)


def disc(x: int = 128, y: int = 128, radius_px: int = 40) -> np.ndarray:
    """A painted mask: (256, 256) uint8, 0 and 255."""
    return cv2.circle(np.zeros((256, 256), np.uint8), (x, y), radius_px, 255, -1)
