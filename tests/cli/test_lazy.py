"""A stray train.py beside the evidence is never executed."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_a_stray_train_module_in_the_working_folder_is_refused(subprogram, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("open('executed', 'w').close()\n")
    done = subprogram("train", "stage1", "--help")
    assert done.returncode == 2
    assert "is not the one of this program" in done.stderr
    assert not (tmp_path / "executed").exists()


def test_a_missing_package_of_an_extra_is_a_usage_error_with_the_remedy(
    program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import sys

    for name in [name for name in sys.modules if name.partition(".")[0] == "lightning"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "train.stage1", raising=False)
    monkeypatch.setitem(sys.modules, "lightning", None)
    code, _, err = program("train", "stage1", tmp_path, "--run", tmp_path / "run")
    assert code == 2
    assert "pip install '.[train]'" in err
