import os
from pathlib import Path

import pytest

from forensic_cli.errors import MediaError
from forensic_cli.provenance.files import open_read_only


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
