"""Who gets which item on a cluster, and what becomes of it when workers are lost. No Ray: a made-up cluster."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensic_cli.errors import ForensicError, UsageError
from forensic_cli.evidence.events import Conditions, WorkerLost
from forensic_cli.media.discover import FoundItem
from forensic_cli.pipeline.cluster import MAX_LOSSES, ClusterEngine
from forensic_cli.pipeline.cluster_exhibits import ReceivedExhibits
from forensic_cli.pipeline.cluster_folder import worker_folder
from forensic_cli.pipeline.cluster_messages import (
    Answer,
    Answered,
    ExhibitContent,
    Joined,
    Loaded,
    Lost,
    Message,
    Refused,
    Task,
)
from forensic_cli.pipeline.conditions import differences
from forensic_cli.pipeline.engine import Broken, Examined, FrameDone, Hashed, Planned, Report
from forensic_cli.provenance.files import hash_evidence
from forensic_cli.types import Evidence, Exhibit, Finding, ItemResult, TrackResult, Verdict

LOADED = Loaded(Conditions("1", "a" * 64, (), "w", "b" * 64, "cpu", "fp32"), (), 2, "16")


class MadeUpCluster:
    """Workers that examine an item in two polls, and die of those that `deadly` names.

    Args:
        nodes: one worker each.
        deadly: True for an item that ends whoever examines it; asked each time.
    """

    def __init__(
        self, nodes: tuple[str, ...], deadly: Callable[[str, str], bool] = lambda node, item: False
    ) -> None:
        self.nodes, self.deadly = nodes, deadly
        self.gone: set[str] = set()
        self.refused: dict[str, str] = {}
        self.node_of: dict[str, str] = {}
        self.running: dict[str, dict[str, FoundItem]] = {}
        self.answers: deque[Answer] = deque()
        self.together: list[set[str]] = []
        self.extra: dict[str, tuple[Message, ...]] = {}
        self.closed = 0

    def start(self) -> int:
        for node in self.nodes:
            self._start(node)
        return len(self.nodes)

    def replace(self, worker: str) -> bool:
        node = self.node_of[worker]
        if node not in self.gone:
            self._start(node)
        return node not in self.gone

    def _start(self, node: str) -> None:
        worker = f"worker-{len(self.node_of)}"
        self.node_of[worker] = node
        self.running[worker] = {}
        if node in self.refused:
            self.answers.append(Refused(worker, node, self.refused[node], "Install it."))
        elif node in self.gone:
            self.answers.append(Lost(worker, node, "It did not start."))
        else:
            self.answers.append(Joined(worker, node, LOADED))

    def poll(self, worker: str, begun: tuple[Task, ...]) -> None:
        running, node = self.running[worker], self.node_of[worker]
        known = set(running)
        running.update(begun)
        self.together.append(set(running))
        if node in self.gone or any(self.deadly(node, item_id) for item_id in running):
            self.answers.append(Lost(worker, node, "It died."))
            return
        messages: list[Message] = []
        for item_id, found in begun:
            messages += [
                Hashed(item_id, evidence_of(found)),
                Planned(item_id, found.path, 2),
                FrameDone(item_id),
            ]
        for item_id in sorted(known):
            messages += [FrameDone(item_id), *self.extra.get(item_id, ())]
            messages.append(Examined(record_of(item_id, running.pop(item_id))))
        self.answers.append(Answered(worker, tuple(messages)))

    def next_answer(self) -> Answer:
        return self.answers.popleft()

    def close(self) -> None:
        self.closed += 1


def evidence_of(found: FoundItem) -> Evidence:
    state = hash_evidence(found.path)
    return Evidence(os.fspath(found.path), state.n_bytes, state.mtime_utc, state.sha256, state.sha256)


def record_of(item_id: str, found: FoundItem) -> ItemResult:
    return ItemResult(item_id, evidence_of(found), Finding(Verdict.NO_FACE, ("No face.",)))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> FoundItem:
    path = tmp_path_factory.mktemp("evidence") / "a.png"
    path.write_bytes(b"evidence")
    return FoundItem(path, named_explicitly=True)


def engine_of(cluster: MadeUpCluster, folder: Path | None = None) -> ClusterEngine:
    return ClusterEngine(cluster, ReceivedExhibits(folder), lambda joined: None)


def examine(engine: ClusterEngine, found: FoundItem, n_items: int) -> list[Report]:
    """Begins as many items as there are places, until all are done; returns every report."""
    waiting = [f"{number:04d}" for number in range(1, n_items + 1)]
    reports: list[Report] = []
    n_running = 0
    while waiting or n_running:
        while waiting and n_running < engine.n_places:
            engine.begin(waiting.pop(0), found)
            n_running += 1
        reports.append(engine.next_report())
        assert not isinstance(reports[-1], Broken), reports[-1]
        n_running -= isinstance(reports[-1], Examined)
    return reports


def done(reports: list[Report]) -> dict[str, Examined]:
    ended = [report for report in reports if isinstance(report, Examined)]
    assert len({report.item.item_id for report in ended}) == len(ended)
    return {report.item.item_id: report for report in ended}


def test_both_nodes_work_and_are_named(found) -> None:
    ended = done(examine(engine_of(MadeUpCluster(("a", "b"))), found, 9))
    assert len(ended) == 9
    assert {report.node for report in ended.values()} == {"a", "b"}


@given(nodes=st.integers(1, 3), n_items=st.integers(1, 12), deaths=st.lists(st.integers(0, 40), max_size=6))
def test_no_item_is_lost_or_done_twice_whenever_workers_die(found, nodes, n_items, deaths) -> None:
    """Deaths come at given polls; items are innocent, so that none may fail while a worker is left."""
    polls = iter(range(10_000))
    cluster = MadeUpCluster(tuple("abc"[:nodes]), lambda node, item: next(polls) in deaths)
    ended = done(examine(engine_of(cluster), found, n_items))
    assert sorted(ended) == [f"{number:04d}" for number in range(1, n_items + 1)]
    failed = [each for each in ended.values() if each.item.finding.verdict is Verdict.FAILED]
    assert len(failed) <= len(deaths) // MAX_LOSSES


def test_an_item_that_ends_its_worker_again_and_again_fails_alone(found) -> None:
    cluster = MadeUpCluster(("a", "b"), lambda node, item: item == "0003")
    reports = examine(engine_of(cluster), found, 8)
    ended = done(reports)
    bad = ended.pop("0003").item
    assert bad.finding.verdict is Verdict.FAILED
    assert bad.finding.reasons[0] == (
        "The worker that examined this item was lost 3 times. The last time: It died."
    )
    # Its evidence is accounted for all the same.
    assert bad.evidence.is_unchanged
    assert bad.evidence.sha256_before == hashlib.sha256(b"evidence").hexdigest()
    assert {each.item.finding.verdict for each in ended.values()} == {Verdict.NO_FACE}
    assert len([report for report in reports if isinstance(report, WorkerLost)]) == MAX_LOSSES
    # After the first loss it has a worker to itself.
    assert cluster.together.count({"0003"}) == MAX_LOSSES - 1


def test_a_lost_node_gets_no_other_worker_and_its_items_go_to_the_other(found) -> None:
    cluster = MadeUpCluster(("a", "b"))
    cluster.deadly = lambda node, item: node == "b" and (cluster.gone.add("b") or True)
    reports = examine(engine_of(cluster), found, 6)
    assert {report.node for report in done(reports).values()} == {"a"}
    (lost,) = [report for report in reports if isinstance(report, WorkerLost)]
    assert lost.node == "b"
    assert len(lost.items) == 2


def test_nothing_is_told_twice_of_an_item_that_begins_anew(found) -> None:
    deaths = iter([False, False, True])
    cluster = MadeUpCluster(("a", "b"), lambda node, item: next(deaths, False))
    reports = examine(engine_of(cluster), found, 3)
    assert any(isinstance(report, WorkerLost) and report.items for report in reports)
    for item_id in ("0001", "0002", "0003"):
        own = [report for report in reports if getattr(report, "item_id", "") == item_id]
        assert len([report for report in own if isinstance(report, Planned)]) == 1
        assert len([report for report in own if isinstance(report, FrameDone)]) == 2


def test_the_scan_stops_when_the_last_worker_is_gone(found) -> None:
    cluster = MadeUpCluster(("a",))
    engine = engine_of(cluster)
    cluster.gone.add("a")
    engine.begin("0001", found)
    assert isinstance(engine.next_report(), WorkerLost)
    report = engine.next_report()
    assert isinstance(report, Broken)
    assert str(report.error) == "Every worker of the cluster is lost. The last one: a: It died."


def test_refused_workers_are_named_together() -> None:
    cluster = MadeUpCluster(("a", "b", "c"))
    cluster.refused = {"a": "a has torch 1.", "c": "c has torch 3."}
    with pytest.raises(UsageError) as caught:
        engine_of(cluster)
    assert caught.value.message == "a has torch 1. c has torch 3."
    assert caught.value.hint == "Install it."


def test_a_cluster_on_which_nothing_starts_is_refused() -> None:
    cluster = MadeUpCluster(("a",))
    cluster.gone.add("a")
    with pytest.raises(UsageError, match=r"No worker of the cluster is ready\. a: It did not start\."):
        engine_of(cluster)


def test_a_node_that_does_not_start_is_told_of_and_done_without(found) -> None:
    cluster = MadeUpCluster(("a", "b"))
    cluster.gone.add("b")
    reports = examine(engine_of(cluster), found, 2)
    assert reports[0] == WorkerLost("b", "It did not start.", ())
    assert len(done(reports)) == 2


class TestEvidence:
    def test_another_file_in_the_same_place_on_a_node_stops_the_scan(self, found) -> None:
        cluster = MadeUpCluster(("a",))
        engine = engine_of(cluster)
        other = replace(evidence_of(found), n_bytes=7)
        cluster.extra["0001"] = (Examined(replace(record_of("0001", found), evidence=other)),)
        with pytest.raises(AssertionError, match=r"a read .* as a file of 7 bytes.*from here it has 8 bytes"):
            examine(engine, found, 1)

    def test_a_node_that_cannot_read_it_stops_the_scan(self, found) -> None:
        cluster = MadeUpCluster(("a",))
        engine = engine_of(cluster)
        unread = Evidence(os.fspath(found.path), 0, "", "")
        cluster.extra["0001"] = (Examined(replace(record_of("0001", found), evidence=unread)),)
        with pytest.raises(AssertionError, match=r"a cannot read .*, which can be read from here"):
            examine(engine, found, 1)

    def test_evidence_that_changed_while_it_was_read_keeps_its_own_finding(self, found) -> None:
        cluster = MadeUpCluster(("a",))
        engine = engine_of(cluster)
        changed = replace(evidence_of(found), n_bytes=7, sha256_after="0" * 64)
        record = replace(record_of("0001", found), evidence=changed)
        cluster.answers.append(Answered("worker-0", (Examined(record),)))
        engine.begin("0001", found)
        assert engine.next_report() == Examined(record, "a")


class TestExhibits:
    FILE = "exhibits/0001-track000-frame0000000-heatmap.png"

    def track(self, content: bytes) -> TrackResult:
        exhibit = Exhibit(self.FILE, hashlib.sha256(content).hexdigest(), "heatmap", 0, 0.0, 1.0)
        return TrackResult(0, (), Finding(Verdict.INCONCLUSIVE, ()), (exhibit,))

    def received(self, folder: Path, *, sent: bytes, named: bytes, found: FoundItem) -> ItemResult:
        exhibits = ReceivedExhibits(folder)
        exhibits.receive("0001", self.FILE, sent)
        assert not (folder / self.FILE).exists()
        item = replace(record_of("0001", found), tracks=(self.track(named),))
        exhibits.commit(item)
        return item

    def test_arrive_with_the_record(self, tmp_path, found) -> None:
        self.received(tmp_path, sent=b"picture", named=b"picture", found=found)
        assert (tmp_path / self.FILE).read_bytes() == b"picture"
        assert [path.name for path in tmp_path.iterdir()] == ["exhibits"]

    def test_that_are_not_what_the_record_says_are_refused(self, tmp_path, found) -> None:
        with pytest.raises(ForensicError, match="did not arrive"):
            self.received(tmp_path, sent=b"pictur", named=b"picture", found=found)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("file", ["../x.png", "/etc/x.png", "exhibits/../x.png", "exhibits/..", "x.png"])
    def test_whose_name_leads_elsewhere_are_refused(self, tmp_path, file: str) -> None:
        with pytest.raises(ForensicError, match="no place in the results"):
            ReceivedExhibits(tmp_path).receive("0001", file, b"picture")

    def test_of_a_lost_worker_are_dropped(self, tmp_path, found) -> None:
        cluster = MadeUpCluster(("a",))
        engine = engine_of(cluster, tmp_path)
        cluster.answers.append(Answered("worker-0", (ExhibitContent("0001", self.FILE, b"half"),)))
        cluster.answers.append(Lost("worker-0", "a", "It died."))
        engine.begin("0001", found)
        assert isinstance(engine.next_report(), WorkerLost)
        assert not list(tmp_path.iterdir())


def test_differences_name_what_is_not_the_same() -> None:
    here = {"version of this program": "1", "torch": "2.15.0", "dlib": "20"}
    there = {"version of this program": "1", "torch": "2.14.0", "numpy": "2"}
    assert differences(here, there, ("here", "there")) == [
        "torch: '2.15.0' here, '2.14.0' there",
        "dlib: '20' here, 'absent' there",
        "numpy: 'absent' here, '2' there",
    ]
    assert differences(here, here, ("here", "there")) == []


class TestFolderOfAWorker:
    @pytest.fixture
    def temporary(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(tempfile, "tempdir", os.fspath(tmp_path))
        return tmp_path

    def left_behind(self, temporary: Path, name: str) -> Path:
        folder = temporary / name
        (folder / "exhibits").mkdir(parents=True)
        (folder / "exhibits" / "face.png").write_bytes(b"picture")
        os.utime(folder, (1_700_000_000, 1_700_000_000))
        return folder

    def test_is_removed_in_the_end(self, temporary: Path) -> None:
        with worker_folder() as folder:
            (folder / "exhibits").mkdir()
            (folder / "exhibits" / "face.png").write_bytes(b"picture")
        assert not list(temporary.iterdir())

    def test_that_a_killed_worker_left_is_removed_by_the_next(self, temporary: Path) -> None:
        self.left_behind(temporary, "lae-forensics-worker-dead")
        other = self.left_behind(temporary, "another-program")
        with worker_folder() as folder:
            assert set(temporary.iterdir()) == {folder, other}

    def test_of_a_worker_that_lives_is_left_alone(self, temporary: Path) -> None:
        folder = self.left_behind(temporary, "lae-forensics-worker-alive")
        program = (
            "import sys; from pathlib import Path; from forensic_cli.provenance.lock import folder_lock\n"
            "with folder_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            os.utime(folder, (1_700_000_000, 1_700_000_000))
            with worker_folder():
                assert (folder / "exhibits" / "face.png").is_file()
            holder.communicate()
