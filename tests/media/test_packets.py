from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from forensic_cli.config import MediaLimits
from forensic_cli.media import packets
from forensic_cli.media.containers import main_video_stream, open_container
from forensic_cli.media.packets import PacketIndex, read_packet_index
from forensic_cli.media.sniff import identify
from tests.media.clips import X264_OPEN, picture, reference_frames, write_clip

VFR_PTS = [0, *np.cumsum([10 + (37 * index) % 90 for index in range(59)]).tolist()]


def _index(path: Path, max_packets: int = MediaLimits().max_packets) -> PacketIndex:
    with (
        path.open("rb") as file,
        open_container(file, path.name, identify(file, path.name), MediaLimits()) as container,
    ):
        return read_packet_index(container, main_video_stream(container, path.name), max_packets)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.ts", "libx264"), ("a.webm", "libvpx-vp9"), ("a.avi", "mpeg4")],
)
def test_display_order_and_timestamps_are_those_that_a_full_decode_shows(
    tmp_path: Path, name: str, codec: str
) -> None:
    options = {} if codec == "libx264" else {"g": "12"}
    path = write_clip(tmp_path / name, codec, options=options)
    index = _index(path)
    assert index.display_pts.tolist() == [pts for pts, _ in reference_frames(path)]
    assert index.has_timestamps
    assert (index.n_frames, index.n_key_frames) == (60, 5)
    assert index.frame_rate == pytest.approx(25)
    assert index.duration_s == pytest.approx(2.4)
    assert index.is_variable_frame_rate is False
    assert index.warnings == ()


def test_a_variable_rate_is_seen_and_its_mean_is_exact(tmp_path: Path) -> None:
    index = _index(write_clip(tmp_path / "a.mkv", pts=VFR_PTS, time_base=Fraction(1, 1000)))
    assert index.display_pts.tolist() == VFR_PTS
    assert index.is_variable_frame_rate is True
    assert index.frame_rate == pytest.approx(59 / (VFR_PTS[-1] / 1000))


def test_rounding_to_milliseconds_is_no_variable_rate(tmp_path: Path) -> None:
    pts = [round(index * 1000 / 30) for index in range(60)]
    assert (
        _index(write_clip(tmp_path / "a.mkv", pts=pts, time_base=Fraction(1, 1000))).is_variable_frame_rate
        is False
    )


def test_of_two_frames_the_rate_cannot_be_called_constant(tmp_path: Path) -> None:
    assert _index(write_clip(tmp_path / "a.mp4", n_frames=2)).is_variable_frame_rate is None


def test_in_closed_groups_decoding_starts_at_the_key_frame_before(tmp_path: Path) -> None:
    index = _index(write_clip(tmp_path / "a.mp4"))
    assert [index.decode_start(position) for position in (0, 11, 12, 13, 23, 24)] == [0, 0, 12, 12, 12, 24]


def test_leading_pictures_of_an_open_group_start_at_the_key_frame_before_theirs(tmp_path: Path) -> None:
    index = _index(write_clip(tmp_path / "a.mp4", params=X264_OPEN))
    leading = [
        position
        for position in range(index.n_packets)
        if index.pts[position] < index.pts[index.key_before[position]]
    ]
    assert leading
    for position in leading:
        key = int(index.key_before[position])
        assert index.decode_start(position) == index.key_before[key - 1]
        assert index.decode_start(key) == key


def test_h264_in_avi_has_no_timestamps_and_ffmpegs_guess_at_them_is_not_believed(tmp_path: Path) -> None:
    index = _index(write_clip(tmp_path / "a.avi"))
    assert not index.has_timestamps
    assert index.display_pts.tolist() == list(range(60))
    (warning,) = index.warnings
    assert (warning.code, warning.n) == ("timestamps-missing", 60)
    assert index.is_variable_frame_rate is None


def test_frames_that_an_edit_list_hides_are_not_shown_but_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", pts=range(-7, 53), container_options={"use_editlist": "1"})
    index = _index(path)
    shown = [pts for pts, _ in reference_frames(path)]
    assert len(shown) == 53
    assert index.display_pts.tolist() == shown
    assert index.n_hidden == 7
    assert [(warning.code, warning.n) for warning in index.warnings] == [("frames-hidden", 7)]


def test_a_repeated_timestamp_keeps_both_frames_and_is_reported() -> None:
    index = packets._ordered(
        Fraction(1, 25),
        np.array([0, 1, 1, 2], dtype=np.int64),
        np.arange(4, dtype=np.int64),
        np.array([True, False, False, False]),
        np.ones(4, dtype=np.bool_),
        Fraction(25),
        1,
        [],
    )
    assert index.display_order.tolist() == [0, 1, 2, 3]
    assert [(warning.code, warning.n) for warning in index.warnings] == [("timestamps-repeated", 1)]


def test_without_any_timestamps_the_count_and_the_rate_give_the_times() -> None:
    missing = np.full(4, np.iinfo(np.int64).min)
    index = packets._ordered(
        Fraction(1, 1000),
        missing,
        missing,
        np.array([True, False, False, False]),
        np.ones(4, dtype=np.bool_),
        Fraction(30),
        0,
        [],
    )
    assert index.display_pts.tolist() == [0, 33, 67, 100]
    assert "30 frames a second" in index.warnings[0].message


def test_a_transport_stream_in_which_a_stream_appears_halfway_is_read_to_its_end(tmp_path: Path) -> None:
    first = write_clip(tmp_path / "a.ts", n_frames=30)
    second = tmp_path / "b.ts"
    with av.open(str(second), "w") as container:
        streams = [container.add_stream("mpeg4", rate=25) for _ in range(4)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for stream in streams:
            frame = av.VideoFrame.from_ndarray(picture(0), format="rgb24")
            container.mux([*stream.encode(frame), *stream.encode(None)])
    # In the middle, far enough behind for the demuxer not to see it when it opens the file.
    joined = tmp_path / "c.ts"
    joined.write_bytes(first.read_bytes() * 400 + second.read_bytes() + first.read_bytes() * 400)
    with av.open(str(joined)) as container:
        assert len(container.streams) == 1
    assert _index(joined).n_packets >= 2 * 30 * 400 - 2  # a frame may be lost at each seam


def test_the_index_stops_at_the_packet_limit_and_says_so(tmp_path: Path) -> None:
    index = _index(write_clip(tmp_path / "a.avi", "mpeg4"), max_packets=20)
    assert index.n_packets == 20
    (warning,) = index.warnings
    assert warning.code == "cap-packets"
    assert "--max-packets" in warning.message
