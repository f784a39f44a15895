from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensic_cli.config import MediaLimits, Sampling, SamplingRule
from forensic_cli.errors import MediaError
from forensic_cli.media.open import MediaSource, open_media
from forensic_cli.types import Frame, FrameCounts, ScanWarning
from tests.media.clips import HEIGHT_PX, WIDTH_PX, picture, reference_frames, write_clip

ALL = Sampling(SamplingRule.ALL)
LIMITS = MediaLimits()
_MS = Fraction(1, 1000)
Reading = tuple[list[Frame], FrameCounts, dict[str, ScanWarning]]


def _assert_balanced(counts: FrameCounts) -> None:
    assert counts.n_in_stream == counts.n_used + counts.n_not_sampled + counts.n_failed
    assert min(counts.n_used, counts.n_not_sampled, counts.n_failed, counts.n_decoded) >= 0


def _read(path: Path, sampling: Sampling = ALL, limits: MediaLimits = LIMITS) -> Reading:
    with open_media(path, sampling, limits) as source:
        frames = []
        for frame in source.frames():
            frames.append(frame)
            _assert_balanced(source.counts)
        _assert_balanced(source.counts)
        assert source.counts.n_used == len(frames)
        return frames, source.counts, {warning.code: warning for warning in source.warnings}


def _break_packets(path: Path, positions: set[int], kept: float = 0.25) -> None:
    """Overwrites the coded data of some packets, counted in decode order, after a part that is kept."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        spans = [(packet.pos, packet.size) for packet in packets]
    content = bytearray(path.read_bytes())
    for position in positions:
        start, size = spans[position]
        assert start is not None
        n_kept = int(kept * size)
        content[start + n_kept : start + size] = bytes(size - n_kept)
    path.write_bytes(content)


def test_frames_carry_their_index_exact_time_and_their_own_picture(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", options={"x264-params": "keyint=12:bframes=3:qp=4"})
    frames, counts, warnings = _read(path, Sampling(fps=5))
    assert [frame.index for frame in frames] == list(range(0, 60, 5))
    assert [frame.pts * frame.time_base for frame in frames] == [
        Fraction(index, 25) for index in range(0, 60, 5)
    ]
    assert [frame.time_s for frame in frames] == pytest.approx([index / 25 for index in range(0, 60, 5)])
    for frame in frames:
        assert frame.image.dtype == np.uint8
        assert frame.image.flags.c_contiguous
        assert np.abs(frame.image.astype(int) - picture(frame.index)).mean() < 12
        others = [np.abs(frame.image.astype(int) - picture(other)).mean() for other in range(60)]
        assert int(np.argmin(others)) == frame.index
    assert (counts.n_in_stream, counts.n_used, counts.n_not_sampled, counts.n_failed) == (60, 12, 48, 0)
    assert warnings == {}


def test_a_rotated_video_is_shown_upright(tmp_path: Path) -> None:
    lying = [np.rot90(picture(index)).copy() for index in range(3)]  # the camera was held turned
    for rotation, is_mirrored in ((270, False), (90, False), (180, False), (0, True), (90, True)):
        path = write_clip(
            tmp_path / "a.mp4",
            options={"x264-params": "qp=4"},
            images=lying,
            rotation_deg=rotation,
            is_mirrored=is_mirrored,
        )
        frames, *_ = _read(path)
        # PyAV's rotation is counter-clockwise, and the mirroring follows it.
        upright = np.rot90(lying[1], rotation // 90)
        upright = upright[:, ::-1] if is_mirrored else upright
        assert frames[1].image.shape == upright.shape
        assert np.abs(frames[1].image.astype(int) - upright).mean() < 12


def test_sampling_through_the_facade_is_pixel_for_pixel_the_full_decode(tmp_path: Path) -> None:
    path = write_clip(
        tmp_path / "a.mkv", n_frames=100, pts=[40 * i + (i % 7) for i in range(100)], time_base=_MS
    )
    reference = dict(reference_frames(path))
    frames, counts, _ = _read(path, Sampling(SamplingRule.COUNT, n_frames=4))
    assert [frame.index for frame in frames] == [12, 37, 62, 87]
    for frame in frames:
        np.testing.assert_array_equal(frame.image, reference[frame.pts])
    assert counts.n_decoded < 45


def test_a_broken_frame_is_counted_and_reported_and_the_rest_examined(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    reference = reference_frames(path)
    _break_packets(path, {26})
    frames, counts, warnings = _read(path)
    assert (counts.n_used, counts.n_failed, counts.n_not_sampled) == (59, 1, 0)
    assert warnings["frames-failed"].n == 1
    assert {frame.index for frame in frames} == set(range(60)) - {25}
    # Other groups (of twelve) are untouched, to the pixel.
    for frame in frames:
        if not 24 <= frame.index < 36:
            np.testing.assert_array_equal(frame.image, reference[frame.index][1])


def test_frames_that_may_show_the_damage_of_an_earlier_one_are_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    reference = reference_frames(path)
    _break_packets(path, {25})  # the first P frame of its group, shown after two or three B frames
    frames, counts, warnings = _read(path)
    differing = {
        frame.index for frame in frames if not np.array_equal(frame.image, reference[frame.index][1])
    }
    assert len(differing) >= 5
    assert differing <= set(range(25, 36))
    assert warnings["frames-after-damage"].n == 36 - 26
    assert counts.n_failed == warnings["frames-failed"].n == 1


def test_a_broken_key_frame_is_not_passed_off_as_examined(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    _break_packets(path, {12})
    frames, _, warnings = _read(path, Sampling(SamplingRule.COUNT, n_frames=5))
    assert [frame.index for frame in frames if not 12 <= frame.index < 24] == [6, 30, 42, 54]
    assert warnings.keys() & {"frames-failed", "frames-after-damage"}


def test_damaged_input_gives_the_same_result_each_time(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", "libx265")
    _break_packets(path, {5, 17, 40})
    first, second = _read(path), _read(path)
    assert first[1:] == second[1:]
    for one, other in zip(first[0], second[0], strict=True):
        np.testing.assert_array_equal(one.image, other.image)


def test_a_video_cut_short_gives_what_is_there(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", container_options={"movflags": "faststart"})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    frames, counts, warnings = _read(path)
    assert 20 <= len(frames) <= 55
    assert counts.n_in_stream + warnings["frames-absent"].n == 60
    assert counts.n_in_stream - counts.n_used <= 3


def test_a_stream_without_a_frame_count_that_is_cut_short_is_reported_by_its_duration(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.webm", "libvpx-vp9", n_frames=100, options={"g": "12"})
    content = path.read_bytes()
    assert "shorter-than-announced" not in _read(path)[2]
    path.write_bytes(content[: len(content) // 2])
    frames, counts, warnings = _read(path)
    assert len(frames) == counts.n_in_stream < 75
    assert "announces 4.0 s" in warnings["shorter-than-announced"].message


def test_when_no_sampled_frame_decodes_the_item_fails_instead_of_showing_no_face(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    _break_packets(path, set(range(24, 60)), kept=0)
    with open_media(path, Sampling(SamplingRule.COUNT, n_frames=1), LIMITS) as source:
        assert source.facts.n_frames == 60
        with pytest.raises(MediaError, match=r"None of the 1 sampled frames of a\.mp4"):
            list(source.frames())
        assert source.counts.n_failed == 1


def test_limits_count_as_not_sampled_and_are_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    _, counts, warnings = _read(path, limits=MediaLimits(max_frames=7))
    assert (counts.n_used, counts.n_not_sampled, warnings["cap-frames"].n) == (7, 53, 53)
    _, counts, warnings = _read(path, limits=MediaLimits(max_duration_s=1))
    assert (counts.n_used, counts.n_not_sampled, warnings["cap-duration"].n) == (25, 35, 35)
    assert counts.n_decoded < 40


def test_frames_that_change_their_size_keep_it_and_are_reported(tmp_path: Path) -> None:
    first = write_clip(tmp_path / "a.ts", n_frames=12)
    larger = [picture(index, 2 * WIDTH_PX, 2 * HEIGHT_PX) for index in range(12)]
    second = write_clip(tmp_path / "b.ts", images=larger, pts=range(15, 27))
    joined = tmp_path / "c.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    frames, counts, warnings = _read(joined)
    assert [frame.image.shape[:2] for frame in frames] == [(64, 96)] * 12 + [(128, 192)] * 12
    assert warnings["size-changes"].n == 12
    # A limit between the two sizes lets the first ones through only.
    frames, counts, warnings = _read(joined, limits=MediaLimits(max_pixels=64 * 96 * 2))
    assert {frame.image.shape[:2] for frame in frames} == {(64, 96)}
    assert counts.n_failed == 12


def test_a_reader_that_stops_early_leaves_consistent_counts(tmp_path: Path) -> None:
    with open_media(write_clip(tmp_path / "a.mp4"), ALL, LIMITS) as source:
        frames = source.frames()
        next(frames)
        next(frames)
        frames.close()  # type: ignore[attr-defined]  # MediaSource promises an iterator only
        _assert_balanced(source.counts)
        assert source.counts.n_used == 2


def test_frames_can_be_read_again_with_the_same_counts(tmp_path: Path) -> None:
    def read_all(source: MediaSource) -> FrameCounts:
        for _ in source.frames():
            pass
        return source.counts

    with open_media(write_clip(tmp_path / "a.mp4"), Sampling(fps=3), LIMITS) as source:
        assert read_all(source) == read_all(source)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(["a.mp4", "b.ts", "c.mkv", "d.avi", "e.webm"]))
def test_damage_anywhere_gives_balanced_counts_or_a_media_error(
    pristine: dict[str, bytes], tmp_path: Path, data: st.DataObject, name: str
) -> None:
    content = bytearray(pristine[name])
    for _ in range(data.draw(st.integers(0, 12))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    path = tmp_path / name
    path.write_bytes(bytes(content))
    sampling = data.draw(st.sampled_from([ALL, Sampling(fps=2), Sampling(SamplingRule.COUNT, n_frames=5)]))
    try:
        frames, *_ = _read(path, sampling, MediaLimits(max_pixels=1_000_000))
    except MediaError as error:
        message, hint = error.message, error.hint
        assert name in message
        assert hint
    else:
        assert [frame.index for frame in frames] == sorted({frame.index for frame in frames})


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("pristine")
    clips = {"a.mp4": "libx264", "b.ts": "libx264", "c.mkv": "libx265", "d.avi": "mpeg4", "e.webm": "libvpx"}
    return {
        name: write_clip(folder / name, codec, n_frames=24, options={"g": "8"}).read_bytes()
        for name, codec in clips.items()
    }
