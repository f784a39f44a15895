"""A scan starts what decodes before it loads torch, which takes longest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_NOTING = """
import sys
import forensic_cli.pipeline.scan as scan

begun_reader = scan.begun_reader

def noting(config):
    reader = begun_reader(config)
    print("torch loaded:", "torch" in sys.modules, "process:", reader.nursery_pid is not None)
    return reader

scan.begun_reader = noting
from forensic_cli.cli.app import main
sys.argv = ["lae-forensics", "scan", sys.argv[1], "--quiet"]
try:
    main()
finally:
    print("torch loaded:", "torch" in sys.modules)
"""


def test_the_decoding_process_is_started_before_torch_is_loaded(tmp_path: Path, astronaut) -> None:
    from PIL import Image

    Image.fromarray(astronaut[:64, :64]).save(tmp_path / "small.png")
    words = [sys.executable, "-c", _NOTING, str(tmp_path / "small.png")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["torch loaded: False process: True", "torch loaded: True"]


def test_a_model_that_cannot_be_loaded_leaves_no_decoding_process_behind(monkeypatch, tmp_path: Path) -> None:
    import pytest

    from forensic_cli.config import ModelSettings, ScanConfig
    from forensic_cli.errors import WeightsError
    from forensic_cli.pipeline import scan

    begun = []
    original = scan.begun_reader

    def noting(config):
        begun.append(original(config))
        return begun[-1]

    monkeypatch.setattr(scan, "begun_reader", noting)
    config = ScanConfig((tmp_path,), model=ModelSettings(weights="no-such-weights"))
    with pytest.raises(WeightsError), scan.load_tools(config):
        pass
    assert [reader.nursery_pid for reader in begun] == [None]
