"""A scan of a real clip with its report, made once and copied for each test."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import SAMPLES


@dataclass(frozen=True)
class Scanned:
    """Where everything lies.

    Attributes:
        folder: holds all of it.
        clip: the evidence.
        results: the results folder.
        report: the PDF beside it.
    """

    folder: Path

    @property
    def clip(self) -> Path:
        return self.folder / "evidence" / "clip.mp4"

    @property
    def results(self) -> Path:
        return self.folder / "out-results"

    @property
    def report(self) -> Path:
        return self.folder / "out.pdf"

    @property
    def signed(self) -> Path:
        return self.folder / "out-signed.pdf"

    @property
    def exhibit(self) -> Path:
        return next((self.results / "exhibits").glob("*.png"))


def scan_once(folder: Path, weights: Path) -> Scanned:
    """Scans three frames of a sample clip in this process."""
    from forensic_cli.cli.scan import run_and_report
    from forensic_cli.config import DeviceName, ModelSettings, Sampling, SamplingRule, ScanConfig

    scanned = Scanned(folder)
    scanned.clip.parent.mkdir()
    shutil.copyfile(SAMPLES / "genuine.mp4", scanned.clip)
    config = ScanConfig(
        (scanned.clip.parent,),
        scanned.results,
        scanned.report,
        sampling=Sampling(SamplingRule.COUNT, n_frames=3),
        model=ModelSettings(str(weights), allow_foreign_weights=True, device=DeviceName.CPU),
    )
    assert run_and_report(config, as_json=False, quiet=True) == 0
    return scanned
