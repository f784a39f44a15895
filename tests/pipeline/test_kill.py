"""Wherever a scan is killed, it goes on to the results of an undisturbed one."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from contextlib import suppress
from dataclasses import replace
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from forensic_cli.config import ScanConfig
from forensic_cli.errors import UsageError
from forensic_cli.evidence.past import read_past
from forensic_cli.pipeline import resume_scan, run_scan
from forensic_cli.provenance.audit import check_chain
from forensic_cli.types import RgbImage
from tests.pipeline.batch import Killed, config_of, kill_at_write, make_batch, outcome, silent

_SEED = 20200


def go(config: ScanConfig) -> None:
    """Scans, or resumes what was begun; anew where the scan was stopped before it began."""
    assert config.out_dir is not None
    if not _audit(config):
        if config.out_dir.exists():
            for path in config.out_dir.iterdir():
                path.unlink()
        run_scan(config, silent())
        return
    resume_scan(config.out_dir, config, silent(), reanalyse_changed=False)


def is_complete(config: ScanConfig) -> bool:
    assert config.out_dir is not None
    try:
        return read_past(config.out_dir).is_complete
    except UsageError:
        return False


def assert_whole(config: ScanConfig, undisturbed: dict[str, bytes]) -> None:
    assert config.out_dir is not None
    assert outcome(config.out_dir, config.paths[0]) == undisturbed
    assert check_chain(config.out_dir / "audit.jsonl").faults == ()
    assert not [path.name for path in config.out_dir.iterdir() if path.name.startswith(".")]
    listed = {line.split("  ", 1)[1] for line in (config.out_dir / "SHA256SUMS").read_text().splitlines()}
    present = {p.relative_to(config.out_dir).as_posix() for p in config.out_dir.rglob("*") if p.is_file()}
    assert listed == present - {"SHA256SUMS"}


def n_steps(config: ScanConfig, monkeypatch: pytest.MonkeyPatch) -> int:
    with kill_at_write(monkeypatch, -1) as steps:
        run_scan(config, silent())
    return len(steps)


@pytest.mark.usefixtures("quick")
class TestWrites:
    """Killed in a step towards the disk: before it, in the middle of a line, or right after it."""

    @pytest.fixture
    def config(self, tmp_path: Path, astronaut: RgbImage, weights_folder: Path) -> ScanConfig:
        return config_of(make_batch(tmp_path / "evidence", astronaut), tmp_path / "out", weights_folder)

    def survive(
        self, config: ScanConfig, undisturbed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, number: int
    ) -> None:
        with kill_at_write(monkeypatch, number), pytest.raises(Killed):
            run_scan(config, silent())
        if not is_complete(config):
            go(config)
        assert_whole(config, undisturbed)

    @pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
    def test_at_some(self, config, undisturbed, monkeypatch, tmp_path, share: float) -> None:
        n = n_steps(replace(config, out_dir=tmp_path / "counted"), monkeypatch)
        self.survive(config, undisturbed, monkeypatch, max(1, round(n * share)))

    @pytest.mark.slow
    def test_at_every_one(self, config, undisturbed, monkeypatch, tmp_path) -> None:
        n = n_steps(replace(config, out_dir=tmp_path / "counted"), monkeypatch)
        assert n > 60
        for number in range(1, n + 1):
            self.survive(
                replace(config, out_dir=tmp_path / f"out-{number}"), undisturbed, monkeypatch, number
            )

    @pytest.mark.slow
    def test_in_the_resumption_too(self, config, undisturbed, monkeypatch, tmp_path) -> None:
        """Killed at a step of the first run, then at every step of the run that continues it."""
        first = n_steps(replace(config, out_dir=tmp_path / "counted"), monkeypatch) // 2
        number = 0
        while True:
            number += 1
            own = replace(config, out_dir=tmp_path / f"out-{number}")
            with kill_at_write(monkeypatch, first), pytest.raises(Killed):
                run_scan(own, silent())
            with kill_at_write(monkeypatch, number) as steps, suppress(Killed):
                go(own)
            if not is_complete(own):
                go(own)
            assert_whole(own, undisturbed)
            if len(steps) < number:
                break
        assert number > 40


def go_in_a_process_of_its_own(config: ScanConfig) -> None:
    """What a killed process runs; at module level, where a new process finds it."""
    import torch

    torch.set_num_threads(1)
    go(config)


def killed_at_random_moments(config: ScanConfig, n_kills: int) -> int:
    """Starts the scan again and again, and kills it by SIGKILL, until it is complete; counts the kills.

    Moments are drawn so that most kills come while items are examined.
    """
    context: ForkServerContext = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "tests.pipeline.test_kill"])
    moments = random.Random(_SEED)
    n_killed = 0
    while not is_complete(config):
        process = context.Process(target=go_in_a_process_of_its_own, args=(config,))
        process.start()
        if n_killed < n_kills:
            begun = len(_audit(config))
            deadline = time.monotonic() + 60
            while len(_audit(config)) == begun and process.is_alive() and time.monotonic() < deadline:
                time.sleep(0.002)
            time.sleep(moments.uniform(0, 0.15))
            if process.is_alive():
                process.kill()
                n_killed += 1
        process.join(120)
        assert process.exitcode is not None
    return n_killed


def _audit(config: ScanConfig) -> bytes:
    assert config.out_dir is not None
    path = config.out_dir / "audit.jsonl"
    return path.read_bytes() if path.exists() else b""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
class TestKilledBySigkill:
    @pytest.fixture
    def config(self, tmp_path: Path, astronaut: RgbImage, weights_folder: Path) -> ScanConfig:
        return config_of(make_batch(tmp_path / "evidence", astronaut), tmp_path / "out", weights_folder)

    def test_twice(self, config, undisturbed) -> None:
        assert killed_at_random_moments(config, 2) >= 1
        assert_whole(config, undisturbed)

    @pytest.mark.slow
    def test_twenty_batches_at_one_moment_each(self, config, undisturbed, tmp_path) -> None:
        n_killed = 0
        for number in range(20):
            own = replace(config, out_dir=tmp_path / f"out-{number}")
            n_killed += killed_at_random_moments(own, 1)
            assert_whole(own, undisturbed)
        assert n_killed == 20
