import struct
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from forensic_cli.config import MediaLimits
from forensic_cli.errors import MediaError
from forensic_cli.media.packets import PacketIndex
from forensic_cli.media.probe import VideoProbe, probe, probe_video
from forensic_cli.media.sniff import identify
from forensic_cli.types import MediaKind
from tests.media.clips import X264_OPEN, picture, write_clip, write_sound_only

LIMITS = MediaLimits()


def _warning_codes(path: Path, limits: MediaLimits = LIMITS) -> list[str]:
    with path.open("rb") as file:
        return [one.code for one in probe(file, path.name, identify(file, path.name), limits).warnings]


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", {}),
        ("open.mov", "libx264", {"x264-params": X264_OPEN}),
        ("no-b.mkv", "libx264", {"x264-params": "bframes=0"}),
        ("hevc.mp4", "libx265", {}),
        ("vp9.webm", "libvpx-vp9", {"cpu-used": "8", "deadline": "realtime"}),
        ("mpeg4.mp4", "mpeg4", {"bf": "2"}),
        ("ffv1.mkv", "ffv1", {}),
    ],
)
def test_counting_packets_without_decoding_tells_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, codec: str, options: dict[str, str]
) -> None:
    path = write_clip(tmp_path / name, codec, options=options, rotation_deg=90)

    def found() -> VideoProbe:
        with path.open("rb") as file:
            whole = probe(file, path.name, identify(file, path.name), LIMITS)
            whole.feeder.close()
            return whole

    quick = found()
    monkeypatch.setattr("forensic_cli.media.containers._WELL_DESCRIBED", ())
    slow = found()
    assert (quick.facts, quick.warnings, quick.geometry) == (slow.facts, slow.warnings, slow.geometry)
    for field in fields(PacketIndex):
        np.testing.assert_array_equal(getattr(quick.index, field.name), getattr(slow.index, field.name))


def test_the_facts_of_a_plain_video(tmp_path: Path) -> None:
    metadata = {"title": "Line\n\u202eup", "creation_time": "2021-02-03T04:05:06.000000Z"}
    facts = probe_video(write_clip(tmp_path / "a.mp4", metadata=metadata), LIMITS)
    assert facts.kind is MediaKind.VIDEO
    assert (facts.container, facts.codec, facts.profile) == ("MP4/QuickTime", "h264", "High")
    assert facts.pixel_format == "yuv420p"
    assert (facts.width_px, facts.height_px, facts.coded_width_px, facts.coded_height_px) == (96, 64, 96, 64)
    assert (facts.n_frames, facts.n_frames_declared, facts.n_key_frames) == (60, 60, 5)
    assert (facts.duration_s, facts.frame_rate) == (pytest.approx(2.4), pytest.approx(25))
    assert facts.is_variable_frame_rate is False
    assert (facts.n_video_streams, facts.n_audio_streams) == (1, 0)
    assert facts.encoder.startswith("Lavf")
    assert facts.creation_time == "2021-02-03T04:05:06.000000Z"
    tags = dict(facts.tags)
    assert tags["title"] == "Line\\n\\u202eup"
    assert "x264" in tags["video.encoder_settings"]
    assert list(facts.tags) == sorted(facts.tags)


def test_av1_is_called_av1_and_not_after_its_decoder(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", "libsvtav1", n_frames=3, options={"preset": "12"})
    assert probe_video(path, LIMITS).codec == "av1"


@pytest.mark.parametrize("declared", [0xFFFFFFFF, 1 << 30])
def test_a_header_that_lies_about_its_frames_is_recorded_and_not_believed(
    tmp_path: Path, declared: int
) -> None:
    path = write_clip(tmp_path / "a.avi", "mpeg4", n_frames=20)
    content = bytearray(path.read_bytes())
    # dwTotalFrames of the main header, dwLength of the stream's.
    for marker, offset in ((b"avih", 8 + 16), (b"strh", 8 + 32)):
        struct.pack_into("<I", content, content.index(marker) + offset, declared)
    path.write_bytes(content)
    facts = probe_video(path, LIMITS)
    assert facts.n_frames == 20
    assert facts.n_frames_declared == declared
    assert facts.duration_s == pytest.approx(0.8)
    assert _warning_codes(path) == ["frames-absent"]


@pytest.mark.parametrize("pyav_rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("is_mirrored", [False, True])
def test_rotation_is_reported_clockwise_with_the_size_as_displayed(
    tmp_path: Path, pyav_rotation: int, is_mirrored: bool
) -> None:
    # PyAV turns counter-clockwise and mirrors afterwards; mirroring first is turning the other way.
    path = write_clip(
        tmp_path / "a.mp4", "mpeg4", n_frames=2, rotation_deg=pyav_rotation, is_mirrored=is_mirrored
    )
    facts = probe_video(path, LIMITS)
    clockwise = pyav_rotation if is_mirrored else -pyav_rotation % 360
    assert (facts.rotation_deg, facts.is_mirrored) == (clockwise, is_mirrored)
    assert (facts.coded_width_px, facts.coded_height_px) == (96, 64)
    is_upright = pyav_rotation in {0, 180}
    assert (facts.width_px, facts.height_px) == ((96, 64) if is_upright else (64, 96))


def test_the_quarter_turn_of_a_phones_portrait_video_is_clockwise(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mov", "mpeg4", n_frames=2)
    content = bytearray(path.read_bytes())
    # tkhd version 0: the matrix begins 40 bytes after the version. Phones write 0 1 0 -1 0 0.
    matrix = content.index(b"tkhd") + 4 + 40
    struct.pack_into(">9i", content, matrix, 0, 1 << 16, 0, -(1 << 16), 0, 0, 64 << 16, 0, 1 << 30)
    path.write_bytes(content)
    assert probe_video(path, LIMITS).rotation_deg == 90


def test_a_crooked_display_matrix_is_rounded_and_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", "mpeg4", n_frames=2, rotation_deg=80)
    assert probe_video(path, LIMITS).rotation_deg == 270
    assert _warning_codes(path) == ["rotation-approximate"]


def test_the_pixel_aspect_widens_the_displayed_picture(tmp_path: Path) -> None:
    facts = probe_video(write_clip(tmp_path / "a.mp4", n_frames=2, pixel_aspect=Fraction(4, 3)), LIMITS)
    assert (facts.width_px, facts.height_px) == (128, 64)
    assert (facts.coded_width_px, facts.coded_height_px) == (96, 64)


def test_a_pixel_aspect_that_would_break_the_pixel_limit_is_ignored_and_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", n_frames=2, pixel_aspect=Fraction(4, 1))
    limits = MediaLimits(max_pixels=96 * 64 * 2)
    assert probe_video(path, limits).width_px == 96
    assert _warning_codes(path, limits) == ["aspect-ignored"]


def test_frames_above_the_pixel_limit_are_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"a\.mp4 has frames of 96 x 64 pixels") as caught:
        probe_video(write_clip(tmp_path / "a.mp4", n_frames=2), MediaLimits(max_pixels=96 * 64 - 1))
    assert "--max-pixels to 6144" in caught.value.hint


def test_high_dynamic_range_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    # H.264, not H.265: muxing what x265 makes of two frames fails now and then.
    params = "colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"
    write_clip(path, "libx264", n_frames=2, options={"x264-params": params}, pixel_format="yuv420p10le")
    facts = probe_video(path, LIMITS)
    assert (facts.profile, facts.pixel_format) == ("High 10", "yuv420p10le")
    assert _warning_codes(path) == ["high-dynamic-range"]


def test_a_second_video_stream_is_reported_as_not_examined(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        small, large = (container.add_stream("mpeg4", rate=25) for _ in range(2))
        small.width, small.height, large.width, large.height = 32, 32, 96, 64
        for stream in (small, large):
            stream.pix_fmt = "yuv420p"
        for stream in (small, large):
            frame = av.VideoFrame.from_ndarray(picture(0, stream.width, stream.height), format="rgb24")
            container.mux([*stream.encode(frame), *stream.encode(None)])
    facts = probe_video(path, LIMITS)
    assert facts.n_video_streams == 2
    assert "several-video-streams" in _warning_codes(path)


def test_sound_is_counted_and_a_file_of_sound_alone_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="holds no video stream"):
        probe_video(write_sound_only(tmp_path / "a.mp4"), LIMITS)


def test_a_picture_is_not_read_as_a_video(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(MediaError, match="holds a picture"):
        probe_video(tmp_path / "a.png", LIMITS)


def test_a_video_cut_short_before_its_index_is_a_clean_error(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(MediaError, match=r"a\.mp4 cannot be opened as MP4/QuickTime: Invalid data") as caught:
        probe_video(path, LIMITS)
    assert "acquire" in caught.value.hint


def test_a_video_of_which_no_frame_decodes_is_an_error(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", container_options={"movflags": "faststart"})
    content = bytearray(path.read_bytes())
    start = content.index(b"mdat") + 4
    content[start:] = bytes(len(content) - start)
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r"None of the 60 frames of a\.mp4 can be decoded"):
        probe_video(path, LIMITS)
