"""Three ways to run the program: in process, as a subprocess, and through its parts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from forensic_cli.cli.app import app, main


@pytest.fixture
def invoke() -> Callable[..., Result]:
    """Runs a command in this process; errors of the program are raised, not printed."""

    def run(*words: object) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)

    return run


@pytest.fixture
def program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs `main` in this process, as the console script does: (exit code, stdout, stderr)."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lae-forensics", *(str(word) for word in words)])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return int(caught.value.code or 0), captured.out, captured.err

    return run


@pytest.fixture
def subprogram(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the program in a process of its own, in an empty folder."""

    def run(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "forensic_cli.cli", *(str(word) for word in words)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, **options)  # type: ignore[call-overload,no-any-return]

    return run


@pytest.fixture(scope="session")
def seeded(weights_folder: Path) -> list[str]:
    """Options that take the seeded test weights."""
    return ["--weights", str(weights_folder), "--allow-foreign-weights", "--device", "cpu"]
