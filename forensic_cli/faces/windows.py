"""Parts of a frame that are searched in place of the whole of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from forensic_cli.faces.assignment import best_pairs
from forensic_cli.faces.detector import FaceDetector
from forensic_cli.faces.track import iou
from forensic_cli.types import BoxXYXY, Face, RgbImage

# The step of the detectors' pyramid. On a step of it a window shows faces in the very sizes in which
# the search of the whole frame looks at them.
_PYRAMID_STEP = 1.2


@dataclass(frozen=True, slots=True)
class Reach:
    """By how much a face may differ from one sample to the next and still be found.

    Attributes:
        margin_widths: how far a window reaches past the face, in face widths.
        shrinks_to: share of its side to which the face may shrink.
    """

    margin_widths: float
    shrinks_to: float


# Most faces 16 cm wide move by less than 6 cm from one sample to the next, shrink by no more than a step of
# the pyramid, and are seen whole in the narrow window; one that moved by up to 12 cm is in the wide one,
# which takes three times as long. One that moves further is looked for everywhere.
NARROW = Reach(0.4, 1 / _PYRAMID_STEP)
WIDE = Reach(0.75, 1 / 1.4)

# Two boxes that overlap this much are one face, found in two windows.
_SAME_FACE_IOU = 0.3
# One face in two frames: its middle moves by less than its side, and its side changes by no more than this.
_MAX_SIZE_RATIO = 1.6


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a frame, and how small the faces are that are looked for in it.

    Attributes:
        box_xyxy: on whole pixels, within the frame, not empty.
        min_face_px: face side, in pixels of the frame, down to which it is searched.
    """

    box_xyxy: tuple[int, int, int, int]
    min_face_px: float

    @property
    def cost(self) -> float:
        """What searching it takes, in areas of the smallest face."""
        x0, y0, x1, y1 = self.box_xyxy
        return (x1 - x0) * (y1 - y0) / self.min_face_px**2


def window_on(box_xyxy: BoxXYXY, min_face_px: float, image: RgbImage) -> Window:
    """A window on the part of a box that lies in the picture, of at least one pixel."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box_xyxy
    left, top = (min(max(0, math.floor(edge)), end - 1) for edge, end in ((x0, width), (y0, height)))
    right, bottom = min(width, math.ceil(x1)), min(height, math.ceil(y1))
    return Window((left, top, max(right, left + 1), max(bottom, top + 1)), min_face_px)


def window_around(face: Face, smallest_face_px: float, image: RgbImage, reach: Reach = WIDE) -> Window:
    """A window on where a face can be one sample before or after it was here.

    Args:
        smallest_face_px: the window is never searched for smaller ones.
    """
    smallest_now_px = max(smallest_face_px, face.size_px * reach.shrinks_to)
    n_steps = math.floor(math.log(smallest_now_px / smallest_face_px, _PYRAMID_STEP))
    return window_on(face.surroundings(reach.margin_widths), smallest_face_px * _PYRAMID_STEP**n_steps, image)


def search_window(detector: FaceDetector, image: RgbImage, window: Window) -> list[Face]:
    """Finds the faces in a window.

    Returns:
        Faces in pixels of the picture, without those that the window cuts: they look otherwise than
        in the frame, and what they are is found where they are seen whole.
    """
    left, top, right, bottom = window.box_xyxy
    part = image[top:bottom, left:right]
    height, width = image.shape[:2]
    found = []
    for face in detector.at_size(window.min_face_px).detect(part):
        x0, y0, x1, y1 = face.box_xyxy
        x0, y0, x1, y1 = x0 + left, y0 + top, x1 + left, y1 + top
        is_cut = (
            (x0 < left and left > 0)
            or (y0 < top and top > 0)
            or (x1 > right and right < width)
            or (y1 > bottom and bottom < height)
        )
        if not is_cut:
            found.append(Face((x0, y0, x1, y1), face.confidence))
    return found


def without_repeats(faces: Iterable[Face]) -> list[Face]:
    """Each face once, the most confident box of it, by falling confidence."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: (-face.confidence, face.box_xyxy)):
        if all(iou(face.box_xyxy, other.box_xyxy) < _SAME_FACE_IOU for other in kept):
            kept.append(face)
    return kept


def without_partner(faces: Sequence[Face], others: Sequence[Face]) -> list[Face]:
    """The faces that none of `others`, of a neighbouring sample, can continue; each continues one."""
    pairs = best_pairs([[_nearness(face, other) for other in others] for face in faces])
    paired = {row for row, _ in pairs}
    return [face for i, face in enumerate(faces) if i not in paired]


def _nearness(face: Face, other: Face) -> float:
    """1 in the same place, falling to 0 at a distance of one face; 0 where the sizes do not agree."""
    a_px, b_px = face.size_px, other.size_px
    if max(a_px, b_px) > _MAX_SIZE_RATIO * min(a_px, b_px):
        return 0.0
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = face.box_xyxy, other.box_xyxy
    distance_px = math.hypot((bx0 + bx1 - ax0 - ax1) / 2, (by0 + by1 - ay0 - ay1) / 2)
    return max(0.0, 1.0 - 2 * distance_px / (a_px + b_px))
