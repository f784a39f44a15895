import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from forensic_cli.config import MediaLimits, Sampling
from forensic_cli.errors import MediaError, NotMediaError
from forensic_cli.media import open_media
from forensic_cli.types import FrameCounts, MediaKind
from tests.media.clips import picture, write_clip

LIMITS = MediaLimits()


def test_an_image_is_a_stream_of_one_frame(tmp_path: Path) -> None:
    Image.fromarray(picture(0)).save(tmp_path / "a.png")
    with open_media(tmp_path / "a.png", Sampling(), LIMITS) as source:
        (frame,) = source.frames()
    np.testing.assert_array_equal(frame.image, picture(0))
    assert source.facts.kind is MediaKind.IMAGE
    assert source.counts == FrameCounts(1, 1, 1, 0, 0)
    assert source.warnings == ()


def test_a_video_is_opened_by_the_same_call(tmp_path: Path) -> None:
    with open_media(write_clip(tmp_path / "a.mov"), Sampling(fps=1), LIMITS) as source:
        assert [frame.index for frame in source.frames()] == [0, 25, 50]
    assert source.facts.kind is MediaKind.VIDEO


def test_content_decides_and_a_name_that_promises_otherwise_is_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", n_frames=3).rename(tmp_path / "holiday.jpg")
    with open_media(path, Sampling(), LIMITS) as source:
        assert source.facts.kind is MediaKind.VIDEO
        (warning,) = source.warnings
    assert warning.code == "suffix-differs"
    assert "JPEG" in warning.message
    assert "MP4" in warning.message
    Image.fromarray(picture(0)).save(tmp_path / "a.tif", "PNG")
    with open_media(tmp_path / "a.tif", Sampling(), LIMITS) as source:
        assert [warning.code for warning in source.warnings] == ["suffix-differs"]


def test_text_is_no_media_and_a_playlist_called_mp4_fails(tmp_path: Path) -> None:
    write_clip(tmp_path / "sibling.mp4", n_frames=3)
    for name, kind in (("notes.txt", NotMediaError), ("trap.mp4", MediaError)):
        (tmp_path / name).write_text("ffconcat version 1.0\nfile sibling.mp4\n")
        with pytest.raises(kind, match=name), open_media(tmp_path / name, Sampling(), LIMITS):
            pytest.fail("it was opened")


def test_a_link_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "link.mp4").symlink_to(write_clip(tmp_path / "a.mp4", n_frames=3))
    with pytest.raises(MediaError), open_media(tmp_path / "link.mp4", Sampling(), LIMITS):
        pytest.fail("it was opened")


@pytest.mark.parametrize(
    "name", [b"\xff\xfe.mp4", "\u202egpj.mp4".encode(), b"a:b?*<i>.mp4", b"-i.mp4", b"%03d.mp4"]
)
def test_odd_names_are_opened_like_any_other(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))  # noqa: PTH118
    write_clip(tmp_path / "plain.mp4", n_frames=3).rename(path)
    with open_media(path, Sampling(), LIMITS) as source:
        assert len(list(source.frames())) == 1


def test_reading_changes_neither_the_file_nor_its_modification_time(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", n_frames=5)
    path.chmod(0o444)
    before, content = path.stat(), path.read_bytes()
    with open_media(path, Sampling(), LIMITS) as source:
        list(source.frames())
    after = path.stat()
    assert (before.st_mtime_ns, before.st_ctime_ns, before.st_size) == (
        after.st_mtime_ns,
        after.st_ctime_ns,
        after.st_size,
    )
    assert path.read_bytes() == content


def test_no_descriptor_is_left_open_even_after_errors(tmp_path: Path) -> None:
    good, bad = write_clip(tmp_path / "a.mp4", n_frames=5), tmp_path / "b.mp4"
    bad.write_bytes(good.read_bytes()[:400])
    n_before = len(list(Path("/proc/self/fd").iterdir()))
    for path in (good, bad) * 3:
        try:
            with open_media(path, Sampling(), LIMITS) as source:
                next(source.frames())
        except MediaError:
            assert path == bad
    assert len(list(Path("/proc/self/fd").iterdir())) == n_before


def test_pictures_are_read_without_ffmpeg_and_nothing_here_loads_torch_or_dlib(tmp_path: Path) -> None:
    Image.fromarray(picture(0)).save(tmp_path / "a.png")
    write_clip(tmp_path / "a.mp4", n_frames=2)
    code = """
import sys
from pathlib import Path
from forensic_cli.config import MediaLimits, Sampling
from forensic_cli.media import open_media
for name in ("a.png", "a.mp4"):
    with open_media(Path(name), Sampling(), MediaLimits()) as source:
        list(source.frames())
    print(sorted({"av", "PIL", "cv2", "torch", "dlib"} & set(sys.modules)))
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["['PIL']", "['PIL', 'av', 'cv2']"]
