"""The layout of containers, and who says that they wrote them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from forensic_cli.factsheet import ContainerFacts, Reason
from tests.media.clips import write_clip
from tests.media.facts.sheets import facts_of, missing


def layout_of(path: Path) -> ContainerFacts:
    container = facts_of(path).container
    assert container is not None
    return container


def test_mp4_boxes_are_listed_in_their_order(tmp_path: Path) -> None:
    layout = layout_of(write_clip(tmp_path / "a.mp4", n_frames=12))
    assert layout.brand == "isom"
    assert "avc1" in layout.compatible_brands
    assert [section.name for section in layout.sections] == ["ftyp", "free", "mdat", "moov"]
    assert layout.is_index_first is False
    assert layout.n_trailing_bytes == 0
    assert (
        layout.sections[-1].offset_bytes + layout.sections[-1].n_bytes == (tmp_path / "a.mp4").stat().st_size
    )


def test_a_file_made_for_streaming_has_its_index_first(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", n_frames=12, container_options={"movflags": "faststart"})
    assert layout_of(path).is_index_first is True


def test_bytes_behind_the_last_box_are_counted(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", n_frames=12)
    path.write_bytes(path.read_bytes() + b"\xff" * 100)
    sheet = facts_of(path)
    assert sheet.container is not None
    assert sheet.container.n_trailing_bytes == 100
    assert missing(sheet)["container.sections"] is Reason.MALFORMED


def test_edit_lists_are_read_in_seconds(tmp_path: Path) -> None:
    layout = layout_of(write_clip(tmp_path / "a.mp4", n_frames=50))
    (edit,) = layout.edits
    assert (edit.track_id, edit.rate) == (1, 1.0)
    assert edit.duration_s == pytest.approx(2.0)
    # B pictures delay the first one by two frames, which the edit takes back.
    assert edit.media_start_s == pytest.approx(0.08)


def test_header_times_are_read_as_they_are_written(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", n_frames=12, metadata={"creation_time": "2021-03-04T05:06:07Z"})
    times = dict(layout_of(path).header_times)
    assert times["movie created"] == "2021-03-04T05:06:07Z"


def test_header_times_that_are_not_set_are_not_determined(tmp_path: Path) -> None:
    sheet = facts_of(write_clip(tmp_path / "a.mp4", n_frames=12))
    assert missing(sheet)["container.header_times"] is Reason.ABSENT


def test_every_encoder_that_names_itself_is_listed(tmp_path: Path) -> None:
    sheet = facts_of(write_clip(tmp_path / "a.mp4", n_frames=12))
    marks = {mark.place: mark.text for mark in sheet.encoders}
    assert marks["SEI user data"].startswith("x264 - core")
    assert "options: cabac=1" in marks["SEI user data"]
    assert marks["handler vide"] == "VideoHandler"
    assert marks["tag encoder"].startswith("Lavf")


def test_x265_and_mpeg4_name_themselves_too(tmp_path: Path) -> None:
    hevc = facts_of(write_clip(tmp_path / "a.mp4", "libx265", n_frames=12))
    assert any(mark.text.startswith("x265") for mark in hevc.encoders)
    mpeg4 = facts_of(write_clip(tmp_path / "a.avi", "mpeg4", n_frames=12))
    assert any(mark.place == "user data" and mark.text.startswith("Lavc") for mark in mpeg4.encoders)


def test_matroska_elements_and_applications(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", n_frames=30, metadata={"creation_time": "2021-03-04T05:06:07Z"})
    sheet = facts_of(path)
    assert sheet.container is not None
    assert sheet.container.brand == "matroska"
    names = [section.name for section in sheet.container.sections]
    assert names[0] == "EBML"
    assert names.index("Info") < names.index("Tracks") < names.index("Cluster") < names.index("Cues")
    assert sheet.container.n_trailing_bytes == 0
    places = {mark.place for mark in sheet.encoders}
    assert {"muxing application", "writing application"} <= places


def test_avi_chunks(tmp_path: Path) -> None:
    sheet = facts_of(write_clip(tmp_path / "a.avi", "mpeg4", n_frames=12))
    assert sheet.container is not None
    names = [section.name for section in sheet.container.sections]
    assert names[0] == "LIST hdrl"
    assert names.index("LIST movi") < names.index("idx1")
    assert any(mark.place == "ISFT" and mark.text.startswith("Lavf") for mark in sheet.encoders)


def test_a_transport_stream_has_no_layout_of_this_kind(tmp_path: Path) -> None:
    sheet = facts_of(write_clip(tmp_path / "a.ts", n_frames=12, container_format="mpegts"))
    assert sheet.container is None
    assert missing(sheet)["container"] is Reason.NOT_FOR_FORMAT


def test_stream_headers_are_named(tmp_path: Path) -> None:
    options = {"profile": "main", "level": "3.1", "colorprim": "bt709"}
    params = "keyint=12:bframes=0:colorprim=bt709:transfer=bt709:colormatrix=bt709:threads=1"
    sheet = facts_of(write_clip(tmp_path / "a.mp4", n_frames=12, params=params, options=options))
    assert sheet.stream is not None
    assert (sheet.stream.codec, sheet.stream.codec_tag) == ("h264", "avc1")
    assert (sheet.stream.profile, sheet.stream.level) == ("Main", "3.1")
    assert sheet.stream.pixel_format == "yuv420p"
    colour = (sheet.stream.colour_primaries, sheet.stream.colour_transfer, sheet.stream.colour_matrix)
    assert colour == ("bt709", "bt709", "bt709")


def test_a_box_that_claims_more_than_the_file_holds_ends_the_walk(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", n_frames=12, container_options={"movflags": "faststart"})
    content = bytearray(path.read_bytes())
    at = content.rindex(b"mdat") - 4
    content[at : at + 4] = struct.pack(">I", 0x7FFFFFFF)
    path.write_bytes(content)
    sheet = facts_of(path)
    assert sheet.container is not None
    assert [section.name for section in sheet.container.sections][:2] == ["ftyp", "moov"]
    assert missing(sheet)["container.sections"] is Reason.MALFORMED


def test_tiny_boxes_without_end_are_walked_to_the_cap_only(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", n_frames=12)
    path.write_bytes(path.read_bytes() + b"\0\0\0\x08free" * 150_000)
    sheet = facts_of(path)
    assert sheet.container is not None
    assert len(sheet.container.sections) < 10
    assert missing(sheet)["container.sections"] is Reason.CAP
