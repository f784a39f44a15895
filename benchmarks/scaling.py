"""One and two items at a time, one and two Ray nodes, and the cost of an item as items grow.

    python benchmarks/scaling.py --json scaling.json
    python benchmarks/scaling.py --items 50 --growth 10 100

Pictures are made here: the face of `skimage.data.astronaut()`, cut and darkened a little differently each
time. Every scan saves its results, and those of each must be those of the first, byte for byte: records,
summary and exhibits. The nodes are processes of this machine (`ray.cluster_utils`); in the last scan of
them one node is killed when half of the items are done. Seconds count from the first item to the last:
model and decoders are loaded before.

Exit code 0 where all results were identical and none was missing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from skimage.data import astronaut

from forensic_cli.cli.progress import Listener
from forensic_cli.config import EngineName, EngineSettings, FaceSettings, ScanConfig
from forensic_cli.pipeline import run_scan
from forensic_cli.types import ItemResult

_SIDE_PX = 256
_OBJECT_STORE_BYTES = 80 << 20
_MTIME_S = 1_700_000_000


@dataclass(frozen=True)
class Measured:
    """One scan.

    Attributes:
        seconds: from the first item to the last.
        is_identical: to the first scan of the same pictures.
        n_lost: workers that were lost.
    """

    name: str
    n_items: int
    n_done: int
    seconds: float
    is_identical: bool
    n_lost: int = 0

    @property
    def ms_an_item(self) -> float:
        return 1000 * self.seconds / self.n_items


class Clock(Listener):
    """Takes the time between the first item and the last, and does something when half are done."""

    def __init__(self, n_items: int, at_half: Callable[[], None] | None = None) -> None:
        super().__init__(as_json=False)
        self._half, self._at_half = n_items // 2, at_half
        self.n_done = self.n_lost = 0
        self._began_s = self._ended_s = 0.0

    @property
    def seconds(self) -> float:
        return self._ended_s - self._began_s

    def on_found(self, n_items: int) -> None:
        self._began_s = time.monotonic()

    def on_result(self, item: ItemResult) -> None:
        self.n_done += 1
        self._ended_s = time.monotonic()
        if self._at_half and self.n_done == self._half:
            self._at_half()

    def on_worker_lost(self, node: str, reason: str, n_items: int) -> None:
        self.n_lost += 1


def make_pictures(folder: Path, n: int) -> Path:
    """Writes n pictures with a face each, no two alike."""
    folder.mkdir()
    portrait = astronaut()
    for number in range(n):
        top, left, shade = number % 7, 90 + number % 11, 1 - 0.4 * number / n
        cut = portrait[top : top + _SIDE_PX, left : left + _SIDE_PX]
        path = folder / f"{number:04d}.png"
        Image.fromarray((cut * shade).astype(np.uint8)).save(path)
        os.utime(path, (_MTIME_S, _MTIME_S))
    return folder


def outcome(folder: Path) -> dict[str, bytes]:
    """What must not depend on where items are examined."""
    pictures = sorted((folder / "exhibits").iterdir())
    files = (folder / "results.jsonl", folder / "summary.csv", *pictures)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


class Bench:
    """Scans the same pictures again and again, and compares each with the first.

    Args:
        folder: for the results.
    """

    def __init__(self, evidence: Path, folder: Path) -> None:
        self._evidence, self._folder = evidence, folder
        self._n_items = len(list(evidence.iterdir()))
        self._first: dict[str, bytes] | None = None

    def scan(
        self,
        name: str,
        *,
        n_at_once: int = 1,
        address: str = "",
        at_half: Callable[[], None] | None = None,
    ) -> Measured:
        engine = EngineSettings(EngineName.RAY, address) if address else EngineSettings()
        out = self._folder / name.replace(" ", "-").replace(",", "")
        config = ScanConfig((self._evidence,), out_dir=out, n_at_once=n_at_once, engine=engine)
        config = replace(config, faces=FaceSettings(n_threads=n_at_once))
        clock = Clock(self._n_items, at_half)
        run_scan(config, clock)
        found = outcome(out)
        if self._first is None:
            self._first = found
        measured = Measured(
            name, self._n_items, clock.n_done, clock.seconds, found == self._first, clock.n_lost
        )
        print(f"  {name}: {measured.seconds:.1f} s", flush=True)
        return measured


def start_cluster() -> Any:
    """A cluster of one node on this machine; it starts no dashboard, and tells nobody."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # A busy machine takes longer than Ray's 30 s to start an agent.
    os.environ["RAY_agent_register_timeout_ms"] = "120000"  # noqa: SIM112 - Ray spells it so
    from ray.cluster_utils import Cluster

    return Cluster(initialize_head=True, head_node_args=node_options())


def node_options() -> dict[str, Any]:
    return {
        "num_cpus": os.cpu_count() or 1,
        "include_dashboard": False,
        "object_store_memory": _OBJECT_STORE_BYTES,
    }


def on_lanes_and_nodes(bench: Bench) -> list[Measured]:
    """The same pictures on one and two lanes, one and two nodes, and two of which one is killed."""
    rows = [bench.scan("1 lane", n_at_once=1), bench.scan("2 lanes", n_at_once=2)]
    cluster = start_cluster()
    try:
        rows.append(bench.scan("1 Ray node", address=cluster.address))
        second = cluster.add_node(**node_options())
        rows.append(bench.scan("2 Ray nodes", address=cluster.address))

        def kill() -> None:
            cluster.remove_node(second, allow_graceful=False)

        rows.append(bench.scan("2 Ray nodes, one killed", address=cluster.address, at_half=kill))
    finally:
        cluster.shutdown()
    return rows


def print_rows(title: str, rows: Sequence[Measured]) -> None:
    print(f"\n{title}\n")
    print("| scan | items done | seconds | ms an item | against the first | identical | workers lost |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row.name} | {row.n_done} of {row.n_items} | {row.seconds:.1f} | {row.ms_an_item:.0f} "
            f"| {row.ms_an_item / rows[0].ms_an_item:.2f} | {'yes' if row.is_identical else 'NO'} "
            f"| {row.n_lost} |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=200, help="pictures for lanes and nodes; 0 for none")
    parser.add_argument("--growth", type=int, nargs="*", default=[10, 100, 1000], help="numbers of items")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, torch {version('torch')}, ray {version('ray')}")
    rows: list[Measured] = []
    growth: list[Measured] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.items:
            bench = Bench(make_pictures(folder / "pictures", options.items), folder)
            rows = on_lanes_and_nodes(bench)
        for n in options.growth:
            pictures = make_pictures(folder / f"pictures-{n}", n)
            growth.append(Bench(pictures, folder / f"results-{n}").scan(f"{n} items", n_at_once=2))
    if rows:
        print_rows("Lanes and nodes", rows)
    if growth:
        print_rows("Cost of an item as items grow (2 lanes)", growth)
    if options.json:
        document = {"lanes_and_nodes": [*map(asdict, rows)], "growth": [*map(asdict, growth)]}
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    is_good = all(row.is_identical and row.n_done == row.n_items for row in (*rows, *growth))
    print(f"\nAll identical, none missing: {'yes' if is_good else 'NO'}")
    return 0 if is_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
