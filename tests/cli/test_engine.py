"""`scan --engine`: what is refused before anything is examined, and what may change when a scan goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensic_cli.cli.resume import resumed_config
from forensic_cli.config import EngineName, EngineSettings, ScanConfig
from forensic_cli.errors import UsageError

RAY = EngineSettings(EngineName.RAY, "192.0.2.1:6379", 4)


@pytest.mark.parametrize("words", [("--address", "192.0.2.1:6379"), ("--worker-cpus", "2")])
def test_options_of_a_cluster_without_the_engine_are_refused(program, tmp_path: Path, words) -> None:
    code, _, err = program("scan", tmp_path, *words)
    assert code == 2
    assert "--address and --worker-cpus speak of a cluster." in err
    assert "Add --engine ray" in err


def test_a_worker_without_cpus_is_refused() -> None:
    with pytest.raises(UsageError, match="--worker-cpus 0 is out of range"):
        EngineSettings(EngineName.RAY, "", 0)


class TestResuming:
    first = ScanConfig((Path("a"),), out_dir=Path("out"), engine=RAY)

    def resumed(self, engine: EngineSettings, given: dict[str, str]) -> EngineSettings:
        asked = ScanConfig((Path("a"),), engine=engine)
        return resumed_config(self.first, Path("out"), asked, given).engine

    def test_goes_on_with_the_engine_of_the_first_run(self) -> None:
        assert self.resumed(EngineSettings(), {}) == RAY

    def test_goes_on_here_when_that_is_asked_for(self) -> None:
        assert self.resumed(EngineSettings(), {"engine": "--engine"}) == EngineSettings()

    def test_goes_on_at_another_cluster(self) -> None:
        other = EngineSettings(EngineName.RAY, "192.0.2.9:6379")
        assert self.resumed(other, {"engine": "--engine", "address": "--address"}) == other
