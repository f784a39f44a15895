"""A scan on a real Ray cluster: two nodes of this machine, each with worker processes of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from forensic_cli.cli.progress import Listener
from forensic_cli.config import DeviceName, EngineName, EngineSettings, ScanConfig
from forensic_cli.errors import UsageError
from forensic_cli.evidence.records import ScanResult
from forensic_cli.pipeline import draw_report, resume_scan, run_scan
from forensic_cli.pipeline.ray_cluster import Slot, slots_of
from forensic_cli.pipeline.ray_connection import Node, connect
from forensic_cli.provenance.audit import check_chain, read_entries
from forensic_cli.types import ItemResult, RgbImage
from tests.pipeline.batch import config_of, make_batch, outcome, silent

SMALL = {"num_cpus": 2, "include_dashboard": False, "object_store_memory": 80 << 20}


def node(name: str, n_cpus: float, n_gpus: float = 0.0) -> Node:
    return Node(name, name, n_cpus, n_gpus)


class TestSlots:
    def test_cpus_of_a_node_are_shared_out_and_a_small_node_gets_one_worker(self) -> None:
        big, small, none = node("big", 9), node("small", 2), node("none", 0)
        slots = slots_of((big, small, none), DeviceName.AUTO, 4, None)
        assert slots == (Slot(big, 4.0, 0.0), Slot(big, 4.0, 0.0), Slot(small, 2.0, 0.0))

    def test_each_gpu_gets_one_worker_and_its_share_of_the_cpus(self) -> None:
        nodes = (node("cpu", 8), node("gpu", 9, 2))
        assert slots_of(nodes, DeviceName.AUTO, 4, None) == (Slot(nodes[1], 4.0, 1.0),) * 2
        assert len(slots_of(nodes, DeviceName.CPU, 4, None)) == 4

    def test_the_cpus_of_a_worker_can_be_said(self) -> None:
        nodes = (node("a", 8, 2), node("b", 3))
        assert slots_of(nodes, DeviceName.CPU, 4, 2) == (Slot(nodes[0], 2.0, 0.0),) * 4 + (
            Slot(nodes[1], 2.0, 0.0),
        )
        assert slots_of(nodes, DeviceName.CUDA, 4, 1) == (Slot(nodes[0], 1.0, 1.0),) * 2

    def test_a_gpu_that_is_asked_for_by_name_must_be_there(self) -> None:
        assert slots_of((node("cpu", 8),), DeviceName.CUDA, 4, None) == ()


class TestReaching:
    def test_without_ray_the_extra_is_named(self, monkeypatch) -> None:
        monkeypatch.setitem(sys.modules, "ray", None)
        with pytest.raises(UsageError) as caught:
            connect("")
        assert caught.value.hint == "In the checkout, run: pip install '.[cluster]'"

    def test_an_address_where_nothing_answers(self, monkeypatch) -> None:
        pytest.importorskip("ray", reason="the extra `cluster` is not installed")
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(UsageError, match=f"No Ray cluster answers at {address}") as caught:
            connect(address)
        assert "ray start --head" in caught.value.hint

    @pytest.mark.parametrize("address", ["ray://host:10001", "host", "host:port", ":6379"])
    def test_an_address_that_is_none(self, address: str) -> None:
        pytest.importorskip("ray", reason="the extra `cluster` is not installed")
        with pytest.raises(UsageError, match="is no HOST:PORT"):
            connect(address)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes; tests that lose one add one first."""
    pytest.importorskip("ray", reason="the extra `cluster` is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        # A busy machine takes longer than Ray's 30 s to start an agent.
        patch.setenv("RAY_agent_register_timeout_ms", "120000")
        patch.delenv("RAY_ADDRESS", raising=False)
        from ray.cluster_utils import Cluster

        nodes = Cluster(initialize_head=True, head_node_args=SMALL)
        try:
            nodes.add_node(**SMALL)
            yield nodes
        finally:
            nodes.shutdown()


@pytest.fixture
def config(tmp_path: Path, astronaut: RgbImage, weights_folder: Path, cluster: Any) -> ScanConfig:
    evidence = make_batch(tmp_path / "evidence", astronaut)
    engine = EngineSettings(EngineName.RAY, cluster.address)
    return replace(config_of(evidence, tmp_path / "out", weights_folder), engine=engine)


class AtResult(Listener):
    """Does something once, when the first item is done."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__(as_json=False)
        self._act: Callable[[], None] | None = act
        # Since then: Ray takes a dead node for alive a while, and a worker on it is lost at the start.
        self.lost: list[str] = []

    def on_result(self, item: ItemResult) -> None:
        act, self._act = self._act, None
        if act:
            act()

    def on_worker_lost(self, node: str, reason: str, n_items: int) -> None:
        if self._act is None:
            self.lost.append(node)


def assert_as_local(config: ScanConfig, undisturbed: dict[str, bytes]) -> None:
    assert config.out_dir is not None
    assert outcome(config.out_dir, config.paths[0]) == undisturbed
    assert check_chain(config.out_dir / "audit.jsonl").faults == ()
    assert not [path.name for path in config.out_dir.iterdir() if path.name.startswith(".")]


def events(config: ScanConfig, name: str) -> list[dict[str, Any]]:
    assert config.out_dir is not None
    return [
        dict(entry.details) for entry in read_entries(config.out_dir / "audit.jsonl") if entry.event == name
    ]


def worker_processes() -> list[int]:
    """Ids of the processes that examine items: Ray names them after the actor's class."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title = (folder / "cmdline").read_bytes()
        except OSError:
            # It has ended meanwhile.
            continue
        if title.startswith(b"ray::Worker"):
            found.append(int(folder.name))
    return found


def test_two_nodes_give_the_results_manifest_and_report_of_a_local_run(
    config: ScanConfig, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    result = run_scan(config, silent())
    assert_as_local(config, undisturbed)
    assert len(result.run.nodes) == 2
    assert sum(work.n_items for work in result.run.nodes) == len(result.items)
    local = replace(config, out_dir=tmp_path / "local", engine=EngineSettings())
    here = run_scan(local, silent())
    assert without_its_own(result) == without_its_own(here)
    assert manifest(config) == manifest(local)
    assert config.out_dir is not None
    draw_report(result, config.out_dir, tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").stat().st_size > 10_000
    assert {event["node"] for event in events(config, "item-finished")} == {
        work.node for work in result.run.nodes
    }


def without_its_own(result: ScanResult) -> ScanResult:
    """Without times, numbers and nodes."""
    run = replace(result.run, run_id="", started_utc="", finished_utc="", nodes=())
    return replace(result, run=run, audit_head_sha256="")


def manifest(config: ScanConfig) -> dict[str, Any]:
    assert config.out_dir is not None
    document = json.loads((config.out_dir / "manifest.json").read_text())
    del document["audit_head_sha256"]
    for name in ("run_id", "started_utc", "finished_utc", "nodes"):
        del document["run"][name]
    return dict(document)


@pytest.mark.slow
def test_a_node_killed_in_the_middle_costs_no_item(config: ScanConfig, tmp_path: Path, cluster: Any) -> None:
    # So many that both nodes are at work when one of them dies.
    portrait = config.paths[0] / "1-face.png"
    for number in range(60):
        (config.paths[0] / f"7-face-{number:02d}.png").write_bytes(portrait.read_bytes())
    local = replace(config, out_dir=tmp_path / "local", engine=EngineSettings())
    run_scan(local, silent())
    assert local.out_dir is not None
    doomed = cluster.add_node(**SMALL)
    cluster.wait_for_nodes()
    listener = AtResult(lambda: cluster.remove_node(doomed, allow_graceful=False))
    run_scan(config, listener)
    assert_as_local(config, outcome(local.out_dir, local.paths[0]))
    assert len(listener.lost) >= 1
    assert [event["node"] for event in events(config, "worker-lost")][-len(listener.lost) :] == listener.lost


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_worker_costs_no_item(config: ScanConfig, undisturbed: dict[str, bytes]) -> None:
    # Those of a killed node end a little later than it.
    before = set(worker_processes())
    listener = AtResult(lambda: os.kill(min(set(worker_processes()) - before), signal.SIGKILL))
    run_scan(config, listener)
    assert_as_local(config, undisturbed)
    assert len(listener.lost) == 1


@pytest.mark.slow
def test_ctrl_c_accounts_for_every_item_and_the_scan_goes_on_here(
    config: ScanConfig, undisturbed: dict[str, bytes]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    before = set(worker_processes())
    result = run_scan(config, AtResult(interrupt))
    assert result.run.was_interrupted
    assert len(result.items) == 6
    assert set(worker_processes()) <= before
    assert config.out_dir is not None
    local = replace(config, engine=EngineSettings())
    resumed = resume_scan(config.out_dir, local, silent(), reanalyse_changed=False)
    assert outcome(config.out_dir, config.paths[0]) == undisturbed
    assert 0 < sum(work.n_items for work in resumed.run.nodes) < 6


@pytest.mark.slow
def test_a_worker_with_another_version_is_refused_by_name(config: ScanConfig, monkeypatch) -> None:
    from forensic_cli.pipeline import ray_engine

    here = {**ray_engine.program(), "torch": "1.0"}
    monkeypatch.setattr(ray_engine, "program", lambda: here)
    with pytest.raises(UsageError, match=r"does not have the same program .*torch: '1\.0' here, '.*' there"):
        run_scan(config, silent())
    assert config.out_dir is not None
    assert not config.out_dir.exists()
