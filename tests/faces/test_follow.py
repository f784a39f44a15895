"""Faces that are followed, against a search of every frame, with a detector that knows where they are."""

import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.config import FaceSearch, FaceSettings
from forensic_cli.faces.detect import detect_stream
from forensic_cli.faces.schedule import WHOLE_EVERY, follow_stream, samples_a_stretch
from forensic_cli.faces.track import iou
from forensic_cli.types import Face, Frame, RgbImage
from tests.faces.material import anna, frame, paste, scene

HEIGHT_PX, WIDTH_PX = 360, 640
BACKGROUND = 90
SMALLEST_PX = 40.0
Place = tuple[int, int, int]


def picture(*places: Place, hidden: Sequence[Place] = ()) -> RgbImage:
    """A grey picture with a square of another colour for each face: left, top and side, in pixels.

    What is hidden looks like a face and is none: the detector does not see it.
    """
    image = np.full((HEIGHT_PX, WIDTH_PX, 3), BACKGROUND, np.uint8)
    for red, (left, top, side) in [(255, place) for place in places] + [(200, place) for place in hidden]:
        image[top : top + side, left : left + side] = (red, 30, 30)
    return image


@dataclass
class SquareDetector:
    """Finds the red squares of a picture that are not smaller than it was told to look for."""

    min_face_px: float = SMALLEST_PX
    searched: list[tuple[int, int]] | None = None

    def detect(self, image: RgbImage) -> list[Face]:
        if self.searched is not None:
            self.searched.append(image.shape[:2])
        mask = image[..., 0] == 255
        found = []
        while mask.any():
            top, left = (int(edge) for edge in np.argwhere(mask)[0])
            width = int(np.argmin(np.append(mask[top, left:], False)))
            height = int(np.argmin(np.append(mask[top:, left], False)))
            mask[top : top + height, left : left + width] = False
            # A face that is cut off is not seen.
            if width == height and width >= self.min_face_px:
                found.append(
                    Face((float(left), float(top), float(left + width), float(top + height)), width / 100)
                )
        return sorted(found, key=lambda face: (-face.confidence, face.box_xyxy))

    def smallest_face_px(self, width_px: int, height_px: int) -> float:
        return self.min_face_px

    def at_size(self, min_face_px: float) -> "SquareDetector":
        return SquareDetector(min_face_px, self.searched)


def frames_of(pictures: Sequence[RgbImage]) -> list[Frame]:
    return [frame(image, time_s=index / 2, index=index) for index, image in enumerate(pictures)]


def followed(pictures: Sequence[RgbImage], n_threads: int = 2) -> list[list[Face]]:
    return [faces for _, faces in follow_stream(frames_of(pictures), SquareDetector(), n_threads)]


def searched_whole(pictures: Sequence[RgbImage]) -> list[list[Face]]:
    return [SquareDetector().detect(image) for image in pictures]


@st.composite
def walks(draw: st.DrawFn) -> list[RgbImage]:
    """Up to three faces, each in a lane of its own, that come, walk, pause and go."""
    n_frames = draw(st.integers(1, 30))
    places: list[list[Place]] = [[] for _ in range(n_frames)]
    for lane in range(draw(st.integers(0, 3))):
        side = draw(st.integers(42, 100))
        first, last = sorted(draw(st.tuples(st.integers(0, n_frames), st.integers(0, n_frames))))
        left, top = draw(st.integers(0, WIDTH_PX - side)), 10 + 115 * lane
        for t in range(first, last):
            places[t].append((left, top, side))
            left = int(np.clip(left + draw(st.integers(-150, 150)), 0, WIDTH_PX - side))
    return [picture(*row) for row in places]


@settings(deadline=None, max_examples=60)
@given(pictures=walks(), n_threads=st.integers(1, 4))
def test_no_face_that_comes_walks_or_goes_is_lost(pictures: list[RgbImage], n_threads: int) -> None:
    assert followed(pictures, n_threads) == searched_whole(pictures)


@settings(deadline=None, max_examples=20)
@given(pictures=walks())
def test_the_number_of_threads_changes_neither_faces_nor_searches(pictures: list[RgbImage]) -> None:
    def run(n_threads: int) -> tuple[list[list[Face]], list[tuple[int, int]]]:
        searched: list[tuple[int, int]] = []
        stream = follow_stream(frames_of(pictures), SquareDetector(searched=searched), n_threads)
        return [faces for _, faces in stream], sorted(searched)

    assert run(4) == run(1)


def test_frames_come_back_in_their_order() -> None:
    frames = frames_of([picture((10 * t, 100, 60)) for t in range(21)])
    assert [found for found, _ in follow_stream(frames, SquareDetector(), 3)] == frames


def test_a_face_at_rest_costs_little_more_than_every_twelfth_frame() -> None:
    searched: list[tuple[int, int]] = []
    pictures = [picture((300, 100, 60))] * 37
    list(follow_stream(frames_of(pictures), SquareDetector(searched=searched), 1))
    whole = [size for size in searched if size == (HEIGHT_PX, WIDTH_PX)]
    assert len(whole) == 1 + 36 / WHOLE_EVERY
    assert len(searched) == 37
    windows_px = sum(height * width for height, width in searched if (height, width) != (HEIGHT_PX, WIDTH_PX))
    assert windows_px < 0.1 * 37 * HEIGHT_PX * WIDTH_PX


def test_a_picture_without_a_face_is_searched_whole_at_intervals_only() -> None:
    searched: list[tuple[int, int]] = []
    list(follow_stream(frames_of([picture()] * (1 + 2 * WHOLE_EVERY)), SquareDetector(searched=searched), 1))
    assert searched == [(HEIGHT_PX, WIDTH_PX)] * 3


def test_a_face_that_is_there_for_a_single_sample_is_found_by_the_change_alone() -> None:
    searched: list[tuple[int, int]] = []
    pictures = [picture() for _ in range(9)]
    pictures[4] = picture((400, 200, 50))
    found = [faces for _, faces in follow_stream(frames_of(pictures), SquareDetector(searched=searched), 1)]
    assert found == searched_whole(pictures)
    # The first, the last, and the one in which the face is missing again.
    assert searched.count((HEIGHT_PX, WIDTH_PX)) == 3


def test_a_face_that_moved_by_more_than_the_narrow_window_is_found_in_the_wide_one() -> None:
    searched: list[tuple[int, int]] = []
    pictures = [picture((100, 100, 60))] * 3 + [picture((139, 100, 60))] * 3
    found = [faces for _, faces in follow_stream(frames_of(pictures), SquareDetector(searched=searched), 1)]
    assert found == searched_whole(pictures)
    assert searched.count((HEIGHT_PX, WIDTH_PX)) == 2


def test_a_face_that_no_change_announced_is_found_in_the_frames_before() -> None:
    # It has stood there since the first frame, unseen; the detector sees it from the fourth one on.
    place = (400, 200, 50)
    pictures = [picture(hidden=[place])] * 3 + [picture(place)] * 6
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forensic_cli.faces.follow.changed_places", lambda changed, image: [])
        assert followed(pictures) == searched_whole(pictures)


def test_a_face_that_is_not_seen_for_a_while_is_known_again_in_its_place() -> None:
    place = (400, 200, 50)
    pictures = [picture(place)] * 2 + [picture(hidden=[place])] * 3 + [picture(place)] * 2
    pictures += [picture(hidden=[place])] * 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forensic_cli.faces.follow.changed_places", lambda changed, image: [])
        assert followed(pictures) == searched_whole(pictures)


def test_two_faces_of_which_one_goes_are_not_taken_for_each_other() -> None:
    both = [picture((200, 100, 60), (280, 100, 60))] * 3
    one = [picture((240, 100, 60))] * 4
    assert followed(both + one) == searched_whole(both + one)


def test_a_cut_to_another_picture_hides_no_face() -> None:
    before = [picture((50, 100, 60))] * 5
    after = [255 - picture() for _ in range(5)]
    for image in after:
        image[200:270, 500:570] = (255, 30, 30)
    assert followed(before + after) == searched_whole(before + after)


def test_frames_of_another_size_are_searched_whole() -> None:
    large, small = picture((500, 250, 60)), picture((20, 20, 50))[:90, :120]
    pictures = [large, large, small, small, large]
    assert followed(pictures) == searched_whole(pictures)


def test_nothing_of_an_empty_stream_is_searched() -> None:
    assert followed([]) == []


@pytest.mark.parametrize(
    ("width_px", "height_px", "n_samples"), [(1920, 1080, 12), (3840, 2160, 5), (7680, 4320, 1)]
)
def test_large_frames_shorten_the_stretch_that_is_held(width_px: int, height_px: int, n_samples: int) -> None:
    assert samples_a_stretch(width_px * height_px * 3) == n_samples


def test_two_stretches_are_held_and_no_more() -> None:
    alive: set[int] = set()
    n_alive = []

    def source() -> Iterator[Frame]:
        for index in range(60):
            image = picture((index, 100, 60))
            alive.add(index)
            weakref.finalize(image, alive.discard, index)
            yield frame(image, index=index)
            del image
            n_alive.append(len(alive))

    for each, _ in follow_stream(source(), SquareDetector(), 2):
        del each
    assert len(n_alive) == 60
    assert max(n_alive) <= 2 * WHOLE_EVERY + 1


class FailingDetector(SquareDetector):
    def detect(self, image: RgbImage) -> list[Face]:
        raise RuntimeError("out of memory")

    def at_size(self, min_face_px: float) -> "FailingDetector":
        return self


def test_what_a_detector_raises_ends_the_stream_and_the_threads() -> None:
    with pytest.raises(RuntimeError, match="out of memory"):
        list(follow_stream(frames_of([picture()] * 40), FailingDetector(), 2))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("face-")]


def test_closing_early_ends_the_threads() -> None:
    stream = follow_stream(frames_of([picture((9, 9, 60))] * 40), SquareDetector(), 2)
    next(stream)
    stream.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("face-")]


def test_a_caller_that_waits_hears_of_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forensic_cli.faces.schedule._PROGRESS_INTERVAL_S", 0.01)

    class SlowDetector(SquareDetector):
        def detect(self, image: RgbImage) -> list[Face]:
            threading.Event().wait(0.03)
            return super().detect(image)

        def at_size(self, min_face_px: float) -> "SlowDetector":
            return SlowDetector(min_face_px)

    heard: list[str] = []
    pictures = [picture((300, 100, 60))] * 9
    list(
        follow_stream(
            frames_of(pictures), SlowDetector(), 1, lambda: heard.append(threading.current_thread().name)
        )
    )
    assert len(heard) >= 3
    assert set(heard) == {threading.current_thread().name}


def test_the_settings_choose_between_following_and_searching_every_frame() -> None:
    pictures = [picture((300, 100, 60))] * 9
    for search, n_whole in ((FaceSearch.FOLLOW, 2), (FaceSearch.EVERY_FRAME, 9)):
        searched: list[tuple[int, int]] = []
        detections = detect_stream(
            frames_of(pictures),
            FaceSettings(search=search),
            detector_factory=lambda _, searched=searched: SquareDetector(searched=searched),
        )
        assert [list(detection.faces) for detection in detections] == searched_whole(pictures)
        assert searched.count((HEIGHT_PX, WIDTH_PX)) == n_whole


def test_dlib_following_a_portrait_finds_what_it_finds_in_every_frame() -> None:
    """A person walks through a picture, is hidden for a while, and another one joins for one sample."""
    frames = []
    for t in range(18):
        image = scene(640, 360)
        if not 7 <= t < 10:
            paste(image, anna(), (120 + 20 * t, 160), 90)
        if t == 13:
            paste(image, anna(), (110, 170), 84)
        frames.append(frame(image, time_s=t / 2, index=t))
    found = {
        search: [detection.faces for detection in detect_stream(frames, FaceSettings(search=search))]
        for search in FaceSearch
    }
    n_faces = [len(faces) for faces in found[FaceSearch.EVERY_FRAME]]
    assert n_faces == [0 if 7 <= t < 10 else 2 if t == 13 else 1 for t in range(18)]
    assert [len(faces) for faces in found[FaceSearch.FOLLOW]] == n_faces
    for whole, near in zip(found[FaceSearch.EVERY_FRAME], found[FaceSearch.FOLLOW], strict=True):
        for a, b in zip(
            sorted(face.box_xyxy for face in whole), sorted(face.box_xyxy for face in near), strict=True
        ):
            # HOG knows a face in sizes of 1.2 apart: the next one overlaps by 0.69.
            assert iou(a, b) > 0.65
