"""Picture types and groups agree with what the decoder says of every frame."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from av.video.frame import PictureType

from forensic_cli.factsheet import FrameFacts, Reason
from tests.media.clips import X264_CLOSED, X264_OPEN, X264_REFRESH, X265_OPEN, write_clip
from tests.media.facts.sheets import facts_of, missing


def decoded_types(path: Path) -> str:
    """The decoder's own account, in display order: the reference."""
    with av.open(str(path)) as container:
        return "".join(PictureType(frame.pict_type).name[0] for frame in container.decode(video=0))


def frames_of(path: Path) -> FrameFacts:
    frames = facts_of(path).frames
    assert frames is not None
    return frames


@pytest.mark.parametrize(
    ("name", "codec", "params", "container_format"),
    [
        ("closed.mp4", "libx264", X264_CLOSED, None),
        ("open.mp4", "libx264", X264_OPEN, None),
        ("refresh.mp4", "libx264", X264_REFRESH, None),
        ("annex-b.ts", "libx264", X264_OPEN, "mpegts"),
        ("hevc.mp4", "libx265", X265_OPEN, None),
        ("hevc.ts", "libx265", X265_OPEN, "mpegts"),
        ("mpeg4.avi", "mpeg4", "", None),
        ("mpeg2.ts", "mpeg2video", "", "mpegts"),
    ],
)
def test_picture_types_are_those_that_the_decoder_reports(
    tmp_path: Path, name: str, codec: str, params: str, container_format: str | None
) -> None:
    options = {} if codec.startswith("lib") else {"bf": "2", "g": "12"}
    path = write_clip(
        tmp_path / name, codec, params=params, options=options, container_format=container_format
    )
    types = decoded_types(path)
    frames = frames_of(path)
    assert frames.n_frames == 60
    assert (frames.n_i, frames.n_p, frames.n_b) == (types.count("I"), types.count("P"), types.count("B"))
    assert frames.n_other == 0
    assert frames.max_b_run == max(len(run) for run in types.replace("I", "P").split("P"))
    if frames.first_pattern and name != "mpeg4.avi":
        assert types.startswith(frames.first_pattern)


def test_closed_groups_of_twelve_are_regular(tmp_path: Path) -> None:
    frames = frames_of(write_clip(tmp_path / "a.mp4", params=X264_CLOSED))
    assert (frames.n_groups, frames.n_key) == (5, 5)
    assert (frames.group_frames_min, frames.group_frames_median, frames.group_frames_max) == (12, 12, 12)
    assert frames.is_regular is True
    assert frames.n_open_groups == 0


@pytest.mark.parametrize(("codec", "params"), [("libx264", f"{X264_OPEN}:b-adapt=0"), ("libx265", X265_OPEN)])
def test_open_groups_are_counted(tmp_path: Path, codec: str, params: str) -> None:
    frames = frames_of(write_clip(tmp_path / "a.mp4", codec, params=params))
    assert frames.n_open_groups == frames.n_groups - 1


def test_a_scene_cut_makes_groups_irregular(tmp_path: Path) -> None:
    from tests.media.clips import picture

    images = [picture(index) if index < 31 else 255 - picture(9 * index) for index in range(60)]
    params = "keyint=24:min-keyint=1:scenecut=40:bframes=0:threads=1"
    frames = frames_of(write_clip(tmp_path / "a.mp4", params=params, images=images))
    assert frames.is_regular is False
    assert frames.group_frames_min < frames.group_frames_max


def test_one_group_leaves_regularity_open(tmp_path: Path) -> None:
    params = "keyint=250:scenecut=0:threads=1"
    frames = frames_of(write_clip(tmp_path / "a.mp4", n_frames=20, params=params))
    assert frames.n_groups == 1
    assert frames.is_regular is None
    assert frames.group_frames_max == 20


def test_types_that_packets_do_not_show_are_not_determined(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.webm", "libvpx", n_frames=10)
    sheet = facts_of(path)
    assert sheet.frames is not None
    assert (sheet.frames.n_i, sheet.frames.n_p, sheet.frames.n_b) == (None, None, None)
    assert sheet.frames.n_key >= 1
    assert missing(sheet)["frames.n_i"] is Reason.NOT_FOR_CODEC


def test_motion_jpeg_is_all_intra(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.avi", "mjpeg", n_frames=8, pixel_format="yuvj420p")
    frames = frames_of(path)
    assert (frames.n_i, frames.n_p, frames.n_b, frames.n_open_groups) == (8, 0, 0, 0)
