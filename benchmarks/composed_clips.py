"""Sampled frames in which faces come, go, meet and are cut away, made from real clips of speakers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from forensic_cli.config import MediaLimits, Sampling
from forensic_cli.media import open_media
from forensic_cli.types import Frame, RgbImage

N_FRAMES = 24
_CANVAS = (720, 1280)
_LARGE_CANVAS = (1080, 1920)


@dataclass(frozen=True, slots=True, eq=False)
class SampledClip:
    """The frames of a clip that a scan at `fps` examines."""

    name: str
    frames: tuple[Frame, ...]


def read_clips(folder: Path, fps: float) -> list[SampledClip]:
    """The sampled frames of every MP4 in a folder, decoded as a scan decodes them."""
    clips = []
    for path in sorted(folder.glob("*.mp4")):
        with open_media(path, Sampling(fps=fps), MediaLimits()) as source:
            clips.append(SampledClip(path.stem, tuple(source.frames())))
    return clips


def compose(clips: Sequence[SampledClip], fps: float) -> Iterator[SampledClip]:
    """Harder clips, made of the first four that are given and of backgrounds without a face.

    The pictures have coding noise of their own: each is stored as JPEG and read again.
    """
    people = [_looped(clip) for clip in clips[:4]]
    scenes: dict[str, Callable[[int], RgbImage]] = {
        "one person, full HD": lambda t: _paste(_room(_LARGE_CANVAS), people[0][t], (900, 420), 420),
        "two people": lambda t: _paste(
            _paste(_room(_CANVAS), people[0][t], (60, 150), 360), people[1][t], (820, 220), 300
        ),
        "enters and leaves": lambda t: _paste(_room(_CANVAS), people[2][t], (1280 - 110 * t, 200), 320),
        "seen in one sample": lambda t: _briefly(people, t),
        "cuts": lambda t: _paste(
            _room(_CANVAS, t // 3), people[t // 3 % 4][t], (150 + 300 * (t // 3 % 3), 160), 420
        ),
        "two people cross": lambda t: _paste(
            _paste(_room(_CANVAS), people[1][t], (40 * t, 180), 280),
            people[3][t],
            (960 - 40 * t, 190),
            300,
        ),
        "grows and shrinks": lambda t: _paste(
            _room(_CANVAS), people[0][t], (300, 60), int(240 + 200 * abs(np.sin(t / 4)))
        ),
        "camera pans": lambda t: _panned(people[2][t], 45 * t),
        "dissolve": lambda t: _dissolved(people, t),
        "dark, one comes": lambda t: _dark(
            _paste(_room(_CANVAS), people[3][t], (500, 200), 340) if 9 <= t < 16 else _room(_CANVAS)
        ),
    }
    for name, scene in scenes.items():
        yield SampledClip(name, tuple(_frame(clips[0], _coded(scene(t)), t, fps) for t in range(N_FRAMES)))


def _looped(clip: SampledClip) -> list[RgbImage]:
    """The clip's pictures to and fro, `N_FRAMES` of them."""
    there = [frame.image for frame in clip.frames]
    cycle = there + there[-2:0:-1]
    return [cycle[t % len(cycle)] for t in range(N_FRAMES)]


def _frame(like: SampledClip, image: RgbImage, t: int, fps: float) -> Frame:
    time_base = like.frames[0].time_base
    return Frame(index=t, pts=round(t / fps / time_base), time_base=time_base, image=image)


def _room(canvas: tuple[int, int], seed: int = 0) -> RgbImage:
    """A background of soft shapes in muted colours, the same for the same seed."""
    rng = np.random.default_rng(seed)
    small = rng.uniform(40, 210, (9, 16, 3)).astype(np.float32)
    shapes = cv2.resize(small, canvas[::-1], interpolation=cv2.INTER_CUBIC)
    fine = cv2.resize(rng.normal(0, 14, (90, 160, 1)).astype(np.float32), canvas[::-1])
    return np.clip(shapes + fine[..., None], 0, 255).astype(np.uint8)


def _paste(image: RgbImage, person: RgbImage, at_xy: tuple[int, int], height_px: int) -> RgbImage:
    """Puts a clip's picture into a larger one; what reaches past it is cut off."""
    width_px = round(person.shape[1] * height_px / person.shape[0])
    inset = cv2.resize(person, (width_px, height_px), interpolation=cv2.INTER_AREA)
    left, top = at_xy
    height, width = image.shape[:2]
    cut = inset[max(0, -top) : max(0, height - top), max(0, -left) : max(0, width - left)]
    image[max(0, top) : max(0, top) + cut.shape[0], max(0, left) : max(0, left) + cut.shape[1]] = cut
    return image


def _briefly(people: list[list[RgbImage]], t: int) -> RgbImage:
    """One person stays; every fifth sample another is there, somewhere else each time."""
    image = _paste(_room(_CANVAS), people[0][t], (40, 180), 340)
    if t % 5 == 3:
        image = _paste(image, people[1 + t % 3][t], (480 + 53 * t % 480, 40 + 97 * t % 360), 260)
    return image


def _panned(person: RgbImage, shift_px: int) -> RgbImage:
    wide = _paste(_room((720, 1280 + 45 * N_FRAMES)), person, (900, 200), 330)
    return np.ascontiguousarray(wide[:, shift_px : shift_px + 1280])


def _dissolved(people: list[list[RgbImage]], t: int) -> RgbImage:
    before = _paste(_room(_CANVAS, 1), people[0][t], (100, 160), 400)
    after = _paste(_room(_CANVAS, 2), people[3][t], (700, 160), 400)
    share = float(np.clip((t - 9) / 6, 0, 1))
    return np.asarray(cv2.addWeighted(before, 1 - share, after, share, 0), dtype=np.uint8)


def _dark(image: RgbImage) -> RgbImage:
    return np.asarray(image * 0.3, dtype=np.uint8)


def _coded(image: RgbImage) -> RgbImage:
    _, stored = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])
    return np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR), dtype=np.uint8)
