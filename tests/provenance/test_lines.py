"""Lines are on the disk whole, or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.errors import OutputError
from forensic_cli.provenance import lines as lines_module
from forensic_cli.provenance.lines import LineFile, cut_torn_line, read_whole_lines

texts = st.lists(st.text(st.characters(codec="ascii", exclude_characters="\n\0"), max_size=20), max_size=5)


@settings(max_examples=60, deadline=None)
@given(texts, st.binary(max_size=30).filter(lambda tail: b"\n" not in tail))
def test_whole_lines_are_told_from_a_torn_one_and_only_that_is_cut(whole: list[str], tail: bytes) -> None:
    content = [line.encode() for line in whole]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f"
        with LineFile(path, is_new=True) as file:
            file.append(content)
        path.write_bytes(path.read_bytes() + tail)
        assert read_whole_lines(path).lines == tuple(content)
        assert cut_torn_line(path) == tail
        assert path.read_bytes() == b"".join(line + b"\n" for line in content)


def test_a_last_line_of_space_that_was_never_filled_is_torn(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"one\n" + b"\0" * 9 + b"\n")
    content = read_whole_lines(path)
    assert content.lines == (b"one",)
    assert cut_torn_line(path) == b"\0" * 9 + b"\n"
    assert path.read_bytes() == b"one\n"


def test_what_a_full_disk_took_of_a_line_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f"
    real, room = os.write, [8]

    def full(descriptor: int, content: memoryview) -> int:
        if room[0] == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        n = real(descriptor, content[: room[0]])
        room[0] -= n
        return n

    with LineFile(path, is_new=True) as file:
        file.append([b"one"])
        with monkeypatch.context() as patch:
            patch.setattr(lines_module.os, "write", full)
            with pytest.raises(OutputError, match="No space left"):
                file.append([b"a line that is too long"])
        assert path.read_bytes() == b"one\n"
        file.append([b"two"])
    assert read_whole_lines(path).lines == (b"one", b"two")


def test_nothing_is_added_to_a_torn_line_that_could_not_be_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with LineFile(tmp_path / "f", is_new=True) as file:
        with monkeypatch.context() as patch:
            patch.setattr(lines_module.os, "fsync", refusing)
            patch.setattr(lines_module.os, "ftruncate", refusing)
            with pytest.raises(OutputError, match="error"):
                file.append([b"one"])
        with pytest.raises(OutputError, match="nothing is added"):
            file.append([b"two"])
