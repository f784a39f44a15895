"""Small sound files of every format that is read, with a face in them, for mutation."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from forensic_cli.types import RgbImage
from tests.media.clips import write_clip

SIDE_PX = 192
N_FRAMES = 12
# Name of the original, codec. Key frames come often, so that damage to one leaves others.
_CLIPS = {
    "h264.mp4": "libx264",
    "hevc.mp4": "libx265",
    "h264.mov": "libx264",
    "h264.mkv": "libx264",
    "vp9.webm": "libvpx-vp9",
    "mpeg4.avi": "mpeg4",
}
_PICTURES = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "tif": "TIFF", "bmp": "BMP"}


def make_originals(folder: Path, portrait: RgbImage) -> dict[str, bytes]:
    """Encodes them.

    Args:
        folder: for the clips; an empty one.
        portrait: with a face, (512, 512, 3).

    Returns:
        Their bytes, by a name whose suffix says the format.
    """
    face = np.asarray(Image.fromarray(portrait[:256, 96:352]).resize((SIDE_PX, SIDE_PX)))
    frames = [np.roll(face, index, axis=1) for index in range(N_FRAMES)]
    found = {
        name: write_clip(folder / name, codec, images=frames, options={"g": "6"}).read_bytes()
        for name, codec in _CLIPS.items()
    }
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    exif[0x0112] = 6  # stored lying on its side; upright after a quarter turn
    for suffix, plugin in _PICTURES.items():
        buffer = io.BytesIO()
        if plugin == "BMP":
            Image.fromarray(face).save(buffer, plugin)
        else:
            Image.fromarray(np.rot90(face)).save(buffer, plugin, exif=exif)
        found[f"picture.{suffix}"] = buffer.getvalue()
    return found
