"""The forging methods, by name. Each maps (portrait, donor, rng) to a Forgery with an exact mask.

Randomness comes from the generator alone: the same seed makes the same pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from forensic_cli.errors import UsageError
from forensic_cli.types import RgbImage
from train.forge.attribute import recoloured_hair, recoloured_lips, recoloured_skin, smoothed_skin
from train.forge.geometry import moved
from train.forge.inpaint import central_hole, diffuse, fill_from_exemplars
from train.forge.portrait import (
    LEFT_EYE,
    MOUTH,
    RIGHT_EYE,
    BinaryMask,
    Forgery,
    Portrait,
    forgery_of,
)
from train.forge.regions import inter_ocular_px
from train.forge.rerender import decoder_swap, face_rerender
from train.forge.self_blend import self_blend
from train.forge.swap import landmark_swap, part_swap, poisson_swap


def expression_warp(portrait: Portrait, donor: Portrait, rng: np.random.Generator) -> Forgery:
    """Moves the mouth and an eye inside the same face: re-enactment without rendering.

    The donor is not used.
    """
    size_px = portrait.image.shape[0]
    unit_px = inter_ocular_px(portrait.landmarks)
    axis = np.arange(size_px, dtype=np.float32)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    displacement = np.zeros((size_px, size_px, 2), np.float32)
    eye = RIGHT_EYE if rng.random() < 0.5 else LEFT_EYE
    for points, radius in ((MOUTH, 0.75), (eye, 0.45)):
        centre = portrait.landmarks[list(points)].mean(axis=0)
        distance = np.hypot(*np.moveaxis(grid - centre, -1, 0)) / (radius * unit_px)
        # (1 - r^2)^2 falls smoothly to zero at the radius: outside, not one pixel moves.
        falloff = np.square(np.clip(1 - np.square(distance), 0, None)).astype(np.float32)
        stretch = np.array([rng.uniform(-0.25, 0.25), rng.uniform(-0.35, 0.35)], np.float32)
        push = rng.uniform(-0.12, 0.12, 2).astype(np.float32) * unit_px
        displacement += falloff[..., None] * ((grid - centre) * stretch + push)
    is_moved = np.abs(displacement).max(axis=-1, keepdims=True) > 0
    image = np.where(is_moved, moved(portrait.image, displacement), portrait.image)
    return forgery_of(portrait, image.astype(np.uint8), "expression-warp")


# The paper's third task removes the central 128 x 128 of 256. A portrait of 320 px shows the scanning
# crop's 256 and a margin; one that was made smaller has a smaller hole.
_HOLE_SHARE = 128 / 320
_MAX_HOLE_SHIFT_PX = 7


def _attribute(
    name: str, change: Callable[[Portrait, np.random.Generator], RgbImage]
) -> Callable[[Portrait, Portrait, np.random.Generator], Forgery]:
    def forge(portrait: Portrait, donor: Portrait, rng: np.random.Generator) -> Forgery:
        return forgery_of(portrait, change(portrait, rng), name)

    return forge


def _middle(portrait: Portrait, rng: np.random.Generator) -> BinaryMask:
    """The hole, moved by up to 7 px.

    Exactly in the middle its border would lie on the 8 and 16 px grids of JPEG and H.264, and a codec's
    blocks would give it away.
    """
    size_px = portrait.image.shape[0]
    hole = central_hole(size_px, round(size_px * _HOLE_SHARE))
    down, right = (int(by) for by in rng.integers(-_MAX_HOLE_SHIFT_PX, _MAX_HOLE_SHIFT_PX + 1, 2))
    return np.roll(hole, (down, right), axis=(0, 1))


def telea_inpaint(portrait: Portrait, donor: Portrait, rng: np.random.Generator) -> Forgery:
    """Fills the middle by fast marching (Telea 2004)."""
    hole = _middle(portrait, rng)
    filled = diffuse(portrait.image, hole, cv2.INPAINT_TELEA, float(rng.integers(3, 9)))
    return Forgery(filled, hole, "telea-inpaint")


def navier_stokes_inpaint(portrait: Portrait, donor: Portrait, rng: np.random.Generator) -> Forgery:
    """Fills the middle along lines of equal brightness (Bertalmio, Bertozzi and Sapiro 2001)."""
    hole = _middle(portrait, rng)
    filled = diffuse(portrait.image, hole, cv2.INPAINT_NS, float(rng.integers(3, 9)))
    return Forgery(filled, hole, "navier-stokes-inpaint")


def exemplar_inpaint(portrait: Portrait, donor: Portrait, rng: np.random.Generator) -> Forgery:
    """Fills the middle with patches of the same photograph."""
    hole = _middle(portrait, rng)
    return Forgery(fill_from_exemplars(portrait.image, hole, rng), hole, "exemplar-inpaint")


@dataclass(frozen=True, slots=True)
class Method:
    """A forging method.

    Attributes:
        family: the paper's task: "face", "attribute" or "inpainting".
        needs_donor: it uses a second identity.
        needs_renderers: it uses the dataset's trained face renderers: a neural network draws the face.
    """

    name: str
    family: str
    needs_donor: bool
    forge: Callable[[Portrait, Portrait, np.random.Generator], Forgery]
    needs_renderers: bool = False


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method("self-blend", "face", False, self_blend),
        Method("landmark-swap", "face", True, landmark_swap),
        Method("part-swap", "face", True, part_swap),
        Method("poisson-swap", "face", True, poisson_swap),
        Method("expression-warp", "face", False, expression_warp),
        Method("face-rerender", "face", False, face_rerender, needs_renderers=True),
        Method("decoder-swap", "face", False, decoder_swap, needs_renderers=True),
        Method("lip-recolour", "attribute", False, _attribute("lip-recolour", recoloured_lips)),
        Method("skin-recolour", "attribute", False, _attribute("skin-recolour", recoloured_skin)),
        Method("skin-smoothing", "attribute", False, _attribute("skin-smoothing", smoothed_skin)),
        Method("hair-recolour", "attribute", False, _attribute("hair-recolour", recoloured_hair)),
        Method("telea-inpaint", "inpainting", False, telea_inpaint),
        Method("navier-stokes-inpaint", "inpainting", False, navier_stokes_inpaint),
        Method("exemplar-inpaint", "inpainting", False, exemplar_inpaint),
    )
}


def neural_methods(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the methods whose faces a neural network draws; names from elsewhere are not known to be."""
    return tuple(name for name in names if name in METHODS and METHODS[name].needs_renderers)


def method_named(name: str) -> Method:
    """Looks a method up.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in METHODS:
        raise UsageError(f"There is no forging method {name!r}.", f"Known: {', '.join(METHODS)}.")
    return METHODS[name]
