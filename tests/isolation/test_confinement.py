"""What a worker has: one file, one connection, and limits. Looked at from outside, while it works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from forensic_cli.config import IsolationSettings
from forensic_cli.isolation import choice
from tests.isolation.material import (
    CLIP,
    MANY_FRAMES,
    children,
    half_read,
    isolated,
    open_descriptors,
    reading,
    vanishes,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


def test_a_worker_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASE_DATABASE_PASSWORD", "s3cret")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:s3cret@proxy")
    monkeypatch.setenv("PYTHONSTARTUP", "/tmp/evil.py")
    with isolated(reading(MANY_FRAMES)) as reader, half_read(reader, CLIP) as (_, _, worker):
        variables = Path(f"/proc/{worker}/environ").read_bytes().split(b"\0")
    names = {variable.partition(b"=")[0].decode() for variable in variables if variable}
    assert names <= {
        "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "TZ",
        "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
    }  # fmt: skip
    assert not any(b"s3cret" in variable for variable in variables)


def test_a_worker_holds_the_evidence_for_reading_and_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "private").write_text("of the host")
    with (
        (tmp_path / "private").open("r+b") as private,
        isolated(reading(MANY_FRAMES)) as reader,
    ):
        os.set_inheritable(private.fileno(), True)
        with half_read(reader, CLIP) as (_, _, worker):
            held = open_descriptors(worker)
            (evidence,) = [number for number, what in held.items() if what == str(CLIP)]
            flags = Path(f"/proc/{worker}/fdinfo/{evidence}").read_text()
    assert {held.pop(number) for number in (0, 1, 2)} == {os.devnull}
    del held[evidence]
    assert sorted(what.partition(":")[0] for what in held.values()) == ["pipe", "socket"]
    mode = next(int(line.split()[1], 8) for line in flags.splitlines() if line.startswith("flags"))
    assert mode & os.O_ACCMODE == os.O_RDONLY


def test_a_worker_has_limits_and_can_gain_no_privilege() -> None:
    with (
        isolated(reading(MANY_FRAMES), IsolationSettings(memory_mib=700)) as reader,
        half_read(reader, CLIP) as (_, _, worker),
    ):
        limits = Path(f"/proc/{worker}/limits").read_text().splitlines()
        status = Path(f"/proc/{worker}/status").read_text()
    by_name = {line[:25].strip(): line[25:].split()[:2] for line in limits}
    assert by_name["Max core file size"] == ["0", "0"]
    assert by_name["Max file size"] == ["0", "0"]
    assert by_name["Max data size"] == [str(700 << 20)] * 2
    assert by_name["Max open files"] == ["64", "64"]
    assert "NoNewPrivs:\t1" in status


def test_neither_nursery_nor_worker_loads_torch_and_the_nursery_has_one_thread() -> None:
    with isolated(reading(MANY_FRAMES)) as reader, half_read(reader, CLIP) as (_, _, worker):
        for pid in (reader.nursery_pid, worker):
            assert "torch" not in Path(f"/proc/{pid}/maps").read_text()
        assert len(list(Path(f"/proc/{reader.nursery_pid}/task").iterdir())) == 1


def test_the_nursery_is_started_afresh_away_from_the_evidence_and_in_a_group_of_its_own() -> None:
    with isolated(reading(MANY_FRAMES)) as reader, half_read(reader, CLIP) as (_, _, worker):
        command = Path(f"/proc/{reader.nursery_pid}/cmdline").read_bytes().split(b"\0")
        assert command[:3] == [os.fsencode(sys.executable), b"-I", b"-c"]
        assert os.readlink(f"/proc/{worker}/cwd") == "/"  # noqa: PTH115
        assert os.getpgid(worker) == reader.nursery_pid
        assert not any(what == str(CLIP) for what in open_descriptors(reader.nursery_pid or 0).values())


def test_a_module_lying_beside_the_evidence_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("av", "dlib", "numpy", "forensic_cli"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} of the evidence was run')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), *sys.path])
    with isolated(reading()) as reader, half_read(reader, CLIP) as (_, frames, _):
        assert len(list(frames)) == 5


def test_after_kill_9_of_the_program_no_process_is_left(tmp_path: Path) -> None:
    program = """
import time
from pathlib import Path
from tests.isolation.material import *
reader = IsolatedReader(reading(MANY_FRAMES), IsolationSettings())
with half_read(reader, CLIP) as (_, _, worker):
    print(reader.nursery_pid, worker, flush=True)
    time.sleep(600)
"""
    root = Path(__file__).parents[2]
    host = subprocess.Popen([sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True)
    assert host.stdout is not None
    nursery, worker = (int(word) for word in host.stdout.readline().split())
    assert children(nursery) == [worker]
    host.kill()
    host.wait()
    host.stdout.close()
    assert vanishes(nursery)
    assert vanishes(worker)


def test_the_report_says_what_is_enforced_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    full = dict(choice.describe_isolation(IsolationSettings()))
    assert "a process of its own" in full["Isolation"]
    assert full["Memory of that process, at most"] == "4,096 MiB"
    assert full["Seconds without progress, at most"] == "120"
    assert full["Seconds an item is decoded, at most"] == "21600"
    monkeypatch.setattr(choice, "enforces_memory_limit", lambda: False)  # as on macOS
    partial = dict(choice.describe_isolation(IsolationSettings()))
    assert partial["Memory of that process, at most"] == "not enforced by this system"
    monkeypatch.setattr(choice, "can_isolate", lambda: False)  # as on Windows
    ((name, value),) = choice.describe_isolation(IsolationSettings())
    assert name == "Isolation"
    assert value.startswith("none: it is not supported on this system")
    assert type(choice.make_reader(reading(), IsolationSettings())).__name__ == "DirectReader"
