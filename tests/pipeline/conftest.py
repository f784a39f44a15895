"""One batch, its weights, and its undisturbed results, for all tests of stopped scans."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensic_cli.pipeline import run_scan
from forensic_cli.types import RgbImage
from tests.pipeline.batch import config_of, make_batch, outcome, silent


@pytest.fixture(scope="session")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, astronaut: RgbImage, weights_folder: Path
) -> dict[str, bytes]:
    """What a scan of the batch gives that nothing disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    evidence = make_batch(folder / "evidence", astronaut)
    run_scan(config_of(evidence, folder / "out", weights_folder), silent())
    return outcome(folder / "out", evidence)
