"""Two workers read one descriptor's copies, each from a position of its own."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.isolation import evidence_file
from forensic_cli.isolation.evidence_file import EvidenceFile

CONTENT = bytes(range(256)) * 200
OFFSETS = st.integers(-70_000, 70_000)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.one_of(
            st.tuples(st.just("read"), st.one_of(st.none(), st.integers(-1, 20_000))),
            st.tuples(st.just("seek"), OFFSETS, st.sampled_from([os.SEEK_SET, os.SEEK_CUR, os.SEEK_END])),
            st.just(("tell",)),
        ),
    ),
    max_size=30,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evidence") / "file"
    path.write_bytes(CONTENT)
    return path


def outcome(file: io.BufferedIOBase, step: tuple[object, ...]) -> object:
    name, *arguments = step
    try:
        return getattr(file, str(name))(*arguments)
    except (OSError, ValueError):
        return "refused"


@settings(max_examples=200, deadline=None)
@given(steps=STEPS)
def test_each_reads_as_if_it_were_alone(path: Path, steps: list[tuple[int, tuple[object, ...]]]) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    with (
        EvidenceFile(descriptor, lambda: None) as one,
        EvidenceFile(os.dup(descriptor), lambda: None) as other,
        path.open("rb") as one_alone,
        path.open("rb") as other_alone,
    ):
        for which, step in steps:
            found = outcome((one, other)[which], step)
            assert found == outcome((one_alone, other_alone)[which], step)


def test_it_begins_at_the_beginning_leaves_the_shared_position_alone_and_closes_its_descriptor(
    path: Path,
) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.lseek(descriptor, 77, os.SEEK_SET)
    copy = os.dup(descriptor)
    with EvidenceFile(copy, lambda: None) as file:
        assert file.read() == CONTENT
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 77
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(copy)
    os.close(descriptor)


def test_far_behind_the_end_there_is_nothing_and_no_position_is_negative_or_too_large(path: Path) -> None:
    with EvidenceFile(os.open(path, os.O_RDONLY), lambda: None) as file:
        for offset in (len(CONTENT), 1 << 50, (1 << 63) - 1):
            assert file.seek(offset) == offset
            assert file.read(10) == b""
        for offset, whence in ((1, os.SEEK_CUR), (-1, os.SEEK_SET), ((1 << 63) - 1, os.SEEK_END)):
            with pytest.raises(OSError, match="Invalid argument"):
                file.seek(offset, whence)
            assert file.tell() == (1 << 63) - 1


def test_it_says_about_every_second_that_it_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_file, "_PROGRESS_INTERVAL_S", 0.05)
    told: list[float] = []
    with EvidenceFile(os.open(path, os.O_RDONLY), lambda: told.append(time.monotonic())) as file:
        file.read(10)
        assert not told
        time.sleep(0.06)
        file.read(10)
        file.read(10)
    assert len(told) == 1
