"""The smaller commands."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from forensic_cli.evidence.records import load_results
from forensic_cli.model.weights import load_catalogue
from tests.conftest import SAMPLES


def test_faces_writes_the_very_crops_of_a_scan(program, seeded, tmp_path: Path) -> None:
    code, _, err = program("faces", SAMPLES / "genuine.mp4", "--out", tmp_path / "f", "--frames", "3")
    assert code == 0
    assert "3 faces" in err
    with (tmp_path / "f" / "faces.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    program(
        "scan",
        SAMPLES / "genuine.mp4",
        "--out",
        tmp_path / "s",
        "--frames",
        "3",
        "--heatmaps",
        "all",
        *seeded,
    )
    (item,) = load_results(tmp_path / "s").items
    heatmaps = {e.frame_index: e.file for e in item.tracks[0].exhibits if e.kind == "heatmap"}
    assert len(heatmaps) == 3
    for row in rows:
        crop = cv2.imread(str(tmp_path / "f" / row["file"]))
        triptych = cv2.imread(str(tmp_path / "s" / heatmaps[int(row["frame"])]))
        assert crop is not None
        assert triptych is not None
        np.testing.assert_array_equal(crop, triptych[:, :256])


def test_faces_of_a_damaged_file_exits_3_and_goes_on(program, tmp_path: Path) -> None:
    (tmp_path / "a-broken.mp4").write_bytes(b"\0" * 100)
    shutil.copy(SAMPLES / "genuine.mp4", tmp_path / "b.mp4")
    code, _, err = program(
        "faces", tmp_path / "a-broken.mp4", tmp_path / "b.mp4", "--out", tmp_path / "f", "--frames", "1"
    )
    assert code == 3
    assert "a-broken.mp4: failed" in err
    assert "1 read + 0 skipped + 1 failed = 2 found" in err


def test_weights_list_marks_the_default(invoke) -> None:
    lines = invoke("weights", "list").stdout.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("*")] == [load_catalogue().default_name]


def test_weights_show_prints_the_measured_error_rates(invoke) -> None:
    text = invoke("weights", "show").stdout
    card = load_catalogue().card()
    assert card.sha256 in text.replace("\n", "").replace(" ", "")
    assert "false positives" in text
    row = next(row for row in card.error_rates if row.condition == "poisson-swap, JPEG 75")
    assert f"{row.auc:.3f}" in text
    assert f"{100 * row.false_negative_rate:.1f} (" in text
    for method in ("poisson-swap", "self-blend"):
        assert method in text


def test_weights_verify_exits_6_when_a_byte_was_changed(
    program, invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensic_cli.model import weights

    assert invoke("weights", "verify").exit_code == 0
    folder = Path(shutil.copytree(load_catalogue().folder, tmp_path / "weights"))
    path = folder / load_catalogue().card().file
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    monkeypatch.setattr(weights, "default_folder", lambda: folder)
    code, _, err = program("weights", "verify")
    assert code == 6
    assert "Restore the file" in err


def test_doctor_finds_nothing_amiss_here(invoke) -> None:
    result = invoke("doctor")
    assert result.exit_code == 0
    for word in ("torch", "FFmpeg", "weights", "CUDA", "extra train"):
        assert word in result.stdout


def test_doctor_says_how_to_mend_altered_weights(
    program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensic_cli.model import weights

    (tmp_path / "weights.json").write_text(json.dumps({"schema": 99}))
    monkeypatch.setattr(weights, "default_folder", lambda: tmp_path)
    code, out, _ = program("doctor")
    assert code == 6
    assert "MISS  weights" in out


def test_doctor_survives_what_it_diagnoses(program, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "av", None)
    code, out, _ = program("doctor")
    assert code == 1
    assert "MISS  torch" in out
    assert "pip install --force-reinstall torch" in out
    assert "MISS  PyAV" in out


def test_demo_analyses_both_samples_and_says_where_the_report_is(program, tmp_path: Path) -> None:
    code, _, err = program("demo", "--report", tmp_path / "demo.pdf")
    assert code == 0
    assert f"The report is {tmp_path / 'demo.pdf'}" in err
    assert "2 analysed" in err
    assert (tmp_path / "demo-results" / "results.jsonl").read_text().count("\n") == 2


def test_report_of_a_folder_without_results_names_the_remedy(program, tmp_path: Path) -> None:
    code, _, err = program("report", tmp_path, "-o", tmp_path / "x.pdf")
    assert code == 2
    assert "scan --out" in err
