"""The limits of decoding as a user sets them, and what is left when a user stops a scan."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from forensic_cli.evidence.records import load_results
from forensic_cli.types import Verdict
from tests.conftest import SAMPLES
from tests.isolation.material import children, vanishes, write_bomb


def test_a_bomb_exits_3_and_names_the_option_that_lets_it_through(
    program: Callable[..., tuple[int, str, str]], seeded: list[str], tmp_path: Path
) -> None:
    bomb = write_bomb(tmp_path / "bomb.png")
    options = ["--max-pixels", "200000000", "--max-memory", "300", "--max-stall", "60", "--frames", "1"]
    code, _, err = program(
        "scan", bomb, SAMPLES / "genuine.mp4", "--out", tmp_path / "r", *options, *seeded
    )  # fmt: skip
    assert code == 3
    assert "more than the 300 MiB of memory" in " ".join(err.split())
    result = load_results(tmp_path / "r")
    verdicts = [item.finding.verdict for item in result.items]
    assert sorted(verdict is Verdict.FAILED for verdict in verdicts) == [False, True]
    parameters = dict(result.parameters)
    assert parameters["Seconds without progress, at most"] == "60"
    assert parameters["Streams of a file, at most"] == "64"
    if sys.platform == "linux":
        assert parameters["Memory of that process, at most"] == "300 MiB"


@pytest.mark.parametrize("option", ["--max-memory", "--max-stall", "--max-item-seconds", "--max-streams"])
def test_a_limit_of_nothing_is_a_usage_error_that_names_the_option(
    program: Callable[..., tuple[int, str, str]], seeded: list[str], option: str
) -> None:
    code, _, err = program("scan", SAMPLES / "genuine.mp4", option, "0", *seeded)
    assert code == 2
    assert option in err


def test_faces_of_a_bomb_exits_3_and_goes_on(
    program: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    bomb = write_bomb(tmp_path / "bomb.png")
    code, _, err = program("faces", bomb, SAMPLES / "genuine.mp4", "--out", tmp_path / "f", "--frames", "1")
    assert code == 3
    assert "more than the limit of 64000000" in err
    assert "1 read + 0 skipped + 1 failed = 2 found" in err


def test_faces_of_a_file_that_changes_exits_4_and_keeps_no_crop(
    program: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensic_cli.pipeline import faces

    path = tmp_path / "clip.mp4"
    path.write_bytes((SAMPLES / "genuine.mp4").read_bytes())
    written = faces._write_png

    def meddling(*arguments: object) -> None:
        written(*arguments)  # type: ignore[arg-type]
        with path.open("r+b") as file:
            file.write(b"\xff" * 4)

    monkeypatch.setattr(faces, "_write_png", meddling)
    code, _, err = program("faces", path, "--out", tmp_path / "f", "--frames", "2")
    assert code == 4
    assert "changed, or was replaced" in err
    assert [found.name for found in (tmp_path / "f").iterdir()] == ["faces.csv"]
    assert len((tmp_path / "f" / "faces.csv").read_text().splitlines()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_a_scan_is_stopped_no_process_is_left(
    seeded: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "forensic_cli.cli", "scan", str(SAMPLES / "genuine.mp4"), "--all-frames"]
    scan = subprocess.Popen([*command, *seeded], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert scan.stderr is not None
    for line in scan.stderr:
        if "to examine" in line:
            break
    (nursery,) = children(scan.pid)
    workers = children(nursery)
    assert workers
    scan.send_signal(number)
    scan.stderr.read()
    assert scan.wait() == (130 if number is signal.SIGINT else -number)
    scan.stderr.close()
    assert all(vanishes(worker) for worker in workers)
    assert vanishes(nursery)
