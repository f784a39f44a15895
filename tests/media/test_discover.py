import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from forensic_cli.errors import UsageError
from forensic_cli.media.discover import FoundItem, discover


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_files_of_nested_folders_are_found_in_the_order_of_their_bytes(tmp_path: Path) -> None:
    names = ["b/z.mp4", "b/a/deep.jpg", "B.mp4", "a.txt", "ä.png", ".hidden"]
    for name in names:
        _touch(tmp_path / name)
    found = [item.path.relative_to(tmp_path).as_posix() for item in discover([tmp_path]).items]
    assert found == sorted(names, key=os.fsencode)
    assert all(not item.refusal and not item.named_explicitly for item in discover([tmp_path]).items)


def test_the_same_file_reached_in_three_ways_is_one_item_named_explicitly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = _touch(tmp_path / "folder" / "clip.mp4")
    monkeypatch.chdir(tmp_path)
    items = discover([tmp_path, clip, Path("folder/clip.mp4"), Path("folder/../folder")]).items
    assert len(items) == 1
    assert items[0].named_explicitly
    assert items[0].path.resolve() == clip


def test_two_hard_links_are_two_items(tmp_path: Path) -> None:
    first = _touch(tmp_path / "first.mp4")
    (tmp_path / "second.mp4").hardlink_to(first)
    assert [item.path.name for item in discover([tmp_path]).items] == ["first.mp4", "second.mp4"]


def test_links_in_a_folder_are_items_with_a_reason_and_are_not_followed(tmp_path: Path) -> None:
    outside = _touch(tmp_path / "outside" / "secret.mp4")
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "to-file").symlink_to(outside)
    (folder / "to-folder").symlink_to(outside.parent)
    (folder / "dangling").symlink_to("nowhere")
    found = discover([folder])
    assert [item.path.name for item in found.refused] == ["dangling", "to-file", "to-folder"]
    assert all("symbolic link" in item.refusal and "Name the target" in item.refusal for item in found.items)
    assert str(outside) in found.items[1].refusal
    assert found.openable == ()


def test_a_link_named_explicitly_is_refused_with_the_remedy(tmp_path: Path) -> None:
    link = tmp_path / "link.mp4"
    link.symlink_to(_touch(tmp_path / "target.mp4"))
    (item,) = discover([link]).items
    assert item.named_explicitly
    assert "target.mp4" in item.refusal
    assert "Name the target itself" in item.refusal


def test_pipes_and_sockets_are_items_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    monkeypatch.chdir(tmp_path)  # the path of a socket may not be long
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.mp4")
        found = discover([tmp_path])
    assert [("pipe" in item.refusal, "socket" in item.refusal) for item in found.items] == [
        (True, False),
        (False, True),
    ]


def test_a_device_named_explicitly_is_refused() -> None:
    (item,) = discover([Path(os.devnull)]).items
    assert "device" in item.refusal


def test_a_folder_that_cannot_be_listed_is_an_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _touch(tmp_path / "locked" / "clip.mp4")
    _touch(tmp_path / "open" / "clip.mp4")
    scandir = os.scandir

    def refusing(path: Path) -> "os._ScandirIterator[str]":
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = discover([tmp_path])
    assert [item.path.name for item in found.refused] == ["locked"]
    assert "Permission denied" in found.refused[0].refusal
    assert found.openable == (FoundItem(tmp_path / "open" / "clip.mp4", False),)


def test_a_name_of_undecodable_bytes_is_found(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/\xff\xfe.mp4"
    os.close(os.open(raw, os.O_CREAT | os.O_WRONLY))
    (item,) = discover([tmp_path]).items
    assert os.fsencode(item.path) == raw


def test_a_very_deep_tree_is_walked(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 10, dir_fd=here)
        deeper = os.open("d" * 10, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(os.open("clip.mp4", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    assert [item.path.name for item in discover([tmp_path]).items] == ["clip.mp4"]


@pytest.mark.parametrize("name", ["absent.mp4", "absent/clip.mp4", "file/below", "nul\0byte"])
def test_a_path_that_does_not_exist_is_a_usage_error_that_names_it(tmp_path: Path, name: str) -> None:
    _touch(tmp_path / "file")
    with pytest.raises(UsageError) as caught:
        discover([tmp_path / name])
    assert name in caught.value.message


def test_importing_discover_loads_no_decoder() -> None:
    code = (
        "import sys, forensic_cli.media.discover; print({'av','PIL','cv2','torch','dlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
