"""Families of the forging methods: the three tasks of the paper's section on datasets."""

from __future__ import annotations

from train.forge.methods import METHODS

# By lower-case name. The first block are published collections of swapped and re-enacted faces; the
# second are the generators of the paper's two other tasks.
_PUBLISHED = {
    "deepfakes": "face",
    "face2face": "face",
    "faceswap": "face",
    "neuraltextures": "face",
    "faceshifter": "face",
    "deepfakedetection": "face",
    "celeb-df": "face",
    "dfdc": "face",
    "stargan": "attribute",
    "glow": "attribute",
    "g&l": "inpainting",
    "contextatten": "inpainting",
}


def family_of(method: str) -> str:
    """The family of a method of this program or of a published collection; "" if it is neither."""
    if method in METHODS:
        return METHODS[method].family
    return _PUBLISHED.get(method.lower(), "")
