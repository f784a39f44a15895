"""Factsheets of files made on the spot."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from forensic_cli.config import MediaLimits
from forensic_cli.factsheet import Factsheet, Reason
from forensic_cli.media.facts import collect_facts


def facts_of(path: Path, **options: object) -> Factsheet:
    with path.open("rb") as file:
        return collect_facts(file, path.name, MediaLimits(), **options)  # type: ignore[arg-type]


def missing(sheet: Factsheet) -> dict[str, Reason]:
    return {entry.fact: entry.reason for entry in sheet.not_determined}


def jpeg_bytes(image: NDArray[np.uint8] | Image.Image, quality: int = 90, **options: object) -> bytes:
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, **options)
    return buffer.getvalue()


def reopened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")
