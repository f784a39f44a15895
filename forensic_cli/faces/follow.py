"""Faces of sampled frames, found around where they were, and everywhere only where that is needed.

The whole frame is searched at the ends of each stretch of frames. In between, windows around the
faces that are known and around what is new are searched by the same detector; the whole frame
too where a face is missing. A face that turns up is then looked for in the frames before, back to
the last one that was searched whole, so that it is not missing from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

import numpy as np

from forensic_cli.faces.changes import cells_within, changed_cells, changed_places, without_heads
from forensic_cli.faces.detector import FaceDetector
from forensic_cli.faces.motion import moved_with_camera, moved_with_heads
from forensic_cli.faces.sketch import CellMask, Sketch
from forensic_cli.faces.windows import (
    NARROW,
    Window,
    search_window,
    window_around,
    window_on,
    without_partner,
    without_repeats,
)
from forensic_cli.types import Face, Frame, RgbImage

# A face that is no longer found is looked for in its place in this many more samples.
_REMEMBERED_SAMPLES = 8
# Where this share of a picture has changed, the camera may have moved.
_MOVING_SHARE = 0.1
# What asking for the motion of the camera, or of heads, takes, in areas of the smallest face that could be
# searched in the same time: below that, searching is as quick.
_COST_OF_MOTION = 12.0
_COST_OF_HEADS = 3.0
# Above this share of the cost of the whole frame, the whole frame is searched.
_MAX_COST = 0.7

Search = Callable[[Callable[[], list[Face]]], Future[list[Face]]]


@dataclass(slots=True)
class Sample:
    """A sampled frame that is being searched.

    Attributes:
        sketch: its colours, for comparison.
        whole: the faces of the whole frame, where it is searched whole; None until that is decided.
    """

    frame: Frame
    sketch: Sketch
    whole: Future[list[Face]] | None = None


class Follower:
    """Finds the faces of stretches of frames that follow each other.

    Args:
        detector: for the whole frame as for windows.
        search: begins a search, in another thread or at once.
    """

    def __init__(self, detector: FaceDetector, search: Search) -> None:
        self._detector, self._search = detector, search
        self._followed: list[Face] = []
        # Faces that are gone, and for how many samples.
        self._gone: list[tuple[Face, int]] = []
        self._searched: Sketch | None = None

    def follow(self, sample: Sample) -> list[Face]:
        """Finds the faces of the next frame, by falling confidence: those that the ones before lead to.

        The first frame ever is searched whole.
        """
        faces = None if sample.whole else self._faces_in_windows(sample)
        if faces is None:
            if sample.whole is None:
                sample.whole = self._search(partial(self._detector.detect, sample.frame.image))
            self._searched = sample.sketch.copy()
            faces = sample.whole.result()
        self._remember(faces)
        return faces

    def go_back(self, stretch: Sequence[Sample], followed: Sequence[list[Face]]) -> list[list[Face]]:
        """Looks for each face that turned up in the frames before, as far back as they were not whole.

        Args:
            stretch: frames that were followed, the last one searched whole.
            followed: what `follow` found in each.

        Returns:
            For each frame its faces, by falling confidence.
        """
        found = list(followed)
        sought: list[Face] = []
        for i in range(len(stretch) - 1, 0, -1):
            sample = stretch[i - 1]
            if sample.whole is not None:
                sought = []
                continue
            sought = without_repeats(sought + without_partner(found[i], found[i - 1]))
            if not sought:
                continue
            image = sample.frame.image
            windows = [window_around(face, self._smallest_px(image), image) for face in sought]
            found[i - 1] = without_repeats([*found[i - 1], *self._search_all(image, windows)])
            sought = without_partner(sought, found[i - 1])
        return found

    def _faces_in_windows(self, sample: Sample) -> list[Face] | None:
        """The faces of a frame that is not searched whole; None where it has to be."""
        image, now, reference = sample.frame.image, sample.sketch, self._searched
        if reference is None or reference.dots.shape != now.dots.shape:
            return None
        smallest_px = self._smallest_px(image)
        budget = _MAX_COST * image.shape[0] * image.shape[1] / smallest_px**2
        changed = changed_cells(reference, now)
        moved = np.zeros_like(changed)
        changes = _where_changed(changed, self._followed, smallest_px, image)
        if changed.mean() > _MOVING_SHARE and _cost(changes) > _COST_OF_MOTION:
            moved = moved_with_camera(reference, now, changed)
            changes = _where_changed(changed & ~moved, self._followed, smallest_px, image)
        around = [window_around(face, smallest_px, image, NARROW) for face in self._followed]
        around += [window_around(face, smallest_px, image) for face, _ in self._gone]
        # Where everything moves, the windows would be searched in vain: asked before with the heads
        # where they were, and again when it is known where they are.
        if _cost(around) + _cost(changes) > budget:
            return None
        faces = self._search_all(image, around)
        if missing := without_partner(self._followed, faces):
            wide = [window_around(face, smallest_px, image) for face in missing]
            faces = without_repeats([*faces, *self._search_all(image, wide)])
            if without_partner(self._followed, faces):
                return None
        changes = _where_changed(changed & ~moved, faces, smallest_px, image)
        if _cost(changes) > _COST_OF_HEADS:
            moved |= changed & moved_with_heads(reference, now, faces, image)
            changes = _where_changed(changed & ~moved, faces, smallest_px, image)
        if _cost(around) + _cost(changes) > budget:
            return None
        # What was searched where it came from, or is searched now, is what later frames are compared with.
        reference.take_over(now, moved | cells_within((window.box_xyxy for window in changes), now, image))
        return without_repeats([*faces, *self._search_all(image, changes)]) if changes else faces

    def _remember(self, faces: Sequence[Face]) -> None:
        """Takes the faces of the next frame for those that are followed from here."""
        lost = [(face, 1) for face in without_partner(self._followed, faces)]
        before = [(face, age + 1) for face, age in self._gone if age < _REMEMBERED_SAMPLES]
        still = without_partner([face for face, _ in before], faces)
        self._gone = lost + [(face, age) for face, age in before if any(face is other for other in still)]
        self._followed = list(faces)

    def _smallest_px(self, image: RgbImage) -> float:
        return self._detector.smallest_face_px(image.shape[1], image.shape[0])

    def _search_all(self, image: RgbImage, windows: Iterable[Window]) -> list[Face]:
        searches = [self._search(partial(search_window, self._detector, image, window)) for window in windows]
        return without_repeats(face for search in searches for face in search.result())


def _where_changed(
    changed: CellMask, known: Sequence[Face], smallest_face_px: float, image: RgbImage
) -> list[Window]:
    """Windows on what has changed beside the heads of known faces."""
    boxes = changed_places(without_heads(changed, known, image), image)
    return [window_on(box, smallest_face_px, image) for box in boxes]


def _cost(windows: Iterable[Window]) -> float:
    return sum(window.cost for window in windows)
