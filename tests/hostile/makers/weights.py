"""Weights that must not be opened, or not be believed."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import struct
from pathlib import Path


class Payload:
    """What a pickle runs when it is loaded."""

    def __init__(self, proof: Path) -> None:
        self._proof = proof

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (os.fspath(self._proof),))


def with_content(sound: Path, folder: Path, content: bytes, *, is_hash_right: bool) -> Path:
    """A copy of a weights folder with another weights file.

    Args:
        is_hash_right: the catalogue names the new content's hash, as who swaps the file would see to.
    """
    shutil.copytree(sound, folder)
    document = json.loads((folder / "weights.json").read_text())
    (entry,) = document["weights"]
    (folder / entry["file"]).write_bytes(content)
    if is_hash_right:
        entry["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "weights.json").write_text(json.dumps(document))
    return folder


def flipped(sound: Path) -> bytes:
    """The weights with one bit changed."""
    content = bytearray((sound / "seeded.safetensors").read_bytes())
    content[-1] ^= 1
    return bytes(content)


def pickled(proof: Path) -> bytes:
    """A pickle that makes the folder `proof` when it is loaded."""
    return pickle.dumps(Payload(proof))


def zipped_pickle(proof: Path) -> bytes:
    """As `torch.save` writes it: a zip archive around a pickle."""
    import io

    import torch

    buffer = io.BytesIO()
    torch.save({"weights": Payload(proof)}, buffer)
    return buffer.getvalue()


def header_of(n_bytes: int) -> bytes:
    """A safetensors file whose header claims that length."""
    return struct.pack("<Q", n_bytes) + b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}' + bytes(4)


def tensor_beyond_the_file() -> bytes:
    """A header that places a tensor of 4 TB behind it."""
    header = json.dumps({"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}).encode()
    return struct.pack("<Q", len(header)) + header
