"""`scan` as a user runs it."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from forensic_cli.evidence.records import load_results
from forensic_cli.types import RgbImage, Verdict
from tests.conftest import SAMPLES


@pytest.fixture
def folder(tmp_path: Path, astronaut: RgbImage) -> Path:
    """A video, a photograph, a picture without a face, a text file, and a broken video."""
    folder = tmp_path / "evidence"
    (folder / "below").mkdir(parents=True)
    (folder / "a-clip.mp4").write_bytes((SAMPLES / "genuine.mp4").read_bytes())
    Image.fromarray(astronaut[:300]).save(folder / "below" / "b-portrait.png")
    Image.fromarray(np.full((200, 300, 3), 127, np.uint8)).save(folder / "c-grey.png")
    (folder / "d-notes.txt").write_text("Nothing to see.")
    (folder / "e-broken.mp4").write_bytes((SAMPLES / "forged.mp4").read_bytes()[:20_000])
    return folder


def assert_every_file_is_listed(results: Path) -> None:
    """Every file of a results folder stands in SHA256SUMS, and nothing else does."""
    listed = {line.split("  ", 1)[1] for line in (results / "SHA256SUMS").read_text().splitlines()}
    present = {path.relative_to(results).as_posix() for path in results.rglob("*") if path.is_file()}
    assert {name for name in listed if not name.startswith("../")} == present - {"SHA256SUMS"}


def test_a_mixed_folder_gives_one_report_and_exit_3(program, seeded, folder: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    code, out, err = program("scan", folder, "--report", tmp_path / "case.pdf", "--fps", "1", *seeded)
    assert code == 3
    assert out == ""
    assert "2 analysed + 1 without a face + 1 skipped + 1 failed = 5 found" in " ".join(err.split())
    result = load_results(tmp_path / "case-results")
    verdicts = {Path(item.evidence.path).name: item.finding.verdict for item in result.items}
    assert verdicts["c-grey.png"] is Verdict.NO_FACE
    assert verdicts["d-notes.txt"] is Verdict.SKIPPED
    assert verdicts["e-broken.mp4"] is Verdict.FAILED
    assert verdicts["a-clip.mp4"].is_analysed
    assert verdicts["b-portrait.png"].is_analysed
    for item in result.items:
        content = Path(item.evidence.path).read_bytes()
        assert item.evidence.sha256_before == hashlib.sha256(content).hexdigest()
        assert item.evidence.is_unchanged
    assert (tmp_path / "case.pdf").read_bytes().startswith(b"%PDF-")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    with (tmp_path / "case-results" / "summary.csv").open(newline="") as file:
        assert [row["verdict"] for row in csv.DictReader(file)] == [
            item.finding.verdict.value for item in result.items
        ]


def test_json_is_alone_on_stdout(program, seeded) -> None:
    code, out, err = program("scan", SAMPLES / "forged.mp4", "--json", "--frames", "4", *seeded)
    assert code == 0
    (record,) = [json.loads(line) for line in out.splitlines()]
    assert record["counts"]["n_used"] == 4
    assert len(record["tracks"][0]["readings"]) == 4
    assert "1 analysed" in err


def test_the_same_scan_twice_gives_the_same_scores(program, seeded, tmp_path: Path) -> None:
    for name in ("one", "two"):
        program("scan", SAMPLES / "forged.mp4", "--out", tmp_path / name, "--frames", "6", "--quiet", *seeded)
    one, two = ((tmp_path / name / "results.jsonl").read_bytes() for name in ("one", "two"))
    assert one == two


def test_exhibits_are_what_the_manifest_says(program, seeded, tmp_path: Path) -> None:
    program("scan", SAMPLES / "genuine.mp4", "--out", tmp_path / "r", "--frames", "5", "--quiet", *seeded)
    (item,) = load_results(tmp_path / "r").items
    exhibits = item.tracks[0].exhibits
    assert [exhibit.kind for exhibit in exhibits] == ["frame", "heatmap", "heatmap", "heatmap"]
    scores = sorted((reading.score for reading in item.tracks[0].readings), reverse=True)
    assert [exhibit.score for exhibit in exhibits[1:]] == scores[:3]
    for exhibit in exhibits:
        content = (tmp_path / "r" / exhibit.file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == exhibit.sha256


def test_a_defect_after_heatmaps_were_written_leaves_no_picture_behind(
    program, seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensic_cli.pipeline.reading import CropExaminer

    original = CropExaminer._keep

    def failing(self, pending, answer):
        original(self, pending, answer)
        raise RuntimeError("in the middle")

    monkeypatch.setattr(CropExaminer, "_keep", failing)
    program("scan", SAMPLES / "genuine.mp4", "--out", tmp_path / "r", "--heatmaps", "all", *seeded)
    assert not list((tmp_path / "r").rglob("*.png"))
    assert_every_file_is_listed(tmp_path / "r")


def test_a_detector_that_is_missing_leaves_the_results_folder_alone(
    program, seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensic_cli.faces import dlib_detectors

    monkeypatch.setattr(dlib_detectors, "_CNN_PACKAGE", "a_package_that_is_not_there")
    arguments = ("scan", SAMPLES / "genuine.mp4", "--out", tmp_path / "r", "--frames", "1", *seeded)
    assert program(*arguments, "--detector", "dlib-cnn")[0] == 2
    assert program(*arguments)[0] == 0


@pytest.mark.parametrize(("choice", "n"), [("none", 0), ("all", 6)])
def test_heatmaps_as_many_as_asked_for(program, seeded, tmp_path: Path, choice: str, n: int) -> None:
    program(
        "scan", SAMPLES / "genuine.mp4", "--out", tmp_path / "r", "--frames", "5", "--heatmaps", choice,
        "--quiet", *seeded,
    )  # fmt: skip
    (item,) = load_results(tmp_path / "r").items
    assert len(item.tracks[0].exhibits) == n


def test_report_is_drawn_again_byte_for_byte_without_torch(
    program, subprogram, seeded, tmp_path: Path
) -> None:
    import subprocess
    import sys

    program(
        "scan", SAMPLES / "genuine.mp4", "--report", tmp_path / "a.pdf", "--frames", "3", "--quiet", *seeded
    )
    script = (
        "import sys\n"
        "for name in ('torch', 'cv2', 'dlib', 'av'): sys.modules[name] = None\n"
        f"sys.argv = ['lae-forensics', 'report', {str(tmp_path / 'a-results')!r}, '-o', {str(tmp_path / 'b.pdf')!r}]\n"
        "from forensic_cli.cli.app import main\nmain()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_an_existing_report_is_never_overwritten(program, seeded, tmp_path: Path) -> None:
    (tmp_path / "out.pdf").write_text("mine")
    code, _, err = program("scan", SAMPLES / "genuine.mp4", "--report", tmp_path / "out.pdf", *seeded)
    assert code == 7
    assert "another name" in err
    assert (tmp_path / "out.pdf").read_text() == "mine"
    assert not (tmp_path / "out-results").exists()


def test_nothing_is_written_into_the_evidence(program, seeded, folder: Path) -> None:
    code, _, err = program("scan", folder, "--report", folder / "out.pdf", *seeded)
    assert code == 2
    assert "inside the evidence folder" in err
    assert not list(folder.rglob("out*"))


def test_weights_that_are_not_shipped_need_leave(program, weights_folder: Path) -> None:
    code, _, err = program("scan", SAMPLES / "genuine.mp4", "--weights", weights_folder)
    assert code == 6
    assert "--allow-foreign-weights" in err


def test_a_missing_path_is_a_usage_error(program, seeded, tmp_path: Path) -> None:
    code, _, err = program("scan", tmp_path / "absent.mp4", *seeded)
    assert code == 2
    assert "absent.mp4" in err


def test_a_text_file_named_by_hand_has_failed(program, seeded, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    code, _, err = program("scan", tmp_path / "a.txt", *seeded)
    assert code == 3
    assert "1 failed = 1 found" in " ".join(err.split())


@pytest.mark.parametrize(
    "words",
    [
        ("--fps", "0"),
        ("--fps", "2", "--all-frames"),
        ("--min-face", "3"),
        ("--batch-size", "0"),
        ("--jobs", "0"),
    ],
)
def test_impossible_settings_are_usage_errors(program, seeded, words: tuple[str, ...]) -> None:
    code, _, err = program("scan", SAMPLES / "genuine.mp4", *words, *seeded)
    assert code == 2
    assert "Try:" in err


def test_case_file_and_options_reach_the_record(program, seeded, tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text('[case]\nnumber = "17/2026"\nexaminer = "A. Müller"\n')
    program(
        "scan", SAMPLES / "genuine.mp4", "--out", tmp_path / "r", "--frames", "1", "--case", tmp_path / "case.toml",
        "--examiner", "B. Weiß", "--quiet", *seeded,
    )  # fmt: skip
    case = load_results(tmp_path / "r").case
    assert (case.number, case.examiner) == ("17/2026", "B. Weiß")


def test_a_misspelt_case_key_is_refused(program, seeded, tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text('examinor = "A"\n')
    code, _, err = program("scan", SAMPLES / "genuine.mp4", "--case", tmp_path / "case.toml", *seeded)
    assert code == 2
    assert "examinor" in err


def test_control_characters_in_a_name_do_not_reach_the_terminal(program, seeded, tmp_path: Path) -> None:
    path = tmp_path / "a\u202e\x1b[31mb.txt"
    path.write_text("text")
    _, _, err = program("scan", path, *seeded)
    assert "\u202e" not in err
    assert "\x1b" not in err
    assert "\\u202e" in err


def test_interrupted_scan_keeps_what_is_done_and_exits_130(
    program, seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensic_cli.pipeline.item import ItemExaminer

    original = ItemExaminer._read

    def interrupted(self, item_id, *rest):
        if item_id == "0002":
            raise KeyboardInterrupt
        return original(self, item_id, *rest)

    monkeypatch.setattr(ItemExaminer, "_read", interrupted)
    paths = [SAMPLES / "forged.mp4", SAMPLES / "genuine.mp4"]
    code, _, _ = program("scan", *paths, "--out", tmp_path / "r", "--frames", "2", "--at-once", "1", *seeded)
    assert code == 130
    result = load_results(tmp_path / "r")
    assert result.run.was_interrupted
    assert [item.finding.verdict.is_analysed for item in result.items] == [True, False]
    assert result.items[1].finding.verdict is Verdict.SKIPPED
    assert "interrupted before this item" in result.items[1].finding.reasons[0]
    assert result.items[1].evidence.sha256_before == hashlib.sha256(paths[1].read_bytes()).hexdigest()
    assert_every_file_is_listed(tmp_path / "r")


def test_ctrl_c_in_mid_batch_leaves_complete_results(seeded, tmp_path: Path) -> None:
    import signal
    import subprocess
    import sys

    evidence = tmp_path / "evidence"
    evidence.mkdir()
    for number in range(9):
        (evidence / f"{number}.mp4").write_bytes((SAMPLES / "genuine.mp4").read_bytes())
    command = [
        sys.executable,
        "-m",
        "forensic_cli.cli",
        "scan",
        str(evidence),
        "--frames",
        "12",
        "--report",
        "r.pdf",
        "--at-once",
        "2",
    ]
    process = subprocess.Popen([*command, *seeded], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        # Two are examined side by side: the third begins when one of them is done.
        if line.startswith("[3/9]"):
            process.send_signal(signal.SIGINT)
            break
    rest = process.stderr.read()
    assert process.wait() == 130, rest
    assert "Traceback" not in rest
    result = load_results(tmp_path / "r-results")
    assert result.run.was_interrupted
    assert len(result.items) == 9
    assert any(item.finding.verdict.is_analysed for item in result.items[:2])
    assert result.items[-1].finding.verdict is Verdict.SKIPPED
    assert_every_file_is_listed(tmp_path / "r-results")
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")


def test_evidence_that_changes_while_it_is_read_is_a_failed_item(
    program, seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensic_cli.pipeline.item import ItemExaminer

    path = tmp_path / "clip.mp4"
    path.write_bytes((SAMPLES / "genuine.mp4").read_bytes())
    original = ItemExaminer._read

    def meddling(*arguments):
        item = original(*arguments)
        with path.open("ab") as file:
            file.write(b"\0")
        return item

    monkeypatch.setattr(ItemExaminer, "_read", meddling)
    code, _, _ = program("scan", path, "--out", tmp_path / "r", "--frames", "2", *seeded)
    assert code == 4
    (item,) = load_results(tmp_path / "r").items
    assert item.finding.verdict is Verdict.FAILED
    assert not item.evidence.is_unchanged
    assert "differ" in item.finding.reasons[0]
    assert_every_file_is_listed(tmp_path / "r")


def test_a_file_put_in_the_place_of_the_evidence_is_noticed(
    program, seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensic_cli.pipeline.item import ItemExaminer

    path = tmp_path / "clip.mp4"
    path.write_bytes((SAMPLES / "genuine.mp4").read_bytes())
    original = ItemExaminer._read

    def swapping(*arguments):
        (tmp_path / "other.mp4").write_bytes((SAMPLES / "forged.mp4").read_bytes())
        (tmp_path / "other.mp4").replace(path)
        return original(*arguments)

    monkeypatch.setattr(ItemExaminer, "_read", swapping)
    code, _, _ = program("scan", path, "--out", tmp_path / "r", "--frames", "2", *seeded)
    assert code == 4
    (item,) = load_results(tmp_path / "r").items
    assert "took the place" in item.finding.reasons[0]


def test_a_defect_on_one_item_costs_that_item_alone(
    program, seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensic_cli.pipeline.item import ItemExaminer

    original = ItemExaminer._read

    def faulty(self, item_id, *rest):
        if item_id == "0001":
            raise ZeroDivisionError("by a lying header")
        return original(self, item_id, *rest)

    monkeypatch.setattr(ItemExaminer, "_read", faulty)
    paths = [SAMPLES / "forged.mp4", SAMPLES / "genuine.mp4"]
    code, _, err = program("scan", *paths, "--out", tmp_path / "r", "--frames", "2", *seeded)
    assert code == 3
    first, second = load_results(tmp_path / "r").items
    assert first.finding.verdict is Verdict.FAILED
    assert "defect" in first.finding.reasons[0]
    assert first.evidence.is_unchanged
    assert second.finding.verdict.is_analysed
    assert "1 analysed" in err
