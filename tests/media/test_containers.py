from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from forensic_cli.config import MediaLimits
from forensic_cli.errors import MediaError
from forensic_cli.media import sniff
from forensic_cli.media.containers import main_video_stream, open_container
from forensic_cli.types import MediaKind
from tests.media.clips import picture, write_clip, write_sound_only

LIMITS = MediaLimits()


def test_a_playlist_called_mp4_opens_no_sibling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_clip(tmp_path / "sibling.mp4", "mpeg4", n_frames=3)
    trap = tmp_path / "trap.mp4"
    trap.write_text("ffconcat version 1.0\nfile sibling.mp4\n")
    monkeypatch.chdir(tmp_path)
    with av.open(str(trap)) as container:  # the danger is real: FFmpeg left alone follows it
        assert container.format.name == "concat"
    with trap.open("rb") as file:
        for file_format in (sniff.ISO_BMFF, sniff.MATROSKA, sniff.AVI, sniff.MPEG_TS):
            with pytest.raises(MediaError, match=r"trap\.mp4 cannot be opened"):
                open_container(file, "trap.mp4", file_format, LIMITS)


def test_the_whitelist_alone_refuses_a_playlist(tmp_path: Path) -> None:
    trap = tmp_path / "trap.mp4"
    trap.write_text("ffconcat version 1.0\nfile sibling.mp4\n")
    as_playlist = sniff.FileFormat(MediaKind.VIDEO, "playlist", "concat", frozenset())
    with trap.open("rb") as file, pytest.raises(MediaError):
        open_container(file, "trap.mp4", as_playlist, LIMITS)


def test_a_file_without_video_is_refused(tmp_path: Path) -> None:
    path = write_sound_only(tmp_path / "a.mp4")
    with (
        path.open("rb") as file,
        open_container(file, "a.mp4", sniff.ISO_BMFF, LIMITS) as container,
        pytest.raises(MediaError, match=r"a\.mp4 holds no video stream"),
    ):
        main_video_stream(container, "a.mp4")


def _write_with_cover(path: Path, with_film: bool) -> None:
    with av.open(str(path), "w") as container:
        film = container.add_stream("mpeg4", rate=25) if with_film else None
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 640, 480, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        if film is not None:
            film.width, film.height, film.pix_fmt = 96, 64, "yuv420p"
            for index in range(3):
                container.mux(film.encode(av.VideoFrame.from_ndarray(picture(index), format="rgb24")))
            container.mux(film.encode(None))
        else:
            sound = container.add_stream("aac", rate=16000)
            sound.layout = "mono"
            samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            samples.rate = 16000
            container.mux(sound.encode(samples))
            container.mux(sound.encode(None))
        container.mux(cover.encode(av.VideoFrame.from_ndarray(picture(9, 640, 480), format="rgb24")))
        container.mux(cover.encode(None))


def test_a_cover_picture_is_not_the_video(tmp_path: Path) -> None:
    _write_with_cover(tmp_path / "a.mp4", with_film=True)
    with (
        (tmp_path / "a.mp4").open("rb") as file,
        open_container(file, "a.mp4", sniff.ISO_BMFF, LIMITS) as container,
    ):
        assert len(container.streams.video) == 2
        assert main_video_stream(container, "a.mp4").width == 96


def test_sound_with_a_cover_picture_holds_no_video(tmp_path: Path) -> None:
    _write_with_cover(tmp_path / "a.mp4", with_film=False)
    with (
        (tmp_path / "a.mp4").open("rb") as file,
        open_container(file, "a.mp4", sniff.ISO_BMFF, LIMITS) as container,
        pytest.raises(MediaError, match="holds no video stream"),
    ):
        main_video_stream(container, "a.mp4")


def test_a_tag_in_another_encoding_does_not_cost_the_item(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.avi", "mpeg4", n_frames=2, metadata={"title": "PLACEHOLDER"})
    path.write_bytes(path.read_bytes().replace(b"PLACEHOLDER", b"Z\xfcrich \xff\xfe  "))
    with path.open("rb") as file, open_container(file, "a.avi", sniff.AVI, LIMITS) as container:
        assert container.metadata["title"].startswith("Z\ufffdrich")


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_more_streams_than_the_limit_are_refused_and_counted(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"many.{suffix}"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("mpeg4", rate=25) for _ in range(70)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for stream in streams:
            frame = av.VideoFrame.from_ndarray(picture(0), format="rgb24")
            container.mux([*stream.encode(frame), *stream.encode(None)])
    with path.open("rb") as file:
        file_format = sniff.identify(file, path.name)
        with pytest.raises(MediaError, match="holds 70 streams, more than the limit of 64") as caught:
            open_container(file, path.name, file_format, LIMITS)
        assert "--max-streams to 70" in caught.value.hint
        with open_container(file, path.name, file_format, MediaLimits(max_streams=70)) as container:
            assert len(container.streams) == 70
