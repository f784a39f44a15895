"""`scan` with calibrated weights: the ratio in the results, in the PDF and on the terminal."""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pypdfium2
import pytest

from forensic_cli.cli.summary import likelihood
from forensic_cli.evidence.records import load_results
from forensic_cli.model.calibration import Calibration
from tests.conftest import SAMPLES


@pytest.fixture
def calibrated(weights_folder: Path, calibration: Calibration, tmp_path: Path):
    """Makes options that take seeded weights with a calibration, changed as asked."""

    def make(**changes: object) -> list[str]:
        folder = Path(shutil.copytree(weights_folder, tmp_path / "weights", dirs_exist_ok=True))
        document = json.loads((folder / "weights.json").read_text())
        document["weights"][0]["calibration"] = asdict(replace(calibration, **changes))  # type: ignore[arg-type]
        (folder / "weights.json").write_text(json.dumps(document))
        return ["--weights", str(folder), "--allow-foreign-weights", "--device", "cpu"]

    return make


def pdf_text(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    return " ".join(" ".join(str(page.get_textpage().get_text_bounded()).split()) for page in document)


def test_results_report_and_terminal_carry_the_ratio(program, calibrated, tmp_path: Path) -> None:
    options = calibrated()
    code, _, err = program(
        "scan", SAMPLES / "forged.mp4", "--frames", "4", "--report", tmp_path / "a.pdf", *options
    )
    assert code == 0
    record = json.loads((tmp_path / "a-results" / "results.jsonl").read_text())
    (track,) = record["tracks"]
    for finding in (record["finding"], track["finding"]):
        assert finding["log10_lr"] == pytest.approx((2 * finding["score"] + 1) / math.log(10))
        assert finding["lr_is_bounded"] is False
        assert finding["lr_term"] == "weak"
        assert finding["lr_note"] == ""
    assert "Weak support for the first proposition." in pdf_text(tmp_path / "a.pdf")
    assert f"{record['finding']['log10_lr']:+.2f}, weak" in " ".join(err.split())
    assert load_results(tmp_path / "a-results").model.calibration is not None
    summary = (tmp_path / "a-results" / "summary.csv").read_text()
    assert f",{record['finding']['log10_lr']},False,weak," in summary


def test_a_bounded_ratio_reads_at_least(
    program, calibrated, calibration: Calibration, tmp_path: Path
) -> None:
    options = calibrated(lines=tuple(replace(line, log10_lr_max=0.1) for line in calibration.lines))
    program("scan", SAMPLES / "forged.mp4", "--frames", "4", "--report", tmp_path / "a.pdf", *options)
    (item,) = load_results(tmp_path / "a-results").items
    assert (item.finding.log10_lr, item.finding.lr_is_bounded) == (0.1, True)
    assert "at least 1.26 times more probable" in pdf_text(tmp_path / "a.pdf")
    assert likelihood(item.finding) == "+0.10 (at least), no support"


def test_a_face_below_the_validated_size_gets_no_ratio(
    program, calibrated, calibration: Calibration, tmp_path: Path
) -> None:
    options = calibrated(validated=replace(calibration.validated, smallest_face_px=1000))
    _, _, err = program(
        "scan", SAMPLES / "forged.mp4", "--frames", "4", "--report", tmp_path / "a.pdf", *options
    )
    (item,) = load_results(tmp_path / "a-results").items
    assert item.finding.log10_lr is None
    assert item.tracks[0].finding.log10_lr is None
    text = pdf_text(tmp_path / "a.pdf")
    assert "inconclusive: outside the validated range" in text
    assert "times more probable if" not in text
    assert "0001: likelihood ratio: inconclusive: outside the validated range" in " ".join(err.split())


def test_uncalibrated_weights_say_that_there_is_no_ratio(program, seeded, tmp_path: Path) -> None:
    _, _, err = program(
        "scan", SAMPLES / "forged.mp4", "--frames", "4", "--report", tmp_path / "a.pdf", *seeded
    )
    (item,) = load_results(tmp_path / "a-results").items
    assert item.finding.log10_lr is None
    assert item.finding.lr_note == "Not calibrated: no likelihood ratio."
    assert "Not calibrated: no likelihood ratio." in " ".join(err.split())
    text = pdf_text(tmp_path / "a.pdf")
    assert re.search(r"log10 LR\s*[+−-]\d", text) is None
    assert "Likelihood ratio: none is reported" in text


def test_weights_show_prints_the_calibration(
    invoke, calibrated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensic_cli.model import weights

    calibrated()
    monkeypatch.setattr(weights, "default_folder", lambda: tmp_path / "weights")
    text = " ".join(invoke("weights", "show").stdout.split())
    for part in ("2.0000 * score +1.0000", "from -1.00 to +1.50", "0.610, at best 0.520", "self-blend"):
        assert part in text, part


def test_weights_show_says_that_there_is_no_calibration(
    invoke, weights_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensic_cli.model import weights

    monkeypatch.setattr(weights, "default_folder", lambda: weights_folder)
    assert "Not calibrated: no likelihood ratio." in invoke("weights", "show").stdout
