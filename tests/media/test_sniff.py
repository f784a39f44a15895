import io
from pathlib import Path

import pytest
from PIL import Image

from forensic_cli.errors import MediaError, NotMediaError
from forensic_cli.media.sniff import identify, promised_format, sniff
from forensic_cli.types import MediaKind
from tests.media.clips import write_clip, write_sound_only


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
def test_pictures_are_known_by_content_whatever_their_name(tmp_path: Path, form: str) -> None:
    path = tmp_path / "evidence.mp4"
    Image.new("RGB", (8, 8)).save(path, form)
    assert sniff(path) is MediaKind.IMAGE
    with path.open("rb") as file:
        assert identify(file, path.name).reader == form
        assert file.tell() == 0


@pytest.mark.parametrize(
    ("name", "codec", "reader"),
    [
        ("a.mp4", "mpeg4", "mov"),
        ("a.mov", "mpeg4", "mov"),
        ("a.3gp", "mpeg4", "mov"),
        ("a.mkv", "mpeg4", "matroska"),
        ("a.webm", "libvpx", "matroska"),
        ("a.avi", "mpeg4", "avi"),
        ("a.ts", "mpeg4", "mpegts"),
        ("a.m2ts", "mpeg4", "mpegts"),
    ],
)
def test_videos_are_known_by_content_whatever_their_name(
    tmp_path: Path, name: str, codec: str, reader: str
) -> None:
    path = write_clip(tmp_path / name, codec, n_frames=5).rename(tmp_path / "evidence.txt")
    assert sniff(path) is MediaKind.VIDEO
    with path.open("rb") as file:
        assert identify(file, path.name).reader == reader


def test_a_transport_stream_that_begins_in_mid_packet_is_known(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.ts", "mpeg4", n_frames=5)
    path.write_bytes(path.read_bytes()[77:])
    assert sniff(path) is MediaKind.VIDEO


@pytest.mark.parametrize("content", [b"Dear colleague,\n", b"BMW is a car\n" * 9, b"PK\x03\x04" + bytes(99)])
def test_a_file_of_another_kind_is_no_media_and_the_hint_lists_the_formats(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(NotMediaError) as caught:
        sniff(path)
    assert caught.value.message.startswith("notes.txt is neither an image nor a video")
    assert "JPEG" in caught.value.hint
    assert "MKV" in caught.value.hint


@pytest.mark.parametrize("name", ["clip.mp4", "CLIP.MOV", "photo.jpeg", "photo.heic"])
def test_a_file_called_like_media_without_being_it_fails_instead_of_being_skipped(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"ffconcat version 1.0\nfile other.mp4\n")
    with pytest.raises(MediaError, match=r"is called .* but does not hold") as caught:
        sniff(path)
    assert not isinstance(caught.value, NotMediaError)


@pytest.mark.parametrize(
    ("header", "what"),
    [
        (b"GIF89a", "GIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIF"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"),
        (b"II*\0\x10\0\0\0CR\x02\0", "camera raw"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media"),
        (b"\0\0\x01\xba", "MPEG programme"),
    ],
)
def test_media_that_is_not_read_fails_with_advice_to_convert(
    tmp_path: Path, header: bytes, what: str
) -> None:
    path = tmp_path / "evidence.bin"
    path.write_bytes(header + bytes(64))
    with pytest.raises(MediaError, match=what) as caught:
        sniff(path)
    assert not isinstance(caught.value, NotMediaError)
    assert "Convert" in caught.value.hint


def test_an_empty_file_fails_as_empty(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(MediaError, match="is empty"):
        sniff(tmp_path / "notes.txt")


def test_a_sound_file_of_the_same_family_as_mp4_passes_as_container(tmp_path: Path) -> None:
    # Only the streams inside tell; the video reader refuses it.
    assert sniff(write_sound_only(tmp_path / "a.mp4")) is MediaKind.VIDEO


def test_a_name_promises_the_format_of_its_suffix() -> None:
    jpeg = promised_format("A.JPG")
    assert jpeg is not None
    assert identify(io.BytesIO(b"\xff\xd8\xff\xe0"), "x") is jpeg
    assert promised_format("notes.txt") is None
