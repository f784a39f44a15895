import hashlib
import os
from pathlib import Path

import pytest

from forensic_cli.errors import MediaError
from forensic_cli.provenance.files import hash_evidence, hash_open_file, open_read_only


def test_a_regular_file_is_opened_for_reading_only(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"content")
    with open_read_only(path) as file:
        assert file.read() == b"content"
        with pytest.raises(OSError, match="write"):
            file.write(b"x")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(MediaError) as caught:
        open_read_only(tmp_path / "link")
    assert "link" in caught.value.hint


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path = Path(os.devnull)
    with pytest.raises(MediaError, match="not a regular file"):
        open_read_only(path)


@pytest.mark.parametrize("has_pread", [True, False])
def test_a_change_of_the_first_bytes_is_hashed_although_they_were_read_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_pread: bool
) -> None:
    if not has_pread:
        monkeypatch.delattr(os, "pread", raising=False)  # as on Windows
    path = tmp_path / "small.png"
    path.write_bytes(b"A" * 3000)
    with open_read_only(path) as file:
        before = hash_open_file(file, path.name)
        assert file.read(100) == b"A" * 100  # now the object's buffer holds all of it
        path.write_bytes(b"B" * 3000)
        after = hash_open_file(file, path.name)
    assert before.sha256 == hashlib.sha256(b"A" * 3000).hexdigest()
    assert after.sha256 == hashlib.sha256(b"B" * 3000).hexdigest()


@pytest.mark.parametrize("has_pread", [True, False])
def test_hashing_goes_back_to_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_pread: bool
) -> None:
    if not has_pread:
        monkeypatch.delattr(os, "pread", raising=False)
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(range(256)) * 20_000)
    with open_read_only(path) as file:
        file.seek(70_000)
        assert hash_open_file(file, path.name).n_bytes == 256 * 20_000
        assert file.read() == path.read_bytes()


@pytest.mark.skipif(not hasattr(os, "O_NOATIME"), reason="only Linux can leave the access time alone")
def test_reading_leaves_the_time_of_last_access_alone(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"x" * 5000)
    os.utime(path, ns=(10**18, 2 * 10**18))  # so old that even a lazily kept access time would be renewed
    hash_evidence(path)
    assert path.stat().st_atime_ns == 10**18


def test_without_the_right_to_leave_the_access_time_alone_the_file_is_opened_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"content")
    opened = os.open

    def refusing(name: Path, flags: int, *rest: int) -> int:
        if flags & getattr(os, "O_NOATIME", 0):
            raise PermissionError(1, "Operation not permitted")
        return opened(name, flags, *rest)

    monkeypatch.setattr(os, "open", refusing)
    with open_read_only(path) as file:
        assert file.read() == b"content"
