import itertools
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensic_cli.config import DetectorName, FaceSearch, FaceSettings
from forensic_cli.errors import MediaError, UsageError
from forensic_cli.faces.detect import detect_stream, make_detector
from forensic_cli.faces.detector import FaceDetector
from forensic_cli.faces.dlib_detectors import DlibHogDetector
from forensic_cli.types import Face, Frame, RgbImage
from tests.faces.material import anna, frame, middle, paste, scene

Action = Callable[[int], None]

# What following does is tested in test_follow.py.
EVERY_FRAME = FaceSettings(search=FaceSearch.EVERY_FRAME)


class FakeDetector:
    """Finds as many faces as the top left pixel says, after doing something."""

    def __init__(self, action: Action = lambda n: None) -> None:
        self.action = action
        self.n_calls = 0

    def detect(self, image: RgbImage) -> list[Face]:
        self.n_calls += 1
        n = int(image[0, 0, 0])
        self.action(n)
        return [Face((i, 0.0, i + 1.0, 1.0), confidence=float(n - i)) for i in range(n)]

    def smallest_face_px(self, width_px: int, height_px: int) -> float:
        return float(width_px)

    def at_size(self, min_face_px: float) -> "FakeDetector":
        return self


def frame_with(n: int, index: int = 0) -> Frame:
    return frame(np.full((4, 4, 3), n, np.uint8), index=index)


def frames_with(*counts: int) -> list[Frame]:
    return [frame_with(n, index) for index, n in enumerate(counts)]


def endless() -> Iterator[Frame]:
    for index in itertools.count():
        yield frame_with(1, index)


def using(detector: FaceDetector) -> Callable[[FaceSettings], FaceDetector]:
    return lambda settings: detector


def detector_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("face-detector")]


@given(counts=st.lists(st.integers(0, 9), max_size=30), n_threads=st.integers(1, 4))
def test_every_frame_comes_back_once_and_in_order(counts: list[int], n_threads: int) -> None:
    frames = frames_with(*counts)
    detections = list(
        detect_stream(
            frames, replace(EVERY_FRAME, n_threads=n_threads), detector_factory=using(FakeDetector())
        )
    )
    assert [detection.frame for detection in detections] == frames
    assert [len(detection.faces) for detection in detections] == counts


def test_order_is_kept_where_later_frames_are_ready_sooner() -> None:
    slow_first = FakeDetector(lambda n: time.sleep(0.02 * n))
    detections = detect_stream(
        frames_with(5, 4, 3, 2, 1, 0), replace(EVERY_FRAME, n_threads=3), detector_factory=using(slow_first)
    )
    assert [len(detection.faces) for detection in detections] == [5, 4, 3, 2, 1, 0]


def test_as_many_frames_are_searched_at_once_as_there_are_threads() -> None:
    meeting = threading.Barrier(3, timeout=10)  # broken, and raising, unless three threads meet

    def meet(n: int) -> None:
        meeting.wait()

    detections = detect_stream(
        frames_with(1, 1, 1),
        replace(EVERY_FRAME, n_threads=3),
        detector_factory=using(FakeDetector(meet)),
    )
    assert len(list(detections)) == 3


def test_a_frame_without_a_face_is_a_result() -> None:
    (detection,) = detect_stream(frames_with(0), EVERY_FRAME, detector_factory=using(FakeDetector()))
    assert detection.faces == ()
    assert detection.n_dropped == 0


def test_the_cap_keeps_the_most_confident_and_counts_the_rest() -> None:
    settings = replace(EVERY_FRAME, max_faces_per_frame=3)
    at_cap, over_cap = detect_stream(frames_with(3, 8), settings, detector_factory=using(FakeDetector()))
    assert (len(at_cap.faces), at_cap.n_dropped) == (3, 0)
    assert [face.confidence for face in over_cap.faces] == [8, 7, 6]
    assert over_cap.n_dropped == 5


def test_the_size_that_was_searched_for_comes_with_each_frame() -> None:
    small = frame(np.zeros((4, 6, 3), np.uint8))
    large = frame(np.zeros((4, 90, 3), np.uint8))
    detections = detect_stream([small, large], EVERY_FRAME, detector_factory=using(FakeDetector()))
    assert [detection.smallest_face_px for detection in detections] == [6, 90]


def test_an_endless_stream_is_drawn_no_further_than_two_frames_a_thread() -> None:
    drawn = []

    def source() -> Iterator[Frame]:
        for each in endless():
            drawn.append(each.index)
            yield each

    stream = detect_stream(
        source(), replace(EVERY_FRAME, n_threads=3), detector_factory=using(FakeDetector())
    )
    assert drawn == []
    for n_taken in range(1, 20):
        assert next(stream).frame.index == n_taken - 1
        assert len(drawn) == 6 + n_taken - 1
    stream.close()


def test_no_more_than_two_frames_a_thread_are_kept_in_memory() -> None:
    alive: set[int] = set()
    n_alive = []

    def source() -> Iterator[Frame]:
        for index in range(40):
            image = np.zeros((4, 4, 3), np.uint8)
            alive.add(index)
            weakref.finalize(image, alive.discard, index)
            yield frame(image)
            del image
            n_alive.append(len(alive))

    for detection in detect_stream(
        source(), replace(EVERY_FRAME, n_threads=2), detector_factory=using(FakeDetector())
    ):
        assert detection.frame.image.shape == (4, 4, 3)
        del detection
    assert len(n_alive) == 40
    assert max(n_alive) <= 4


def test_what_the_source_raises_ends_the_stream_and_the_threads() -> None:
    def source() -> Iterator[Frame]:
        yield from frames_with(1, 1, 1)
        raise MediaError("The container is damaged.")

    stream = detect_stream(
        source(), replace(EVERY_FRAME, n_threads=1), detector_factory=using(FakeDetector())
    )
    with pytest.raises(MediaError, match="damaged"):
        list(stream)
    assert detector_threads() == []


def test_what_a_detector_raises_ends_even_an_endless_stream() -> None:
    def fail(n: int) -> None:
        raise RuntimeError("out of memory")

    stream = detect_stream(
        endless(), replace(EVERY_FRAME, n_threads=2), detector_factory=using(FakeDetector(fail))
    )
    with pytest.raises(RuntimeError, match="out of memory"):
        next(stream)
    assert detector_threads() == []


def test_frames_before_a_fault_still_come_back() -> None:
    def fail_on_nine(n: int) -> None:
        if n == 9:
            raise RuntimeError("frame nine")

    stream = detect_stream(
        frames_with(1, 2, 9, 3),
        replace(EVERY_FRAME, n_threads=2),
        detector_factory=using(FakeDetector(fail_on_nine)),
    )
    assert [len(next(stream).faces), len(next(stream).faces)] == [1, 2]
    with pytest.raises(RuntimeError, match="frame nine"):
        next(stream)


def test_closing_early_stops_the_threads_and_drops_the_frames_that_wait() -> None:
    release = threading.Event()

    def hold_all_but_the_first(n: int) -> None:
        if n > 0 and not release.wait(timeout=10):
            raise TimeoutError

    detector = FakeDetector(hold_all_but_the_first)
    stream = detect_stream(
        frames_with(0, 1, 2, 3, 4, 5), replace(EVERY_FRAME, n_threads=2), detector_factory=using(detector)
    )
    next(stream)
    assert len(detector_threads()) == 2
    # Both threads hold a frame: only then is it certain which frames still wait.
    deadline_s = time.monotonic() + 30
    while detector.n_calls < 3 and time.monotonic() < deadline_s:
        time.sleep(0.01)
    threading.Timer(0.3, release.set).start()
    stream.close()  # waits for the two that are being searched
    assert detector_threads() == []
    assert release.is_set()
    assert detector.n_calls == 3


def test_a_detector_that_cannot_be_made_fails_before_a_frame_is_drawn() -> None:
    def impossible(settings: FaceSettings) -> FaceDetector:
        raise UsageError("No model.", "Install it.")

    frames = endless()
    with pytest.raises(UsageError, match="No model"):
        detect_stream(frames, EVERY_FRAME, detector_factory=impossible)
    assert next(frames).index == 0


def test_the_settings_choose_detector_and_smallest_face() -> None:
    detector = make_detector(FaceSettings(detector=DetectorName.DLIB_HOG, min_face_px=50))
    assert isinstance(detector, DlibHogDetector)
    assert detector.smallest_face_px(1000, 1000) == pytest.approx(50)


def test_several_threads_find_what_one_finds() -> None:
    frames = []
    for index in range(6):
        image = scene(480, 270)
        paste(image, anna(), (150 + 30 * index, 130), 90)
        frames.append(frame(image, index=index))
    alone = list(detect_stream(frames, FaceSettings(n_threads=1)))
    together = list(detect_stream(frames, FaceSettings(n_threads=3)))
    assert [detection.faces for detection in together] == [detection.faces for detection in alone]
    for index, detection in enumerate(alone):
        assert middle(detection.faces[0]) == pytest.approx((150 + 30 * index, 130), abs=14)


def test_faces_are_found_without_torch_and_tracks_followed_without_dlib() -> None:
    program = (
        "import sys; sys.modules['dlib'] = None\n"
        "import forensic_cli.faces.track, forensic_cli.faces.detect\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
