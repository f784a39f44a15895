"""What a nursery has loaded before the first item, so that no worker need load it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from forensic_cli.types import RgbImage
from tests.media.clips import write_clip

LATE_IMPORTS = """
import json, sys
from pathlib import Path
from forensic_cli.config import FaceSettings, MediaLimits, Sampling
from forensic_cli.faces.detect import make_detector
from forensic_cli.isolation import nursery
from forensic_cli.isolation.stream import DirectFaceStream, FaceReading
from forensic_cli.media.facts import collect_facts
from forensic_cli.provenance.files import open_read_only

faces, path = FaceSettings(n_threads=1), Path(sys.argv[1])
nursery._load(faces)
before = set(sys.modules)
reading = FaceReading(Sampling(), MediaLimits(), faces, wants_views=True)
with open_read_only(path) as file:
    assert collect_facts(file, path.name, reading.limits) is not None
    stream = DirectFaceStream(file, path.name, reading, make_detector(faces))
    assert list(stream.frames())
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".bmp", ".mp4", ".mkv", ".avi", ".ts"])
def test_a_worker_imports_nothing(tmp_path: Path, astronaut: RgbImage, suffix: str) -> None:
    path = tmp_path / f"item{suffix}"
    if suffix in {".mp4", ".mkv", ".avi", ".ts"}:
        write_clip(path, n_frames=30, images=[astronaut[:300, :400]] * 30)
    else:
        Image.fromarray(astronaut[:300]).save(path)
    run = subprocess.run(
        [sys.executable, "-c", LATE_IMPORTS, str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert json.loads(run.stdout) == []
