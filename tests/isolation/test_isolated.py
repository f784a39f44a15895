"""Each item in a process of its own: the same results, and nothing that happens there reaches the next."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from forensic_cli.config import IsolationSettings, MediaLimits
from forensic_cli.errors import MediaError, NotMediaError
from forensic_cli.isolation.isolated import IsolatedReader
from forensic_cli.isolation.stream import DirectReader
from forensic_cli.types import RgbImage
from tests.isolation.material import (
    CLIP,
    MANY_FRAMES,
    N_MANY,
    Read,
    children,
    half_read,
    is_running,
    isolated,
    processor_ticks,
    read_and_signal,
    read_with,
    reading,
    vanishes,
    write_bomb,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


@pytest.fixture
def portrait(tmp_path: Path, astronaut: RgbImage) -> Path:
    Image.fromarray(astronaut[:300]).save(tmp_path / "portrait.png")
    return tmp_path / "portrait.png"


def assert_same(one: Read, other: Read) -> None:
    assert (one.facts, one.n_planned, one.counts) == (other.facts, other.n_planned, other.counts)
    assert one.warnings == other.warnings
    assert len(one.frames) == len(other.frames)
    for a, b in zip(one.frames, other.frames, strict=True):
        assert (a.n_dropped, a.smallest_face_px) == (b.n_dropped, b.smallest_face_px)
        assert len(a.crops) == len(b.crops)
        for left, right in zip(a.crops, b.crops, strict=True):
            np.testing.assert_array_equal(left.image, right.image)
            for name in (
                "face", "crop_box_xyxy", "frame_index", "pts", "time_s", "track_id", "sharpness"
            ):  # fmt: skip
                assert getattr(left, name) == getattr(right, name)
        assert (a.view is None) == (b.view is None)
        if a.view and b.view:
            np.testing.assert_array_equal(a.view.picture, b.view.picture)
            assert (a.view.shrink, a.view.faces) == (b.view.shrink, b.view.faces)


def test_isolation_changes_no_bit_of_what_is_read(portrait: Path) -> None:
    direct = DirectReader(reading())
    with isolated(reading()) as reader:
        for path in (CLIP, portrait):
            there, here = read_with(reader, path), read_with(direct, path)
            assert sum(len(frame.crops) for frame in here.frames) > 0
            assert_same(there, here)


def test_where_no_process_can_be_copied_each_item_uses_one_up_and_reads_the_same(portrait: Path) -> None:
    reader = IsolatedReader(reading(), IsolationSettings(), forks=False)
    try:
        items = [read_with(reader, path) for path in (CLIP, portrait)]
    finally:
        reader.close()
    for item, path in zip(items, (CLIP, portrait), strict=True):
        assert_same(item, read_with(DirectReader(reading()), path))


def test_each_item_has_a_process_of_its_own_and_they_share_one_nursery() -> None:
    workers, nurseries = set(), set()
    with isolated(reading()) as reader:
        for _ in range(3):
            with half_read(reader, CLIP) as (_, frames, worker):
                list(frames)
            workers.add(worker)
            nurseries.add(reader.nursery_pid)
            assert not is_running(worker)
    assert (len(workers), len(nurseries)) == (3, 1)


def test_another_small_picture_costs_no_new_interpreter(portrait: Path) -> None:
    with isolated(reading()) as reader:
        began_s = time.monotonic()
        read_with(reader, portrait)
        first_s = time.monotonic() - began_s
        began_s = time.monotonic()
        for _ in range(5):
            read_with(reader, portrait)
        another_s = (time.monotonic() - began_s) / 5
    assert another_s < first_s / 2


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
def test_a_crash_costs_that_item_and_names_the_signal(number: signal.Signals) -> None:
    with isolated(reading(MANY_FRAMES)) as reader:
        sentence = rf"{CLIP.name} ended by signal {number.value} \({number.name}\)"
        with pytest.raises(MediaError, match=sentence) as caught:
            read_and_signal(reader, number)
        assert "damaged or hostile" in caught.value.hint
        assert read_with(reader, CLIP).counts.n_used == N_MANY


def test_a_worker_that_the_system_killed_is_not_blamed_on_the_file() -> None:
    with (
        isolated(reading(MANY_FRAMES)) as reader,
        pytest.raises(MediaError, match="killed from outside") as caught,
    ):
        read_and_signal(reader, signal.SIGKILL)
    assert "lower --jobs" in caught.value.hint


def test_a_hang_is_ended_by_the_stall_limit_and_leaves_no_process() -> None:
    before = set(children(os.getpid()))  # what tests before this one left
    with isolated(reading(MANY_FRAMES), IsolationSettings(stall_s=3.0)) as reader:
        with pytest.raises(MediaError, match=r"no progress for 3 s and was stopped") as caught:
            read_and_signal(reader, signal.SIGSTOP)
        assert "--max-stall" in caught.value.hint
        assert reader.nursery_pid is None
        assert set(children(os.getpid())) <= before
        assert read_with(reader, CLIP).counts.n_used == N_MANY


def test_an_item_that_takes_too_long_in_all_is_ended() -> None:
    with (
        isolated(reading(MANY_FRAMES), IsolationSettings(total_s=3.0)) as reader,
        pytest.raises(MediaError, match=r"longer than the limit of 3 s") as caught,
    ):
        read_and_signal(reader, signal.SIGSTOP)
    assert "--max-item-seconds" in caught.value.hint


def test_time_that_the_host_takes_is_not_held_against_the_item() -> None:
    with isolated(reading(MANY_FRAMES), IsolationSettings(stall_s=4.0, total_s=60)) as reader:
        with half_read(reader, CLIP) as (stream, frames, _):
            time.sleep(4.5)
            n_frames = 1 + len(list(frames))
        assert n_frames == stream.counts.n_used == N_MANY


def test_a_bomb_costs_that_item_and_names_the_limit_and_the_option(tmp_path: Path) -> None:
    bomb = write_bomb(tmp_path / "bomb.png")
    asked = reading(limits=MediaLimits(max_pixels=200_000_000))
    with isolated(asked, IsolationSettings(memory_mib=300)) as reader:
        with pytest.raises(MediaError, match=r"bomb\.png needed more than the 300 MiB") as caught:
            read_with(reader, bomb)
        assert "--max-memory" in caught.value.hint
        assert read_with(reader, CLIP).counts.n_used == 6


def test_what_is_wrong_with_a_file_is_told_as_it_is_without_isolation(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Nothing to see.")
    (tmp_path / "cut.mp4").write_bytes(CLIP.read_bytes()[:20_000])
    direct = DirectReader(reading())
    with isolated(reading()) as reader:
        for name, kind in (("notes.txt", NotMediaError), ("cut.mp4", MediaError)):
            with pytest.raises(kind) as here:
                read_with(direct, tmp_path / name)
            with pytest.raises(kind) as there:
                read_with(reader, tmp_path / name)
            assert (there.value.message, there.value.hint) == (here.value.message, here.value.hint)
            assert type(there.value) is kind


def test_a_worker_waits_while_the_host_does_not_read() -> None:
    with isolated(reading(MANY_FRAMES)) as reader, half_read(reader, CLIP) as (_, frames, worker):
        time.sleep(3.0)  # until every buffer on the way is full
        before = processor_ticks(worker)
        time.sleep(1.0)
        assert processor_ticks(worker) == before
        assert len(list(frames)) == N_MANY - 1


def test_an_item_left_in_the_middle_takes_its_worker_with_it() -> None:
    with isolated(reading(MANY_FRAMES)) as reader:
        with pytest.raises(KeyboardInterrupt), half_read(reader, CLIP) as (_, _, worker):
            raise KeyboardInterrupt
        assert vanishes(worker)
        assert read_with(reader, CLIP).counts.n_used == N_MANY


def test_closing_leaves_no_process() -> None:
    with isolated(reading()) as reader:
        read_with(reader, CLIP)
        nursery = reader.nursery_pid
        assert nursery is not None
        assert is_running(nursery)
    assert not is_running(nursery)
