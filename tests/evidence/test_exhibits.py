"""The pictures of the highest scores are kept, and no others."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensic_cli.config import HeatmapChoice
from forensic_cli.evidence.exhibits import ExhibitCollector, view_of
from forensic_cli.faces.crop import cut_crop
from forensic_cli.types import Exhibit, Face, Frame

FACE = Face((40.0, 30.0, 120.0, 110.0), 1.0)
ATTENTION = np.ones((16, 16), np.float32)


def offer(collector: ExhibitCollector, track_id: int, index: int, score: float) -> None:
    frame = Frame(index, index, Fraction(1, 25), np.full((160, 200, 3), 80, np.uint8))
    view = view_of(frame, [(track_id, FACE.box_xyxy)])
    collector.add(view, cut_crop(frame, FACE, track_id), score, ATTENTION)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def heatmaps(exhibits: tuple[Exhibit, ...]) -> list[float]:
    return [exhibit.score for exhibit in exhibits if exhibit.kind == "heatmap"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scores=st.lists(st.tuples(st.integers(1, 3), st.integers(-9, 9)), min_size=1, max_size=14))
def test_the_three_highest_of_each_track_and_the_frame_of_the_first(
    tmp_path_factory: pytest.TempPathFactory, scores: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("results")
    collector = ExhibitCollector(folder, "0001", HeatmapChoice.TOP, 1.0)
    for index, (track_id, score) in enumerate(scores):
        offer(collector, track_id, index, float(score))
    exhibits = collector.commit()
    assert set(exhibits) == {track_id for track_id, _ in scores}
    for track_id, own in exhibits.items():
        expected = sorted((float(s) for t, s in scores if t == track_id), reverse=True)[:3]
        assert heatmaps(own) == expected
        assert own[0].kind == "frame"
        assert own[0].score == expected[0]
        assert own[0].frame_index == own[1].frame_index
    assert files(folder) == {exhibit.file for own in exhibits.values() for exhibit in own}


def test_every_hash_is_that_of_its_file(tmp_path: Path) -> None:
    collector = ExhibitCollector(tmp_path, "0007", HeatmapChoice.TOP, 1.0)
    for index in range(5):
        offer(collector, 1, index, float(index))
    for exhibit in collector.commit()[1]:
        assert exhibit.sha256 == hashlib.sha256((tmp_path / exhibit.file).read_bytes()).hexdigest()
        assert exhibit.file.startswith("exhibits/0007-track001-")


def test_all_keeps_every_crop_in_the_order_of_time(tmp_path: Path) -> None:
    collector = ExhibitCollector(tmp_path, "0001", HeatmapChoice.ALL, 1.0)
    for index, score in enumerate([3.0, 1.0, 2.0, 5.0, 4.0]):
        offer(collector, 1, index, score)
    (own,) = collector.commit().values()
    assert heatmaps(own) == [3.0, 1.0, 2.0, 5.0, 4.0]
    assert (own[0].kind, own[0].score) == ("frame", 5.0)


def test_none_writes_nothing(tmp_path: Path) -> None:
    collector = ExhibitCollector(tmp_path, "0001", HeatmapChoice.NONE, 1.0)
    assert not collector.is_wanted
    offer(collector, 1, 0, 1.0)
    assert collector.commit() == {}
    assert not files(tmp_path)


def test_discarding_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    collector = ExhibitCollector(tmp_path, "0001", HeatmapChoice.ALL, 1.0)
    offer(collector, 1, 0, 1.0)
    assert files(tmp_path)
    collector.discard()
    assert not list(tmp_path.iterdir())
