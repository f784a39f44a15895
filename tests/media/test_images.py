import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from forensic_cli.config import MediaLimits
from forensic_cli.errors import MediaError
from forensic_cli.media.images import read_image
from forensic_cli.types import MediaKind
from tests.media.clips import picture, write_clip

LIMITS = MediaLimits()
STORED = picture(3)
STORED_HEIGHT_PX, STORED_WIDTH_PX = STORED.shape[:2]


def _noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))


def _png_header_of(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.png", {}), ("a.bmp", {}), ("a.tiff", {}), ("a.webp", {"lossless": True, "exact": True})],
)
def test_a_lossless_picture_comes_back_pixel_for_pixel(
    tmp_path: Path, name: str, options: dict[str, object]
) -> None:
    Image.fromarray(STORED).save(tmp_path / name, **options)
    reading = read_image(tmp_path / name, LIMITS)
    np.testing.assert_array_equal(reading.frame.image, STORED)
    assert reading.frame.image.flags.writeable
    assert reading.facts.kind is MediaKind.IMAGE
    assert (reading.facts.width_px, reading.facts.height_px) == (STORED_WIDTH_PX, STORED_HEIGHT_PX)
    assert (reading.frame.index, reading.frame.pts, reading.frame.time_s) == (0, 0, 0.0)
    assert reading.warnings == ()


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.jpg", {"quality": 100, "subsampling": 0}),
        ("a.png", {}),
        ("a.webp", {"lossless": True}),
        ("a.tiff", {}),
        ("a.tiff", {"compression": "tiff_lzw"}),
    ],
)
def test_every_exif_orientation_is_applied_once_in_every_format(
    tmp_path: Path, name: str, options: dict[str, object], value: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    Image.fromarray(STORED).save(tmp_path / name, exif=exif.tobytes(), **options)
    reading = read_image(tmp_path / name, LIMITS)
    upright = {
        1: STORED,
        2: STORED[:, ::-1],
        3: STORED[::-1, ::-1],
        4: STORED[::-1],
        5: STORED.transpose(1, 0, 2),
        6: np.rot90(STORED, -1),
        7: np.rot90(STORED, 2).transpose(1, 0, 2),
        8: np.rot90(STORED, 1),
    }[value]
    assert reading.frame.image.shape == upright.shape
    assert np.abs(reading.frame.image.astype(int) - upright).mean() < 2
    facts = reading.facts
    assert (facts.coded_width_px, facts.coded_height_px) == (STORED_WIDTH_PX, STORED_HEIGHT_PX)
    assert (facts.height_px, facts.width_px) == upright.shape[:2]
    assert facts.is_mirrored == (value in {2, 4, 5, 7})
    assert ("Orientation", str(value)) in facts.exif


def test_exif_entries_are_readable_sorted_and_safe_to_print(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker\u202e"
    exif[0x0110] = "M" * 500
    exif[0x0131] = "Editor\n1.0"
    exif.get_ifd(0x8769)[0x9003] = "2021:02:03 04:05:06"
    exif.get_ifd(0x8769)[0x927C] = bytes(range(256))
    exif.get_ifd(0x8825)[1] = "N"
    Image.fromarray(STORED).save(tmp_path / "a.jpg", exif=exif)
    entries = read_image(tmp_path / "a.jpg", LIMITS).facts.exif
    assert list(entries) == sorted(entries)
    found = dict(entries)
    assert found["DateTimeOriginal"] == "2021:02:03 04:05:06"
    assert found["Software"] == "Editor\\n1.0"
    assert found["Model"] == "M" * 200 + "…"
    assert found["MakerNote"] == "(256 bytes)"
    assert found["GPSInfo"] == "present, 1 entries"
    assert all(text.isprintable() for text in found.values())


def test_broken_exif_costs_the_exif_and_not_the_picture(tmp_path: Path) -> None:
    Image.fromarray(STORED).save(tmp_path / "a.png", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    reading = read_image(tmp_path / "a.png", LIMITS)
    np.testing.assert_array_equal(reading.frame.image, STORED)
    assert reading.facts.exif == ()
    (warning,) = reading.warnings
    assert warning.code == "file-irregular"
    assert "Corrupt EXIF data" in warning.message


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.jpg", {}), ("a.png", {}), ("a.tiff", {"compression": "tiff_lzw"}), ("a.webp", {}), ("a.bmp", {})],
)
def test_a_picture_cut_short_fails_instead_of_coming_out_half_grey(
    tmp_path: Path, name: str, options: dict[str, object]
) -> None:
    path = tmp_path / name
    _noise().save(path, **options)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(MediaError, match=f"{name} is damaged or cut short") as caught:
        read_image(path, LIMITS)
    assert "Acquire" in caught.value.hint


def test_a_picture_above_the_limit_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    # There is no pixel data at all: any attempt to decode would fail in another way.
    (tmp_path / "a.png").write_bytes(_png_header_of(9000, 9000))
    with pytest.raises(MediaError, match="more than the limit of 64000000") as caught:
        read_image(tmp_path / "a.png", LIMITS)
    assert "--max-pixels to 81000000" in caught.value.hint


@pytest.mark.parametrize("side", [12_000, 100_000])
def test_a_decompression_bomb_fails_without_a_warning_on_stderr(
    tmp_path: Path, side: int, recwarn: pytest.WarningsRecorder
) -> None:
    (tmp_path / "a.png").write_bytes(_png_header_of(side, side))
    with pytest.raises(MediaError, match="more than"):
        read_image(tmp_path / "a.png", LIMITS)
    assert not recwarn.list


@pytest.mark.parametrize("name", ["a.webp", "a.png", "a.tiff", "a.mpo"])
def test_of_several_pictures_the_first_is_read_and_the_rest_reported(tmp_path: Path, name: str) -> None:
    first, second = Image.new("RGB", (16, 16), (255, 0, 0)), Image.new("RGB", (16, 16), (0, 0, 255))
    first.save(tmp_path / name, save_all=True, append_images=[second])
    reading = read_image(tmp_path / name, LIMITS)
    assert reading.frame.image[8, 8, 0] > 240
    assert reading.frame.image[8, 8, 2] < 15
    (warning,) = reading.warnings
    assert (warning.code, warning.n) == ("several-pictures", 1)


@pytest.mark.parametrize("tags", [{254: 1}, {50706: b"\x01\x04\x00\x00"}])
def test_a_camera_raw_file_fails_rather_than_its_thumbnail_being_examined(
    tmp_path: Path, tags: dict[int, object]
) -> None:
    Image.fromarray(STORED).save(tmp_path / "a.dng", "TIFF", tiffinfo=tags)
    with pytest.raises(MediaError, match="camera raw"):
        read_image(tmp_path / "a.dng", LIMITS)


def test_a_video_is_not_read_as_a_picture(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mp4", "mpeg4", n_frames=2).rename(tmp_path / "a.jpg")
    with pytest.raises(MediaError, match="holds a video"):
        read_image(tmp_path / "a.jpg", LIMITS)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), form=st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF", "BMP"]))
def test_damage_anywhere_gives_a_picture_or_a_media_error(
    tmp_path: Path, data: st.DataObject, form: str
) -> None:
    buffer = io.BytesIO()
    Image.fromarray(STORED).save(buffer, form, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0")
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.jpg"
    path.write_bytes(bytes(content))
    with contextlib.suppress(MediaError):
        reading = read_image(path, MediaLimits(max_pixels=1_000_000))
        assert reading.frame.image.dtype == np.uint8
        assert reading.frame.image.shape == (reading.facts.height_px, reading.facts.width_px, 3)
