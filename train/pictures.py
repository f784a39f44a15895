"""What a run looks like on fixed validation images: one picture an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from forensic_cli.model.lae import ConceptEncoder, Decoder, attention_map, normalise
from forensic_cli.provenance.files import write_atomically
from forensic_cli.types import RgbImage
from train.validation import ValidationSet

_TILE_PX = 128


@torch.inference_mode()
def save_pictures(
    path: Path,
    encoder: ConceptEncoder,
    decoder: Decoder | None,
    sets: Sequence[ValidationSet],
    device: torch.device,
    n: int,
    attention_form: str = "paper",
) -> None:
    """Writes a PNG: a row for each of n photographs of the first validation set.

    From left to right: the genuine crop, its reconstruction, its attention; the forged crop, its
    reconstruction, its attention, and the mask of what was forged. Attention is shown between 0 and
    the largest value on the page. Without a decoder the reconstructions are left out.
    """
    if not sets:
        return
    batch = sets[0].batch
    n_pairs = len(batch["labels"]) // 2
    chosen = [*range(min(n, n_pairs))]
    chosen += [n_pairs + k for k in chosen]
    images = batch["images"][chosen]
    was_training = encoder.training, decoder.training if decoder else False
    encoder.eval()
    x = normalise(images.to(device)).contiguous(memory_format=torch.channels_last)
    encoding = encoder(x)
    attention = attention_map(encoder, encoding, attention_form).float().cpu().numpy()
    reconstructions = None
    if decoder:
        decoder.eval()
        reconstructions = ((decoder(encoding.z).float().cpu() + 1) * 127.5).round().clamp(0, 255)
        decoder.train(was_training[1])
    encoder.train(was_training[0])
    top = float(max(attention.max(), 1e-9))
    rows = []
    for k in range(len(chosen) // 2):
        tiles: list[RgbImage] = []
        for index in (k, len(chosen) // 2 + k):
            tiles.append(_tile(images[index].permute(1, 2, 0).numpy()))
            if reconstructions is not None:
                tiles.append(_tile(reconstructions[index].permute(1, 2, 0).numpy().astype(np.uint8)))
            tiles.append(_heat(attention[index], top))
        mask = batch["masks"][chosen[len(chosen) // 2 + k]].numpy()
        tiles.append(_tile(np.repeat(mask[..., None] * np.uint8(255), 3, axis=2)))
        rows.append(np.hstack(tiles))
    ok, encoded = cv2.imencode(".png", cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
    if not ok:
        raise ValueError(f"{path.name} cannot be encoded as PNG.")
    write_atomically(path, encoded.tobytes())


def _tile(image: RgbImage) -> RgbImage:
    return np.asarray(cv2.resize(image, (_TILE_PX, _TILE_PX), interpolation=cv2.INTER_AREA), np.uint8)


def _heat(attention: NDArray[np.float32], top: float) -> RgbImage:
    levels = np.rint(np.clip(attention / top, 0, 1) * 255).astype(np.uint8)
    enlarged = cv2.resize(levels, (_TILE_PX, _TILE_PX), interpolation=cv2.INTER_LINEAR)
    coloured = cv2.applyColorMap(enlarged, cv2.COLORMAP_INFERNO)
    return np.asarray(cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB), np.uint8)
