from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from av.container import InputContainer
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from forensic_cli.config import MediaLimits
from forensic_cli.media.colour import Geometry, RgbConverter
from forensic_cli.media.containers import open_container
from forensic_cli.media.decoding import FrameDecoder, LinearDecoder, RunDecoder, frame_decoder, plan_runs
from forensic_cli.media.feeding import PacketFeeder
from forensic_cli.media.packets import PacketIndex
from forensic_cli.media.probe import probe, stream_opener
from forensic_cli.media.sniff import identify
from tests.media.clips import X264_OPEN, X264_REFRESH, reference_frames, write_clip

LIMITS = MediaLimits()
CLIPS = {
    "h264-closed.mp4": ("libx264", {}),
    "h264-open.mov": ("libx264", {"x264-params": X264_OPEN}),
    "h264-open.ts": ("libx264", {"x264-params": X264_OPEN}),
    "h264-refresh.mp4": ("libx264", {"x264-params": X264_REFRESH}),
    "h264-untimed.avi": ("libx264", {}),
    "hevc-open.mp4": ("libx265", {}),
    "vp8.webm": ("libvpx", {"g": "12"}),
    "vp9.webm": ("libvpx-vp9", {"g": "12", "cpu-used": "8", "deadline": "realtime"}),
    "mpeg4.avi": ("mpeg4", {"g": "12"}),
    "mpeg4-b-frames.avi": ("mpeg4", {"g": "12", "bf": "2"}),
    "mjpeg.avi": ("mjpeg", {}),
}


class Reference(list[tuple[int, NDArray[np.uint8]]]):
    """(pts, RGB) of every frame. A failing test does not print all the pixels."""

    def __repr__(self) -> str:
        return f"Reference of {len(self)} frames"


@pytest.fixture(scope="module", params=CLIPS)
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Reference]:
    codec, options = CLIPS[request.param]
    pixel_format = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = tmp_path_factory.mktemp("clips") / request.param
    write_clip(path, codec, options=options, pixel_format=pixel_format)
    return path, Reference(reference_frames(path))


@contextmanager
def _decoder(path: Path, goes_on: bool = False) -> Iterator[tuple[FrameDecoder, PacketIndex]]:
    """A decoder that starts afresh, or one that goes on where the probe stopped."""
    with path.open("rb") as file:
        file_format = identify(file, path.name)
        found = probe(file, path.name, file_format, LIMITS)
        with closing(found.feeder) as feeder:
            if not goes_on:
                feeder.close()
                feeder = PacketFeeder(stream_opener(file, path.name, file_format, LIMITS), {})
            with closing(feeder):
                yield frame_decoder(feeder, found.index), found.index


def _check(path: Path, reference: Reference, targets: list[int], goes_on: bool = False) -> int:
    """Decodes the targets, compares them with the reference, and returns how many frames that took."""
    converter = RgbConverter(Geometry())
    with _decoder(path, goes_on) as (decoder, index):
        found = []
        for rank, frame in decoder.frames(np.array(targets, dtype=np.int64)):
            np.testing.assert_array_equal(converter.convert(frame), reference[rank][1])
            if index.has_timestamps:
                assert frame.pts == index.display_pts[rank] == reference[rank][0]
            found.append(rank)
        assert found == targets
        assert (decoder.tally.n_failed, decoder.tally.n_after_damage) == (0, 0)
        return decoder.tally.n_decoded


@settings(max_examples=25, deadline=None)
@given(targets=st.sets(st.integers(0, 59), min_size=1).map(sorted), goes_on=st.booleans())
def test_any_sample_is_pixel_for_pixel_what_a_full_decode_gives(
    clip: tuple[Path, Reference], targets: list[int], goes_on: bool
) -> None:
    _check(*clip, targets, goes_on)


def test_every_frame_can_be_had_alone(clip: tuple[Path, Reference]) -> None:
    for rank in range(0, 60, 7):
        _check(*clip, [rank])


def test_a_full_sample_decodes_each_frame_once(clip: tuple[Path, Reference]) -> None:
    assert _check(*clip, list(range(60))) == 60


def test_what_the_probe_decoded_is_not_decoded_again(clip: tuple[Path, Reference]) -> None:
    path, reference = clip
    n_opened = 0

    def counting(*args: Any, **options: Any) -> InputContainer:
        nonlocal n_opened
        n_opened += 1
        return open_container(*args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forensic_cli.media.probe.open_container", counting)
        assert _check(path, reference, list(range(60)), goes_on=True) == 60
    # Once for the packets, once for the frames.
    assert n_opened == 2


def test_after_much_that_is_broken_decoding_starts_afresh(tmp_path: Path) -> None:
    """What a probe keeps is little, however many frames it decodes before one that is whole."""
    path = write_clip(tmp_path / "a.mp4")
    reference = Reference(reference_frames(path))
    with path.open("rb") as file:
        feeder = PacketFeeder(stream_opener(file, path.name, identify(file, path.name), LIMITS), {})
        with closing(feeder):
            assert sum(len(step.frames) for step in islice(feeder.beginning(60), 20)) > 4
            frames = [frame for step in feeder.decode(0, 60) for frame in step.frames]
            assert [frame.pts for frame in frames] == [pts for pts, _ in reference]
            # A run that begins elsewhere meets nothing of the beginning.
            assert list(islice(feeder.beginning(60), 2))
            (later,) = {frame.pts for step in feeder.decode(12, 13) for frame in step.frames}
            assert later == reference[12][0]


def test_a_sparse_sample_decodes_well_below_the_whole(clip: tuple[Path, Reference]) -> None:
    path, reference = clip
    n_decoded = _check(path, reference, [3, 27, 51])
    if "untimed" in path.name:
        assert n_decoded >= 51
    elif "refresh" in path.name:
        # A gradual refresh has no key frame to begin at, except the first.
        assert n_decoded >= 51
    else:
        assert n_decoded <= 18


def test_frames_that_nothing_refers_to_are_not_decoded_on_the_way(tmp_path: Path) -> None:
    path = write_clip(
        tmp_path / "a.mp4", options={"x264-params": "keyint=60:bframes=3:b-adapt=0:b-pyramid=none"}
    )
    assert _check(path, Reference(reference_frames(path)), [57]) < 25


def test_the_stream_decides_how_it_is_decoded(clip: tuple[Path, Reference]) -> None:
    with _decoder(clip[0]) as (decoder, _):
        assert isinstance(decoder, LinearDecoder if "untimed" in clip[0].name else RunDecoder)


def test_targets_that_share_packets_share_a_run_and_distant_ones_do_not(tmp_path: Path) -> None:
    with _decoder(write_clip(tmp_path / "a.mp4")) as (_, index):
        runs = plan_runs(index, np.array([0, 1, 14, 40], dtype=np.int64))
    assert [(run.start, run.targets) for run in runs] == [(0, [0, 1]), (12, [14]), (36, [40])]
    assert all(run.start < run.stop <= run.start + 12 for run in runs)


def test_a_sample_can_be_taken_twice_from_one_decoder(tmp_path: Path) -> None:
    with _decoder(write_clip(tmp_path / "a.mp4")) as (decoder, _):
        targets = np.array([5, 30], dtype=np.int64)
        first = [rank for rank, _ in decoder.frames(targets)]
        assert first == [rank for rank, _ in decoder.frames(targets)] == [5, 30]
