"""`scan --resume` as a user runs it."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from forensic_cli.cli.resume import FREE, SHARED
from forensic_cli.evidence.records import load_results
from forensic_cli.provenance.audit import read_entries
from forensic_cli.types import RgbImage
from tests.pipeline.batch import Killed, kill_at_item, make_batch
from tests.provenance.holder import holder_of

pytestmark = pytest.mark.usefixtures("quick")
Program = Callable[..., tuple[int, str, str]]


@pytest.fixture
def evidence(tmp_path: Path, astronaut: RgbImage) -> Path:
    return make_batch(tmp_path / "evidence", astronaut)


@pytest.fixture
def stopped(
    program: Program, seeded: list[str], evidence: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The results folder of a scan that died at the third of six items."""
    with monkeypatch.context() as patch:
        kill_at_item(patch, "0003")
        options = ("--report", tmp_path / "case.pdf", "--quiet", "--at-once", "1")
        with pytest.raises(Killed):
            program("scan", evidence, *options, *seeded)
    return tmp_path / "case-results"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def sums_hold(folder: Path) -> bool:
    lines = [line.split("  ", 1) for line in (folder / "SHA256SUMS").read_text().splitlines()]
    return all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256 for sha256, name in lines)


def test_every_option_of_scan_is_either_held_to_the_first_run_or_free() -> None:
    import typer

    from forensic_cli.cli.scan import app

    names = {parameter.name for parameter in typer.main.get_command(app).params} - {"help"}
    assert not SHARED.keys() & FREE
    assert names == SHARED.keys() | FREE


def test_the_scan_goes_on_and_the_terminal_names_the_item_that_was_running(program, stopped: Path) -> None:
    code, out, err = program("scan", "--resume", stopped)
    assert code == 0
    assert out == ""
    assert "Resumed: 2 finished before and kept" in err
    assert "Being examined when the scan stopped: item 0003" in err
    assert "3-face.png" in err
    assert "[1/6]" not in err
    assert "[3/6]" in err
    assert "6 found" in err
    assert (stopped.parent / "case.pdf").read_bytes().startswith(b"%PDF-")
    assert sums_hold(stopped)
    assert read_entries(stopped / "audit.jsonl")[-1].event == "report-written"


def test_a_finished_scan_says_so_and_nothing_is_touched(program, stopped: Path) -> None:
    program("scan", "--resume", stopped, "--quiet")
    before = contents(stopped.parent)
    code, out, err = program("scan", "--resume", stopped, "--quiet")
    assert code == 0
    assert out == ""
    assert "is finished: nothing was examined" in err
    assert contents(stopped.parent) == before


def test_json_on_stdout_is_complete(program, stopped: Path) -> None:
    _, out, _ = program("scan", "--resume", stopped, "--json", "--quiet")
    assert out.encode() == (stopped / "results.jsonl").read_bytes()
    assert [json.loads(line)["item_id"] for line in out.splitlines()] == [f"{n:04d}" for n in range(1, 7)]


def test_options_that_say_the_same_again_are_welcome(program, seeded, evidence: Path, stopped: Path) -> None:
    assert (
        program("scan", evidence, "--resume", stopped, "--seed", "20200", "--jobs", "1", "-q", *seeded)[0]
        == 0
    )


@pytest.mark.parametrize(
    ("words", "difference"),
    [
        (("--fps", "5"), "--fps: 2 frames a second of presentation time then, 5 frames"),
        (("--min-face", "100"), "--min-face: 80 then, 100 now"),
        (("--heatmaps", "all"), "--heatmaps: top then, all now"),
        (("--weights", ""), "--weights: "),
        (("--out", "elsewhere"), "--out: "),
        (("--final",), "--final: False then, True now"),
    ],
    ids=lambda value: str(value[0]),
)
def test_other_options_are_refused_with_the_difference(program, stopped: Path, words, difference) -> None:
    before = contents(stopped)
    code, _, err = program("scan", "--resume", stopped, *words)
    assert code == 2
    assert difference in err
    assert contents(stopped) == before


def test_other_evidence_is_refused(program, stopped: Path, tmp_path: Path) -> None:
    (tmp_path / "other.png").write_bytes(b"")
    code, _, err = program("scan", tmp_path / "other.png", "--resume", stopped)
    assert code == 2
    assert "PATHS: " in err


def test_a_changed_file_exits_4_and_reanalyse_changed_goes_on(program, evidence: Path, stopped: Path) -> None:
    with (evidence / "1-face.png").open("ab") as file:
        file.write(b"\0")
    code, _, err = program("scan", "--resume", stopped)
    assert code == 4
    assert "1-face.png" in err
    assert "--reanalyse-changed" in err
    code, _, err = program("scan", "--resume", stopped, "--reanalyse-changed")
    assert code == 0
    assert "Changed since the scan began, and examined anew: " in err
    assert load_results(stopped).items[0].evidence.is_unchanged


def test_new_and_missing_files_are_named(program, evidence: Path, stopped: Path) -> None:
    (evidence / "7-new.txt").write_text("new")
    (evidence / "1-face.png").unlink()
    _, _, err = program("scan", "--resume", stopped)
    assert f"New since the scan began, and examined last: {evidence / '7-new.txt'}" in err
    assert f"Gone since the scan began; a record that there was is kept: {evidence / '1-face.png'}" in err


def test_reanalyse_changed_belongs_to_resume(program, evidence: Path) -> None:
    code, _, err = program("scan", evidence, "--reanalyse-changed")
    assert code == 2
    assert "--resume" in err


def test_a_folder_without_a_scan_cannot_be_resumed(program, tmp_path: Path) -> None:
    code, _, err = program("scan", "--resume", tmp_path)
    assert code == 2
    assert "holds no scan" in err
    (tmp_path / "audit.jsonl").write_bytes(b"")
    code, _, err = program("scan", "--resume", tmp_path)
    assert code == 2
    assert "before it began" in err


@pytest.mark.parametrize("when", ["before it was drawn", "after it was drawn", "after it was logged"])
def test_a_report_that_was_cut_off_is_completed(program, stopped: Path, monkeypatch, when: str) -> None:
    from forensic_cli.pipeline import drawing

    with monkeypatch.context() as patch:
        if when == "before it was drawn":
            patch.setattr(drawing, "interruptions_ignored", dies)
        elif when == "after it was drawn":
            patch.setattr(drawing, "add_report", dies)
        else:
            from forensic_cli.evidence import output

            patch.setattr(output, "add_to_sums", dies)
        with pytest.raises(Killed):
            program("scan", "--resume", stopped, "--quiet")
    code, _, err = program("scan", "--resume", stopped, "--quiet")
    assert code == 0
    assert "Its report had not been completed, and is now" in err
    assert (stopped.parent / "case.pdf").read_bytes().startswith(b"%PDF-")
    assert sums_hold(stopped)
    events = [entry.event for entry in read_entries(stopped / "audit.jsonl")]
    assert events[-2:] == ["scan-finished", "report-written"]


def test_completing_a_report_exits_as_the_scan_would_have(
    program, evidence: Path, stopped: Path, monkeypatch
) -> None:
    from forensic_cli.pipeline import drawing

    (evidence / "7-broken.png").write_bytes((evidence / "1-face.png").read_bytes()[:500])
    with monkeypatch.context() as patch:
        patch.setattr(drawing, "add_report", dies)
        with pytest.raises(Killed):
            program("scan", "--resume", stopped, "--quiet")
    assert program("scan", "--resume", stopped)[0] == 3
    assert program("scan", "--resume", stopped)[0] == 0


def dies(*_: object, **__: object) -> None:
    raise Killed


def test_a_file_in_the_reports_place_is_not_taken_for_it(program, stopped: Path, monkeypatch) -> None:
    from forensic_cli.pipeline import drawing

    with monkeypatch.context() as patch:
        patch.setattr(drawing, "interruptions_ignored", dies)
        with pytest.raises(Killed):
            program("scan", "--resume", stopped, "--quiet")
    (stopped.parent / "case.pdf").write_bytes(b"another")
    code, _, err = program("scan", "--resume", stopped)
    assert code == 7
    assert "is not the report of this scan" in err
    assert (stopped.parent / "case.pdf").read_bytes() == b"another"


@pytest.mark.parametrize("words", [("--resume",), ("--out",)], ids=["resumed", "begun"])
def test_two_scans_into_one_folder_at_once_are_refused(
    program, seeded, evidence: Path, stopped: Path, words
) -> None:
    with holder_of(stopped) as holder:
        paths = () if words == ("--resume",) else (evidence, *seeded)
        code, _, err = program("scan", *paths, *words, stopped)
        holder.kill()
    assert code == 7
    assert "Another scan is writing into" in err
    assert program("scan", "--resume", stopped, "--quiet")[0] == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE")
def test_a_write_that_the_system_refuses_exits_7_and_the_scan_can_be_resumed(
    subprogram, seeded, evidence: Path, tmp_path: Path
) -> None:
    import resource

    def tiny_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = subprogram("scan", evidence, "--out", "r", *seeded, preexec_fn=tiny_files)
    assert done.returncode == 7, done.stderr
    assert "Traceback" not in done.stderr
    assert "Then continue with: lae-forensics scan --resume r" in done.stderr
    done = subprogram("scan", "--resume", "r", "--quiet")
    assert done.returncode == 0, done.stderr
    assert len(load_results(tmp_path / "r").items) == 6
