"""Following faces from one sampled frame to the next.

A face continues a track where it looks the same and its box overlaps with the track's last one,
or, where nothing overlaps (fast motion, half a second between samples), could have got there in
that time. All pairs of a frame are decided together, by overlap and looks. Merging two people
would let one's score speak for the other; splitting one person only leaves less evidence a track:
where it is doubtful, a new track begins.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from forensic_cli.faces.appearance import Appearance, colour_distance, describe, structure_distance
from forensic_cli.faces.assignment import best_pairs
from forensic_cli.faces.crop import crop_box, cut_square
from forensic_cli.faces.scenes import SceneCutDetector
from forensic_cli.types import BoxXYXY, Face, Frame

# Seconds for which a track without a face is kept. Beyond them it has ended.
MAX_GAP_S = 2.0

# Boxes overlap from this intersection over union on. Neighbours side by side have none.
MIN_IOU = 0.2

# Largest distance between two looks of one face, in [0, 1] (see `looks_distance`). Measured: one
# speaker 0.5 s apart, 224 pairs from 12 clips: all below; 1 to 2 s apart, 385 pairs: 98%; two people
# in unrelated pictures, 598 pairs: 0.8% below (in monochrome, 8%); two people under the same lamps
# before the same wall, 300 pairs: 39% below - there, only place keeps them apart. In its place, a
# face may change a little more: at 0.34, one of 60 samplings of the 12 clips split a speaker in two.
MAX_LOOKS_DISTANCE = 0.34
MAX_LOOKS_DISTANCE_IN_PLACE = 0.38
# Looks are taken over the face box itself: a wider square sees the background that a walking
# person leaves behind.
_LOOKS_MARGIN = 1.0
_STRUCTURE_WEIGHT = 0.3
_STRUCTURE_ALONE = 4.0

# Without overlap, a face can have moved by this many face widths, and by so many more a second
# (about 1 m/s for a face 16 cm wide), at most so many in all; and changed its size by this factor.
_REACH_WIDTHS = 1.0
_SPEED_WIDTHS_PER_S = 6.0
_MAX_REACH_WIDTHS = 6.0
_MAX_SIZE_RATIO = 2.0

# What a difference in looks of 0.25 weighs: as much as no overlap against full overlap. When two
# people cross between samples, each stands where the other stood; only looks can tell then.
_LOOKS_WEIGHT = 4.0
# Cost of leaving a track without a face and beginning a new one; more than any allowed pair's.
_COST_OF_NONE = 1.0 + _LOOKS_WEIGHT * MAX_LOOKS_DISTANCE_IN_PLACE + 0.1

# Looks that a track remembers. A face that turns back is known again.
_N_LOOKS = 5


def iou(a: BoxXYXY, b: BoxXYXY) -> float:
    """Intersection over union of two boxes, in [0, 1]; 0 where either is empty."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    intersection = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - intersection
    return intersection / union


def looks_distance(a: Appearance, b: Appearance) -> float:
    """How different two faces look, in [0, 1].

    A structure that agrees closely vouches for the face alone: a lamp can change all colours.
    """
    structure = structure_distance(a, b)
    mixed = (1 - _STRUCTURE_WEIGHT) * colour_distance(a, b) + _STRUCTURE_WEIGHT * structure
    return min(mixed, _STRUCTURE_ALONE * structure)


@dataclass(slots=True)
class _LiveTrack:
    track_id: int
    face: Face
    last_s: float
    was_in_last_frame: bool = True
    looks: deque[Appearance] = field(default_factory=lambda: deque(maxlen=_N_LOOKS))

    def take(self, face: Face, looks: Appearance, now_s: float) -> None:
        self.face = face
        self.looks.append(looks)
        self.last_s = now_s
        self.was_in_last_frame = True


def _can_reach(track: _LiveTrack, face: Face, gap_s: float) -> bool:
    """Tells whether a face can have moved from the track's last place to here in that time."""
    before, after = track.face.size_px, face.size_px
    if max(before, after) > _MAX_SIZE_RATIO * min(before, after):
        return False
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = track.face.box_xyxy, face.box_xyxy
    distance_px = math.hypot((bx0 + bx1 - ax0 - ax1) / 2, (by0 + by1 - ay0 - ay1) / 2)
    reach_widths = min(_REACH_WIDTHS + _SPEED_WIDTHS_PER_S * gap_s, _MAX_REACH_WIDTHS)
    return distance_px <= reach_widths * (before + after) / 2


def _gain(track: _LiveTrack, face: Face, looks: Appearance, now_s: float) -> float:
    """What continuing the track with this face is worth; 0 where it is not allowed."""
    gap_s = now_s - track.last_s
    overlap = iou(track.face.box_xyxy, face.box_xyxy)
    is_recent = gap_s <= MAX_GAP_S
    # Where samples lie far apart, anything may have happened between them: place and looks must
    # both agree, and looks alone are not enough.
    if overlap < MIN_IOU and not (is_recent and _can_reach(track, face, gap_s)):
        return 0.0
    in_place = overlap >= MIN_IOU and is_recent
    distance = min(looks_distance(known, looks) for known in track.looks)
    if distance > (MAX_LOOKS_DISTANCE_IN_PLACE if in_place else MAX_LOOKS_DISTANCE):
        return 0.0
    return _COST_OF_NONE - (1.0 - overlap) - _LOOKS_WEIGHT * distance


class Tracker:
    """Gives each face of a stream of frames the number of its track.

    A track ends where its face was missing from sampled frames for more than `MAX_GAP_S`, and at
    a scene cut. Numbers are never used again. Where samples lie further apart than `MAX_GAP_S`, a
    track that the last one showed goes on only where place and looks agree.

    Attributes:
        scene_cuts_s: timestamps, in seconds, of the frames with which a new scene began.
    """

    def __init__(self) -> None:
        self.scene_cuts_s: list[float] = []
        self._scenes = SceneCutDetector()
        self._live: list[_LiveTrack] = []
        self._n_tracks = 0

    def update(self, frame: Frame, faces: Sequence[Face]) -> list[int]:
        """Takes the next sampled frame; frames without a face count too, and must be given.

        Args:
            frame: upright, in display order.
            faces: all faces found in it, in any order.

        Returns:
            A track number for each face, in the order of `faces`: 1, 2, ... in order of
            appearance, from left to right where several appear at once.

        Raises:
            ValueError: a face's box is empty or lies outside the frame.
        """
        now_s = frame.time_s
        if self._scenes.update(frame):
            self._live.clear()
            self.scene_cuts_s.append(now_s)
        self._live = [
            track for track in self._live if track.was_in_last_frame or now_s - track.last_s <= MAX_GAP_S
        ]
        # Sorted, so that the order in which a detector lists its faces changes nothing.
        order = sorted(range(len(faces)), key=lambda i: (faces[i].box_xyxy, faces[i].confidence))
        looks = [describe(cut_square(frame.image, crop_box(faces[i].box_xyxy, _LOOKS_MARGIN))) for i in order]
        gains = [
            [_gain(track, faces[i], seen, now_s) for i, seen in zip(order, looks, strict=True)]
            for track in self._live
        ]
        track_of = {column: self._live[row] for row, column in best_pairs(gains)}
        for track in self._live:
            track.was_in_last_frame = False
        ids = [0] * len(faces)
        for column, (i, seen) in enumerate(zip(order, looks, strict=True)):
            track = track_of.get(column) or self._begin(faces[i], now_s)
            track.take(faces[i], seen, now_s)
            ids[i] = track.track_id
        return ids

    def _begin(self, face: Face, now_s: float) -> _LiveTrack:
        self._n_tracks += 1
        track = _LiveTrack(track_id=self._n_tracks, face=face, last_s=now_s)
        self._live.append(track)
        return track
