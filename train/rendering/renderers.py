"""Trained renderers on disk, and what they make of a face."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import hash_evidence, write_atomically
from forensic_cli.types import RgbImage
from train.forge.geometry import INTERPOLATIONS
from train.forge.portrait import Landmarks
from train.rendering.aligned import alignment, cut_face, put_back
from train.rendering.networks import RENDERERS, Renderer, RendererSpec

_FACTS_NAME = "renderers.json"
_HINT = "Train them with `lae-forensics train renderers DATASET`."


def save_renderer(folder: Path, renderer: Renderer) -> Path:
    """Writes `<name>.safetensors`."""
    path = folder / f"{renderer.spec.name}.safetensors"
    write_atomically(path, save({name: value.contiguous() for name, value in renderer.state_dict().items()}))
    return path


def write_facts(folder: Path, facts: dict[str, object]) -> None:
    """Writes renderers.json: how they were trained, and the hash of each file."""
    hashes = {path.name: hash_evidence(path).sha256 for path in sorted(folder.glob("*.safetensors"))}
    content = json.dumps({**facts, "files": hashes}, indent=2) + "\n"
    write_atomically(folder / _FACTS_NAME, content.encode())


def read_hashes(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 of a folder's renderers; empty where there are none."""
    path = folder / _FACTS_NAME
    if not path.exists():
        return {}
    hashes: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["files"]
    return hashes


@lru_cache(maxsize=8)
def load_renderer(folder: Path, spec: RendererSpec) -> Renderer:
    """Reads a renderer; a process keeps it.

    Raises:
        UsageError: it is missing, or not of this shape.
    """
    path = folder / f"{spec.name}.safetensors"
    renderer = Renderer(spec)
    try:
        renderer.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise UsageError(f"The face renderer {path} cannot be used: {error}.", _HINT) from error
    return renderer.eval()


def missing_renderers(folder: Path) -> list[str]:
    """Names of the renderers that a folder lacks."""
    return [spec.name for spec in RENDERERS if not (folder / f"{spec.name}.safetensors").exists()]


@torch.inference_mode()
def render(
    folder: Path | None,
    specs: Iterable[RendererSpec],
    image: RgbImage,
    landmarks: Landmarks,
    rng: np.random.Generator,
) -> RgbImage:
    """A picture whose face was put through one of several renderers, drawn at random, and enlarged back.

    Args:
        folder: of the renderers; None where the dataset has none.
        image: (S, S, 3) uint8 RGB.

    Returns:
        (S, S, 3) uint8; hard-edged where the aligned face ends.

    Raises:
        UsageError: there are no renderers.
    """
    if folder is None:
        raise UsageError("This forging method needs trained face renderers.", _HINT)
    choices = list(specs)
    spec = choices[int(rng.integers(len(choices)))]
    renderer = load_renderer(folder, spec)
    matrix = alignment(landmarks, spec.size_px)
    face = cut_face(image, matrix, spec.size_px)
    batch = torch.from_numpy(face).permute(2, 0, 1)[None].float() / 255
    rendered = renderer(batch, int(rng.integers(spec.n_decoders)))[0]
    pixels = (rendered.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    interpolation = (*INTERPOLATIONS, cv2.INTER_CUBIC)[int(rng.integers(len(INTERPOLATIONS) + 1))]
    return put_back(np.asarray(pixels, np.uint8), matrix, image, interpolation)
