"""The handling of evidence, with real files and real processes: nothing written, followed, or left out."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from forensic_cli.cli.scan import exit_code
from forensic_cli.config import (
    DeviceName,
    IsolationSettings,
    MediaLimits,
    ModelSettings,
    Sampling,
    SamplingRule,
    ScanConfig,
)
from forensic_cli.errors import ExitCode, UsageError
from forensic_cli.evidence.records import ScanResult
from forensic_cli.pipeline import run_scan
from forensic_cli.pipeline.guard import require_outside_evidence
from forensic_cli.types import ItemResult, RgbImage, Verdict
from tests.conftest import SAMPLES
from tests.isolation.material import children, only_child, write_bomb

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


class Watcher:
    """A listener that does something when an item begins, or after its first frame."""

    def __init__(self) -> None:
        self.when_begun: Callable[[Path], None] = lambda path: None
        self.after_frame: Callable[[Path], None] = lambda path: None
        self._path = Path()
        self.results: list[ItemResult] = []

    def on_found(self, n_items: int) -> None:
        return

    def on_item(self, number: int, path: Path, n_frames: int) -> None:
        self._path = path
        self.when_begun(path)

    def on_frame(self, number: int) -> None:
        self.after_frame(self._path)

    def on_result(self, item: ItemResult) -> None:
        self.results.append(item)


@pytest.fixture
def configure(weights_folder: Path) -> Callable[..., ScanConfig]:
    def make(*paths: Path, **settings: object) -> ScanConfig:
        options: dict[str, object] = {
            "sampling": Sampling(SamplingRule.COUNT, n_frames=4),
            "model": ModelSettings(str(weights_folder), allow_foreign_weights=True, device=DeviceName.CPU),
        }
        return ScanConfig(paths=paths, **{**options, **settings})  # type: ignore[arg-type]

    return make


def by_name(result: ScanResult) -> dict[str, ItemResult]:
    return {Path(item.evidence.path).name: item for item in result.items}


def face_worker(others: set[int]) -> int:
    """The process that decodes for this one; `others` are no nurseries of its."""
    (nursery,) = set(children(os.getpid())) - others
    return only_child(nursery)


def states(folder: Path) -> dict[str, tuple[int, int, int, int, str]]:
    """Size, times of change and of access, mode and content of every regular file."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            status = path.stat()
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # this look leaves no trace
            found[path.name] = (
                status.st_size, status.st_mtime_ns, status.st_atime_ns, status.st_mode, content
            )  # fmt: skip
    return found


@pytest.fixture
def hostile_folder(tmp_path: Path, astronaut: RgbImage) -> Iterator[Path]:
    """Every kind of entry that a file system has, and files that lie."""
    folder = tmp_path / "evidence"
    (folder / "below").mkdir(parents=True)
    (folder / "clip.mp4").write_bytes((SAMPLES / "genuine.mp4").read_bytes())
    Image.fromarray(astronaut[:300]).save(folder / "below" / "portrait.png")
    (folder / "empty.mp4").touch()
    (folder / "notes.txt").write_text("Nothing to see.")
    (folder / "trap.mp4").write_text("ffconcat version 1.0\nfile clip.mp4\n")
    (folder / "cut.mp4").write_bytes((SAMPLES / "forged.mp4").read_bytes()[:20_000])
    (folder / "read-only.png").write_bytes((folder / "below" / "portrait.png").read_bytes())
    (folder / "read-only.png").chmod(0o444)
    os.mkfifo(folder / "pipe.mp4")
    (folder / "to-clip.mp4").symlink_to(folder / "clip.mp4")
    (folder / "loop-a.mp4").symlink_to("loop-b.mp4")
    (folder / "loop-b.mp4").symlink_to("loop-a.mp4")
    (folder / "below" / "up").symlink_to(folder)
    (folder / "below" / "dangling.mp4").symlink_to("nowhere")
    here = Path.cwd()
    os.chdir(folder)  # the path of a socket may not be long
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.mp4")
        os.chdir(here)
        yield folder


def test_every_entry_is_accounted_for_and_none_is_touched(
    hostile_folder: Path, configure: Callable[..., ScanConfig], tmp_path: Path
) -> None:
    before = states(hostile_folder)
    result = run_scan(configure(hostile_folder, out_dir=tmp_path / "out"), Watcher())
    n_entries = sum(len(files) for _, _, files in os.walk(hostile_folder))
    n_links_to_folders = 1  # os.walk lists it among the folders
    assert len(result.items) == n_entries + n_links_to_folders
    items = by_name(result)
    analysed = {name for name, item in items.items() if item.finding.verdict.is_analysed}
    assert analysed == {"clip.mp4", "portrait.png", "read-only.png"}
    failed = {name for name, item in items.items() if item.finding.verdict is Verdict.FAILED}
    assert failed == {"empty.mp4", "trap.mp4", "cut.mp4"}
    skipped = {name for name, item in items.items() if item.finding.verdict is Verdict.SKIPPED}
    assert len(analysed | failed | skipped) == len(items) == len(result.items)
    for name in ("to-clip.mp4", "loop-a.mp4", "loop-b.mp4", "up", "dangling.mp4"):
        assert "links are not followed" in items[name].finding.reasons[0]
    assert "named pipe" in items["pipe.mp4"].finding.reasons[0]
    assert "socket" in items["socket.mp4"].finding.reasons[0]
    assert all(item.finding.reasons for item in result.items)
    for name in analysed | failed | {"notes.txt"}:
        assert items[name].evidence.sha256_before == before[name][-1]
        assert items[name].evidence.is_unchanged
    assert states(hostile_folder) == before
    assert exit_code(result) is ExitCode.SOME_ITEMS_FAILED


def test_the_hash_is_taken_before_the_first_byte_is_decoded(
    tmp_path: Path, configure: Callable[..., ScanConfig]
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes((SAMPLES / "genuine.mp4").read_bytes())
    original = hashlib.sha256(path.read_bytes()).hexdigest()
    watcher = Watcher()

    def lengthen(found: Path) -> None:
        with found.open("ab") as file:
            file.write(b"\0")

    watcher.when_begun = lengthen  # when the medium was opened, and nothing yet was decoded of it
    result = run_scan(configure(path), watcher)
    assert result.items[0].evidence.sha256_before == original
    assert result.items[0].evidence.sha256_after == hashlib.sha256(path.read_bytes()).hexdigest()
    assert exit_code(result) is ExitCode.EVIDENCE_CHANGED


def overwritten(path: Path) -> None:
    """Another content of the same length and time, in the very same file."""
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 16)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def shortened(path: Path) -> None:
    os.truncate(path, 50)


@pytest.mark.parametrize("change", [overwritten, replaced, shortened, Path.unlink])
@pytest.mark.parametrize("name", ["clip.mp4", "small.png"])
def test_a_file_that_changes_while_it_is_read_exits_4_and_gives_no_finding(
    tmp_path: Path, configure: Callable[..., ScanConfig], change: Callable[[Path], None], name: str
) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    path = folder / name
    if name == "clip.mp4":
        path.write_bytes((SAMPLES / "genuine.mp4").read_bytes())
    else:
        Image.new("RGB", (100, 100), (90, 20, 10)).save(path)  # small enough for a file object's buffer
    watcher = Watcher()
    watcher.after_frame = lambda found: change(found) if not watcher.results and found.exists() else None
    result = run_scan(configure(folder, out_dir=tmp_path / "out"), watcher)
    (item,) = result.items
    assert exit_code(result) is ExitCode.EVIDENCE_CHANGED
    assert item.finding.verdict is Verdict.FAILED
    assert item.finding.score is None
    assert not item.tracks
    assert not item.evidence.is_unchanged
    assert "Work on a copy" in item.finding.reasons[-1]
    assert not list((tmp_path / "out").rglob("*.png"))


def test_a_crash_a_hang_and_a_bomb_cost_their_items_alone(
    tmp_path: Path, configure: Callable[..., ScanConfig]
) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    for name in ("a.mp4", "b-crash.mp4", "c-hang.mp4", "e.mp4"):
        (folder / name).write_bytes((SAMPLES / "genuine.mp4").read_bytes())
    write_bomb(folder / "d-bomb.png")
    before = set(children(os.getpid()))  # what tests before this one left
    watcher = Watcher()
    signals = {"b-crash.mp4": signal.SIGSEGV, "c-hang.mp4": signal.SIGSTOP}

    def strike(path: Path) -> None:
        if path.name in signals:
            os.kill(face_worker(before), signals.pop(path.name))

    watcher.after_frame = strike
    config = configure(
        folder,
        sampling=Sampling(SamplingRule.COUNT, n_frames=20),
        limits=MediaLimits(max_pixels=200_000_000),
        isolation=IsolationSettings(memory_mib=300, stall_s=4),
        out_dir=tmp_path / "out",
    )
    result = run_scan(config, watcher)
    assert not signals
    assert exit_code(result) is ExitCode.SOME_ITEMS_FAILED
    items = by_name(result)
    assert [item.finding.verdict is Verdict.FAILED for item in result.items] == [
        False, True, True, True, False
    ]  # fmt: skip
    for name, word, remedy in (
        ("b-crash.mp4", "SIGSEGV", "hostile"),
        ("c-hang.mp4", "no progress for 4 s", "--max-stall"),
        ("d-bomb.png", "300 MiB", "--max-memory"),
    ):
        message, hint = items[name].finding.reasons
        assert word in message
        assert remedy in hint
        assert items[name].evidence.is_unchanged
    assert items["a.mp4"].tracks
    assert items["a.mp4"].tracks[0].readings == items["e.mp4"].tracks[0].readings
    exhibits = {path.name[:4] for path in (tmp_path / "out" / "exhibits").iterdir()}
    assert exhibits == {"0001", "0005"}
    assert set(children(os.getpid())) <= before


def test_isolation_changes_no_result_and_no_exhibit(
    tmp_path: Path, configure: Callable[..., ScanConfig], astronaut: RgbImage
) -> None:
    portrait = tmp_path / "portrait.png"
    Image.fromarray(astronaut[:300]).save(portrait)
    found = {}
    for is_wanted in (True, False):
        out = tmp_path / f"isolated-{is_wanted}"
        config = configure(
            SAMPLES / "forged.mp4", portrait, out_dir=out, isolation=IsolationSettings(is_wanted=is_wanted)
        )
        found[is_wanted] = run_scan(config, Watcher())
    assert found[True].items == found[False].items
    assert any(track.exhibits for item in found[True].items for track in item.tracks)
    stated = [dict(found[is_wanted].parameters)["Isolation"] for is_wanted in (True, False)]
    assert "a process of its own" in stated[0]
    assert stated[1].startswith("none: it was not asked for")


def test_a_second_name_of_an_evidence_folder_is_no_place_for_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evidence" / "below").mkdir(parents=True)
    (tmp_path / "alias").symlink_to(tmp_path / "evidence" / "below")
    # As with a bind mount, which no resolving of links reveals.
    monkeypatch.setattr(Path, "resolve", lambda self, strict=False: self.absolute())
    with pytest.raises(UsageError, match="inside the evidence folder"):
        require_outside_evidence([tmp_path / "alias" / "out" / "deeper"], [tmp_path / "evidence"])
    require_outside_evidence([tmp_path / "out"], [tmp_path / "evidence"])


def test_a_bind_mount_of_an_evidence_folder_is_no_place_for_results(tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "evidence" / "below").mkdir(parents=True)
    (tmp_path / "mounted").mkdir()
    mount = ["mount", "--bind", str(tmp_path / "evidence" / "below"), str(tmp_path / "mounted")]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting needs root")
    try:
        with pytest.raises(UsageError, match="inside the evidence folder"):
            require_outside_evidence([tmp_path / "mounted" / "out"], [tmp_path / "evidence"])
    finally:
        subprocess.run(["umount", str(tmp_path / "mounted")], check=True)


def test_no_part_of_the_program_lets_opencv_open_a_file() -> None:
    source = Path(__file__).parents[2] / "forensic_cli"
    for path in source.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not any(word in text for word in ("VideoCapture(", "cv2.imread", "cv2.imdecode")), path
