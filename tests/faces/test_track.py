from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.faces.track import MAX_GAP_S, Tracker, iou
from forensic_cli.types import Face, RgbImage
from tests.faces.material import anna, beata, berta, frame, other_scene, paste, scene

Placed = tuple[RgbImage, tuple[int, int]]


def shot(
    tracker: Tracker, time_s: float, *people: Placed, face_px: float = 88, background: RgbImage | None = None
) -> list[int]:
    """Shows the tracker a frame with these people and gives the numbers of their tracks."""
    image = scene() if background is None else background.copy()
    faces = [paste(image, person, at_xy, face_px) for person, at_xy in people]
    return tracker.update(frame(image, time_s), faces)


def relit(image: RgbImage, gains: Sequence[float]) -> RgbImage:
    lit: RgbImage = np.clip(image * np.array(gains), 0, 255).astype(np.uint8)
    return lit


def test_a_face_that_stays_keeps_its_track() -> None:
    tracker = Tracker()
    assert [shot(tracker, t / 2, (anna(), (300 + 5 * t, 250))) for t in range(6)] == [[1]] * 6


def test_two_faces_side_by_side_stay_apart() -> None:
    tracker = Tracker()
    for t in range(5):
        assert shot(tracker, t / 2, (anna(), (300, 250)), (anna(), (520, 250 + 8 * t))) == [1, 2]


def test_tracks_are_numbered_from_left_to_right() -> None:
    assert shot(Tracker(), 0, (anna(), (700, 250)), (berta(), (200, 250)), (anna(), (450, 250))) == [3, 1, 2]


def test_a_face_that_jumps_without_overlap_is_joined_again_by_its_looks() -> None:
    tracker = Tracker()
    assert shot(tracker, 0.0, (anna(), (150, 250))) == [1]
    assert shot(tracker, 0.5, (anna(), (400, 250))) == [1]


def test_another_person_in_the_place_of_the_first_is_a_new_track() -> None:
    tracker = Tracker()
    assert shot(tracker, 0.0, (anna(), (300, 250))) == [1]
    assert shot(tracker, 0.5, (berta(), (300, 250))) == [2]


def test_another_person_within_reach_of_the_first_is_a_new_track() -> None:
    tracker = Tracker()
    assert shot(tracker, 0.0, (anna(), (150, 250))) == [1]
    assert shot(tracker, 0.5, (berta(), (400, 250))) == [2]


def test_the_same_looks_too_far_away_to_have_got_there_are_a_new_track() -> None:
    tracker = Tracker()
    assert shot(tracker, 0.00, (anna(), (150, 250))) == [1]
    assert shot(tracker, 0.04, (anna(), (400, 250))) == [2]  # 2.8 widths in 40 ms


def test_the_same_looks_in_another_size_are_a_new_track() -> None:
    tracker = Tracker()
    assert shot(tracker, 0.0, (anna(), (150, 250)), face_px=60) == [1]
    assert shot(tracker, 0.5, (anna(), (400, 250)), face_px=150) == [2]


def test_two_people_who_cross_keep_their_tracks() -> None:
    tracker = Tracker()
    for t, (a, b) in enumerate([(300, 520), (340, 480), (480, 340), (520, 300)]):
        assert shot(tracker, t / 2, (anna(), (a, 250)), (berta(), (b, 250))) == [1, 2]


def test_two_people_who_look_alike_keep_their_tracks_when_each_takes_the_others_place() -> None:
    tracker = Tracker()
    assert shot(tracker, 0.0, (anna(), (300, 250)), (beata(), (520, 250))) == [1, 2]
    assert shot(tracker, 0.5, (anna(), (520, 250)), (beata(), (300, 250))) == [1, 2]
    # alike indeed: alone, the one is taken for the other
    alone = Tracker()
    assert [shot(alone, t, (who, (300, 250))) for t, who in enumerate((anna(), beata()))] == [[1], [1]]


def test_a_person_hidden_for_less_than_the_limit_keeps_the_track() -> None:
    tracker = Tracker()
    assert shot(tracker, 0.0, (anna(), (300, 250))) == [1]
    for time_s in (0.5, 1.0, 1.5):
        assert shot(tracker, time_s) == []
    assert shot(tracker, MAX_GAP_S, (anna(), (360, 250))) == [1]


@pytest.mark.parametrize("interval_s", [0.1, 0.5, 1.0])
def test_a_gap_longer_than_the_limit_starts_a_new_track_at_any_sampling(interval_s: float) -> None:
    tracker = Tracker()
    assert shot(tracker, 0.0, (anna(), (300, 250))) == [1]
    n_empty = int(MAX_GAP_S / interval_s)
    for t in range(1, n_empty + 1):
        assert shot(tracker, t * interval_s) == []
    assert shot(tracker, (n_empty + 1) * interval_s, (anna(), (300, 250))) == [2]


def test_samples_further_apart_than_the_limit_join_only_what_stayed_in_its_place() -> None:
    tracker = Tracker()
    assert shot(tracker, 0, (anna(), (300, 250))) == [1]
    assert shot(tracker, 30, (anna(), (310, 255))) == [1]
    assert shot(tracker, 60, (anna(), (600, 250))) == [2]
    assert shot(tracker, 90, (berta(), (600, 250))) == [3]


def test_a_cut_between_two_people_starts_a_new_track() -> None:
    tracker = Tracker()
    assert shot(tracker, 0.0, (anna(), (300, 250))) == [1]
    assert shot(tracker, 0.5, (berta(), (300, 250)), background=other_scene()) == [2]
    assert tracker.scene_cuts_s == [0.5]


def test_a_cut_ends_the_track_of_a_person_who_is_in_both_scenes_and_no_number_returns() -> None:
    tracker = Tracker()
    assert shot(tracker, 0.0, (anna(), (300, 250))) == [1]
    assert shot(tracker, 0.5, (anna(), (300, 250)), background=other_scene()) == [2]
    assert shot(tracker, 1.0, (anna(), (300, 250))) == [3]
    assert tracker.scene_cuts_s == [0.5, 1.0]


def test_a_timestamp_that_goes_back_ends_all_tracks() -> None:
    tracker = Tracker()
    assert shot(tracker, 5.0, (anna(), (300, 250))) == [1]
    assert shot(tracker, 1.0, (anna(), (300, 250))) == [2]


def test_other_light_on_a_still_face_does_not_end_its_track() -> None:
    tracker = Tracker()
    assert shot(tracker, 0.0, (anna(), (300, 250))) == [1]
    image = scene()
    face = paste(image, anna(), (300, 250))
    assert tracker.update(frame(relit(image, (0.7, 0.6, 0.5)), 0.5), [face]) == [1]


def test_a_newcomer_beside_a_known_face_gets_the_next_number() -> None:
    tracker = Tracker()
    assert shot(tracker, 0.0, (berta(), (500, 250))) == [1]
    assert shot(tracker, 0.5, (anna(), (200, 250)), (berta(), (500, 250))) == [2, 1]


def test_faces_that_reach_past_the_border_are_followed() -> None:
    tracker = Tracker()
    for t, x in enumerate([100, 60, 25]):
        assert shot(tracker, t / 2, (anna(), (x, 30))) == [1]


def test_a_frame_without_faces_gives_no_tracks() -> None:
    assert shot(Tracker(), 0.0) == []


def test_a_face_outside_the_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the image"):
        Tracker().update(frame(scene()), [Face((2000, 10, 2100, 110), 1.0)])


@settings(max_examples=25, deadline=None)
@given(orders=st.lists(st.permutations(range(4)), min_size=4, max_size=4))
def test_the_order_in_which_faces_are_listed_changes_nothing(orders: list[list[int]]) -> None:
    tracker = Tracker()
    for t, order in enumerate(orders):
        people: list[Placed] = [
            (anna(), (150 + 20 * t, 200)),
            (berta(), (400 - 5 * t, 200)),
            (anna(), (600, 300)),
            (berta(), (820, 200 + 30 * t)),
        ]
        image = scene()
        faces = [paste(image, person, at_xy) for person, at_xy in people]
        ids = tracker.update(frame(image, t / 2), [faces[i] for i in order])
        assert dict(zip(order, ids, strict=True)) == {0: 1, 1: 2, 2: 3, 3: 4}


boxes = st.tuples(st.floats(0, 50), st.floats(0, 50), st.floats(51, 99), st.floats(51, 99))


@given(a=boxes, b=boxes)
def test_overlap_is_symmetric_and_whole_only_for_the_same_box(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float]
) -> None:
    assert iou(a, b) == pytest.approx(iou(b, a))
    assert 0 < iou(a, b) <= 1
    assert iou(a, a) == pytest.approx(1)


def test_overlap_of_half_shifted_boxes_is_a_third() -> None:
    assert iou((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert iou((0, 0, 10, 10), (10, 0, 20, 10)) == 0
    assert iou((0, 0, 10, 10), (3, 3, 3, 3)) == 0
