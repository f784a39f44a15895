"""Items examined side by side: the records of one after the other, and nobody waits for nobody."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from forensic_cli.config import ScanConfig
from forensic_cli.errors import OutputError
from forensic_cli.evidence.past import read_past
from forensic_cli.isolation.stream import DirectReader
from forensic_cli.model.batching import BatchQueue
from forensic_cli.pipeline import resume_scan, run_scan
from forensic_cli.pipeline.item import ItemExaminer
from forensic_cli.pipeline.lanes import threads_of_lane
from forensic_cli.types import RgbImage, Verdict
from tests.pipeline.batch import Killed, config_of, make_batch, outcome, silent

_TIMEOUT_S = 60


@pytest.fixture
def config(tmp_path: Path, astronaut: RgbImage, weights_folder: Path) -> ScanConfig:
    one_by_one = config_of(make_batch(tmp_path / "evidence", astronaut), tmp_path / "out", weights_folder)
    return replace(one_by_one, n_at_once=3)


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> threading.Barrier:
    """The first three items wait for one another before they are examined."""
    barrier = threading.Barrier(3)
    original = ItemExaminer.examine

    def meeting(self, item_id, found):
        if item_id <= "0003":
            barrier.wait(_TIMEOUT_S)
        return original(self, item_id, found)

    monkeypatch.setattr(ItemExaminer, "examine", meeting)
    return barrier


def test_records_table_and_pictures_are_those_of_one_item_after_the_other(
    config, undisturbed, together
) -> None:
    result = run_scan(config, silent())
    assert not together.broken
    assert [item.item_id for item in result.items] == [f"{n:04d}" for n in range(1, 7)]
    assert outcome(config.out_dir, config.paths[0]) == undisturbed


@pytest.mark.usefixtures("together")
def test_faces_of_several_items_share_a_batch(config, monkeypatch) -> None:
    sizes = []
    original = BatchQueue._next_batch

    def counting(self):
        # Worth waiting for here, as it is on a GPU.
        self._linger_s = 5.0
        batch = original(self)
        sizes.append(len(batch))
        return batch

    monkeypatch.setattr(BatchQueue, "_next_batch", counting)
    config = replace(config, model=replace(config.model, batch_size=3))
    run_scan(config, silent())
    # Three pictures with a face each.
    assert sizes == [3, 0]


def test_a_long_item_holds_no_other_up(config, monkeypatch) -> None:
    others_done = threading.Event()
    finished: list[str] = []
    original = ItemExaminer.examine

    def first_is_slow(self, item_id, found):
        if item_id == "0001":
            assert others_done.wait(_TIMEOUT_S)
        return original(self, item_id, found)

    class Noting(type(silent())):
        def on_result(self, item):
            finished.append(item.item_id)
            if len(finished) == 5:
                others_done.set()

    monkeypatch.setattr(ItemExaminer, "examine", first_is_slow)
    run_scan(config, Noting(as_json=False))
    assert finished[-1] == "0001"
    assert sorted(finished[:5]) == [f"{n:04d}" for n in range(2, 7)]


def test_a_scan_that_died_names_every_item_under_way_and_goes_on(config, undisturbed, monkeypatch) -> None:
    original = ItemExaminer.examine
    barrier = threading.Barrier(2)

    def dying(self, item_id, found):
        if item_id in {"0002", "0003"}:
            barrier.wait(_TIMEOUT_S)
            if item_id == "0003":
                raise Killed
            threading.Event().wait(1)
        return original(self, item_id, found)

    with monkeypatch.context() as patch:
        patch.setattr(ItemExaminer, "examine", dying)
        with pytest.raises(Killed):
            run_scan(config, silent())
    under_way = [begun.item for begun in read_past(config.out_dir).stopped]
    assert {"0002", "0003"} <= set(under_way)
    result = resume_scan(config.out_dir, config, silent(), reanalyse_changed=False)
    assert [stopped.item for stopped in result.run.resumptions[0].stopped] == under_way
    assert outcome(config.out_dir, config.paths[0]) == undisturbed


def test_an_interruption_stops_every_lane_and_accounts_for_all(config, monkeypatch) -> None:
    original = DirectReader.open
    barrier = threading.Barrier(3)

    def interrupting(self, file, name):
        if barrier.wait(_TIMEOUT_S) == 0:
            raise KeyboardInterrupt
        return original(self, file, name)

    monkeypatch.setattr(DirectReader, "open", interrupting)
    result = run_scan(config, silent())
    assert result.run.was_interrupted
    assert [item.item_id for item in result.items] == [f"{n:04d}" for n in range(1, 7)]
    interrupted = [item for item in result.items if "interrupted" in item.finding.reasons[0]]
    assert all(item.finding.verdict is Verdict.SKIPPED for item in interrupted)
    # The one that was hit had been hashed; what it is stays known.
    assert any(item.evidence.sha256_before for item in interrupted)
    lanes = [thread for thread in threading.enumerate() if thread.name.startswith(("lane-", "inference"))]
    assert not lanes


def test_results_that_cannot_be_written_end_the_scan(config, monkeypatch) -> None:
    def full(self, *rest):
        raise OutputError("The disk is full.", "Make room.")

    monkeypatch.setattr("forensic_cli.evidence.exhibits.ExhibitCollector.add", full)
    with pytest.raises(OutputError, match="disk is full"):
        run_scan(config, silent())


@pytest.mark.parametrize(
    ("n_threads", "n_lanes", "each"), [(1, 1, 1), (1, 4, 1), (2, 2, 2), (8, 8, 2), (8, 3, 3), (8, 1, 8)]
)
def test_lanes_share_the_detector_threads_but_the_last_one_has_two(n_threads, n_lanes, each) -> None:
    assert threads_of_lane(n_threads, n_lanes) == each
