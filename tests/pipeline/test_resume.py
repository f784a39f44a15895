"""A scan that was stopped goes on, trusts what can be trusted, and names everything else."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from forensic_cli.config import ScanConfig
from forensic_cli.errors import EvidenceChangedError, OutputError, UsageError, VerificationError
from forensic_cli.evidence.records import ScanResult, load_results
from forensic_cli.model.inference import Examiner
from forensic_cli.pipeline import resume_scan, run_scan
from forensic_cli.pipeline.item import ItemExaminer
from forensic_cli.provenance.audit import check_chain, read_entries
from forensic_cli.types import RgbImage, Verdict
from tests.pipeline.batch import Killed, config_of, kill_at_item, make_batch, outcome, silent

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def config(tmp_path: Path, astronaut: RgbImage, weights_folder: Path) -> ScanConfig:
    """Of a batch that a test may change."""
    return config_of(make_batch(tmp_path / "evidence", astronaut), tmp_path / "out", weights_folder)


@pytest.fixture
def stopped(config: ScanConfig, monkeypatch: pytest.MonkeyPatch) -> ScanConfig:
    """The same, after a scan of it died at the third of six items."""
    with monkeypatch.context() as patch:
        kill_at_item(patch, "0003")
        with pytest.raises(Killed):
            run_scan(config, silent())
    return config


def folder_of(config: ScanConfig) -> Path:
    assert config.out_dir is not None
    return config.out_dir


def resumed(config: ScanConfig, *, reanalyse_changed: bool = False) -> ScanResult:
    return resume_scan(folder_of(config), config, silent(), reanalyse_changed=reanalyse_changed)


def examined(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fills with the items that are examined from now on."""
    seen: list[str] = []
    original = ItemExaminer.examine

    def noting(self, item_id, found):
        seen.append(item_id)
        return original(self, item_id, found)

    monkeypatch.setattr(ItemExaminer, "examine", noting)
    return seen


def events(config: ScanConfig, name: str) -> list[dict[str, object]]:
    path = folder_of(config) / "audit.jsonl"
    assert check_chain(path).faults == ()
    return [dict(entry.details) for entry in read_entries(path) if entry.event == name]


def test_finished_items_are_not_examined_again_and_the_running_one_is_named(stopped, monkeypatch) -> None:
    seen = examined(monkeypatch)
    result = resumed(stopped)
    assert seen == ["0003", "0004", "0005", "0006"]
    (resumption,) = result.run.resumptions
    (running,) = resumption.stopped
    assert running.item == "0003"
    assert running.path.endswith("3-face.png")
    assert resumption.n_kept == 2
    (logged,) = events(stopped, "resumed")
    assert logged["resumption"]["stopped"] == [{"item": "0003", "path": running.path}]
    assert load_results(folder_of(stopped)) == result


def test_results_are_those_of_an_undisturbed_scan(stopped, undisturbed) -> None:
    resumed(stopped)
    assert outcome(folder_of(stopped), stopped.paths[0]) == undisturbed


def test_the_run_keeps_its_id_and_its_beginning(stopped) -> None:
    (started,) = events(stopped, "scan-started")
    result = resumed(stopped)
    assert result.run.run_id == started["run_id"]
    assert result.run.argv == tuple(started["argv"])
    assert not result.run.was_interrupted


@pytest.mark.parametrize("file", ["audit.jsonl", "results.jsonl.partial"])
@pytest.mark.parametrize(
    "tail", [b'{"half of a li', b"\0" * 512, b"\0" * 512 + b"\n"], ids=["torn", "NUL", "NUL line"]
)
def test_a_torn_last_line_is_set_aside_and_named_never_parsed(stopped, undisturbed, file, tail) -> None:
    folder = folder_of(stopped)
    with (folder / file).open("ab") as stream:
        stream.write(tail)
    result = resumed(stopped)
    assert outcome(folder, stopped.paths[0]) == undisturbed
    (note,) = events(stopped, "set-aside")
    assert note["file"] == file
    assert (folder / str(note["kept_as"])).read_bytes().rstrip(b"\n") == tail.rstrip(b"\n")
    assert result.run.resumptions[0].set_aside == (note["kept_as"],)
    assert note["kept_as"] in (folder / "SHA256SUMS").read_text()


def test_a_record_whose_last_write_was_lost_is_made_again_and_named(stopped, monkeypatch) -> None:
    partial = folder_of(stopped) / "results.jsonl.partial"
    partial.write_bytes(partial.read_bytes().splitlines(keepends=True)[0])
    seen = examined(monkeypatch)
    result = resumed(stopped)
    assert seen[0] == "0002"
    assert result.run.resumptions[0].repeated == ("0002",)


def test_a_record_that_the_log_does_not_vouch_for_is_not_believed(stopped, monkeypatch) -> None:
    partial = folder_of(stopped) / "results.jsonl.partial"
    partial.write_bytes(
        partial.read_bytes().replace(b'"no_face"', b'"forged!"').replace(b'"score": ', b'"score": 1', 1)
    )
    seen = examined(monkeypatch)
    result = resumed(stopped)
    assert seen[0] == "0001"
    assert result.run.resumptions[0].repeated == ("0001",)


def test_an_item_whose_exhibit_was_lost_is_examined_again(stopped, undisturbed, monkeypatch) -> None:
    (folder_of(stopped) / "exhibits").joinpath("0001-track001-frame0000000-heatmap.png").unlink()
    seen = examined(monkeypatch)
    result = resumed(stopped)
    assert seen[0] == "0001"
    assert result.run.resumptions[0].repeated == ("0001",)
    assert outcome(folder_of(stopped), stopped.paths[0]) == undisturbed


def test_new_files_are_examined_last_under_new_numbers(stopped) -> None:
    (stopped.paths[0] / "0-new.txt").write_text("new")
    result = resumed(stopped)
    assert [item.item_id for item in result.items] == [f"{n:04d}" for n in range(1, 8)]
    assert result.items[-1].evidence.path.endswith("0-new.txt")
    assert result.run.resumptions[0].new_paths == (result.items[-1].evidence.path,)
    assert events(stopped, "item-found")[-1]["path"] == result.items[-1].evidence.path


def test_a_finished_item_that_is_gone_keeps_its_record_and_is_named(stopped) -> None:
    gone = stopped.paths[0] / "1-face.png"
    gone.unlink()
    result = resumed(stopped)
    assert result.items[0].finding.verdict.is_analysed
    assert result.run.resumptions[0].missing_paths == (os.fspath(gone),)


def test_an_item_that_is_gone_before_it_was_examined_has_failed_and_is_named(stopped) -> None:
    gone = stopped.paths[0] / "4-grey.png"
    gone.unlink()
    result = resumed(stopped)
    assert result.items[3].finding.verdict is Verdict.FAILED
    assert "cannot be opened" in result.items[3].finding.reasons[0]
    assert result.run.resumptions[0].missing_paths == (os.fspath(gone),)


def test_a_batch_that_is_gone_altogether_keeps_what_was_found(stopped) -> None:
    stopped.paths[0].rename(stopped.paths[0].with_name("elsewhere"))
    result = resumed(stopped)
    assert [item.finding.verdict.is_analysed for item in result.items[:2]] == [True, True]
    assert len(result.run.resumptions[0].missing_paths) == 6


@pytest.mark.parametrize(
    ("name", "number"), [("1-face.png", 1), ("4-grey.png", 4)], ids=["finished", "not begun"]
)
def test_a_changed_file_stops_the_resumption_with_its_name(stopped, monkeypatch, name, number) -> None:
    path = stopped.paths[0] / name
    with path.open("ab") as stream:
        stream.write(b"\0")
    seen = examined(monkeypatch)
    with pytest.raises(EvidenceChangedError) as caught:
        resumed(stopped)
    assert name in caught.value.message
    assert "--reanalyse-changed" in caught.value.hint
    assert seen == []
    (change,) = events(stopped, "evidence-changed")
    assert (change["path"], change["when"]) == (os.fspath(path), "since the scan began")


def test_a_change_that_keeps_size_and_time_is_seen_by_the_hash(stopped) -> None:
    path = stopped.paths[0] / "1-face.png"
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(EvidenceChangedError, match=r"1-face.*SHA-256 is another"):
        resumed(stopped)


def test_a_changed_file_is_examined_anew_on_request_and_the_old_record_is_kept_aside(stopped) -> None:
    folder, path = folder_of(stopped), stopped.paths[0] / "1-face.png"
    old = (folder / "results.jsonl.partial").read_bytes().splitlines()[0]
    path.write_bytes((stopped.paths[0] / "4-grey.png").read_bytes())
    result = resumed(stopped, reanalyse_changed=True)
    assert result.items[0].finding.verdict is Verdict.NO_FACE
    assert result.run.resumptions[0].changed_paths == (os.fspath(path),)
    kept = [folder / str(note["kept_as"]) for note in events(stopped, "set-aside")]
    assert old in kept[0].read_bytes()
    assert sum(path.suffix == ".png" for path in kept) == 1
    assert not list((folder / "exhibits").glob("0001-*"))


def test_a_link_that_has_become_a_file_is_a_change(stopped) -> None:
    link = stopped.paths[0] / "6-link"
    link.unlink()
    link.write_text("a file")
    with pytest.raises(EvidenceChangedError, match="6-link"):
        resumed(stopped)


def test_an_altered_audit_log_is_refused(stopped) -> None:
    path = folder_of(stopped) / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b"item-finished", b"item-finishes", 1))
    with pytest.raises(VerificationError, match="was altered"):
        resumed(stopped)


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("tool_version", "0.0.0", "version of this program"),
        ("source_sha256", "0" * 64, "this program's source"),
        ("weights_sha256", "0" * 64, "SHA-256 of the weights"),
        ("device", "cuda (another)", "device"),
        ("versions", (("torch", "1.0"),), "torch: "),
    ],
)
def test_other_conditions_are_refused_with_the_difference(stopped, monkeypatch, field, value, word) -> None:
    from forensic_cli.pipeline import conditions, resume

    def other(examiner: Examiner) -> object:
        return replace(conditions.current_conditions(examiner), **{field: value})

    monkeypatch.setattr(resume, "current_conditions", other)
    with pytest.raises(UsageError) as caught:
        resumed(stopped)
    assert word.replace("'1.0'", "").split(":")[0] in caught.value.message
    assert str(value if isinstance(value, str) else "1.0") in caught.value.message


def test_a_scan_after_ctrl_c_goes_on_and_its_first_results_are_kept_aside(
    config, undisturbed, monkeypatch
) -> None:
    original = ItemExaminer.examine

    def interrupted(self, item_id, found):
        if item_id == "0002":
            raise KeyboardInterrupt
        return original(self, item_id, found)

    with monkeypatch.context() as patch:
        patch.setattr(ItemExaminer, "examine", interrupted)
        first = run_scan(config, silent())
    assert first.run.was_interrupted
    result = resumed(config)
    assert not result.run.was_interrupted
    assert [running.item for running in result.run.resumptions[0].stopped] == ["0002"]
    assert result.run.resumptions[0].n_kept == 1
    assert outcome(folder_of(config), config.paths[0]) == undisturbed
    aside = {Path(name).name[5:] for name in result.run.resumptions[0].set_aside}
    assert aside == {"results.jsonl", "summary.csv", "manifest.json", "SHA256SUMS"}
    (note,) = events(config, "interrupted")
    assert note["items"] == ["0002"]


def test_a_disk_that_is_full_ends_the_scan_with_the_way_to_go_on(config, undisturbed, monkeypatch) -> None:
    import errno

    from forensic_cli.provenance import lines

    real, room = os.write, [9_000]

    def full(descriptor: int, content: memoryview) -> int:
        n = min(len(content), room[0])
        room[0] -= n
        if n == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, content[:n])

    with monkeypatch.context() as patch:
        patch.setattr(lines.os, "write", full)
        with pytest.raises(OutputError) as caught:
            run_scan(config, silent())
    assert "No space left" in caught.value.message
    assert f"scan --resume {folder_of(config)}" in caught.value.hint
    result = resumed(config)
    assert result.run.resumptions[0].n_kept >= 1
    assert outcome(folder_of(config), config.paths[0]) == undisturbed


def test_every_file_of_a_resumed_scan_stands_in_sha256sums(stopped) -> None:
    folder = folder_of(stopped)
    with (folder / "audit.jsonl").open("ab") as stream:
        stream.write(b"torn")
    (folder / ".results.jsonl.abcd").write_text("left behind")
    resumed(stopped)
    listed = {line.split("  ", 1)[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert listed == present - {"SHA256SUMS"}
    assert events(stopped, "resumed")[0]["removed"] == [".results.jsonl.abcd"]
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert manifest["audit_head_sha256"] == check_chain(folder / "audit.jsonl").head_sha256
