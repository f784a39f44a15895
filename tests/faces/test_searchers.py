"""The threads that search give way to those that decode."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from forensic_cli.faces.searchers import searchers

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere threads have no niceness of their own"
)

ALREADY_NICE = """
from tests.faces.test_searchers import niceness, searchers
with searchers(1) as pool:
    print(pool.submit(niceness).result())
"""


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_searching_threads_are_nicer_than_the_one_that_made_them() -> None:
    before = niceness()
    with searchers(2) as pool:
        assert {pool.submit(niceness).result() for _ in range(4)} == {min(before + 5, 19)}
    assert niceness() == before


def test_where_the_system_refuses_it_they_search_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    with searchers(1) as pool:
        assert pool.submit(niceness).result() == niceness()


def test_there_is_nothing_nicer_than_19() -> None:
    command = ["nice", "-n", "17", sys.executable, "-c", ALREADY_NICE]
    root = Path(__file__).parents[2]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "19\n"
