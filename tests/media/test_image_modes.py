import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from forensic_cli.config import MediaLimits
from forensic_cli.media.images import ImageReading, read_image

RAMP16 = np.linspace(0, 65535, 48 * 64).reshape(48, 64).astype(np.uint16)
RGB16 = np.stack([RAMP16, RAMP16[::-1], RAMP16[:, ::-1]], axis=-1)
LIMITS = MediaLimits()


def _read_cv2(path: Path, pixels: NDArray[np.generic]) -> ImageReading:
    """Through a file that OpenCV writes, in its own (blue first) order for colour."""
    assert cv2.imwrite(str(path), pixels)
    return read_image(path, LIMITS)


def _read_pillow(path: Path, picture: Image.Image, **options: object) -> ImageReading:
    picture.save(path, **options)
    return read_image(path, LIMITS)


@pytest.mark.parametrize("name", ["a.png", "a.tiff"])
def test_16_bit_grey_is_scaled_and_not_clipped(tmp_path: Path, name: str) -> None:
    reading = _read_cv2(tmp_path / name, RAMP16)
    expected = np.rint(RAMP16 / 257.0)
    for channel in range(3):
        np.testing.assert_array_equal(reading.frame.image[..., channel], expected)
    assert reading.facts.codec == "I;16"
    assert reading.warnings == ()


@pytest.mark.parametrize("name", ["a.png", "a.tiff"])
def test_16_bit_colour_is_scaled_and_not_clipped(tmp_path: Path, name: str) -> None:
    reading = _read_cv2(tmp_path / name, RGB16)
    difference = reading.frame.image[..., ::-1].astype(float) - RGB16 / 257.0
    assert np.abs(difference).max() <= 1.0


def test_big_endian_16_bit_grey_is_scaled(tmp_path: Path) -> None:
    picture = Image.frombytes("I;16B", (64, 48), RAMP16.astype(">u2").tobytes())
    reading = _read_pillow(tmp_path / "a.tiff", picture)
    np.testing.assert_array_equal(reading.frame.image[..., 0], np.rint(RAMP16 / 257.0))


def test_16_bit_grey_in_which_zero_is_white_is_inverted(tmp_path: Path) -> None:
    picture = Image.fromarray(RAMP16)
    reading = _read_pillow(tmp_path / "a.tiff", picture, tiffinfo={262: 0})
    np.testing.assert_array_equal(reading.frame.image[..., 0], 255 - np.rint(RAMP16 / 257.0))


def test_12_bit_grey_reaches_white(tmp_path: Path) -> None:
    # Two pixels in three bytes: 0xFFF and 0x800.
    entries = [(256, 2), (257, 1), (258, 12), (259, 1), (262, 1), (273, 122), (277, 1), (278, 1), (279, 3)]
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    header = b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + struct.pack("<I", 0)
    assert len(header) == 122
    (tmp_path / "a.tiff").write_bytes(header + b"\xff\xf8\x00" + bytes(8))
    reading = read_image(tmp_path / "a.tiff", LIMITS)
    assert reading.frame.image[0, :, 0].tolist() == [255, round(0x800 / 4095 * 255)]


@pytest.mark.parametrize(
    ("pixels", "white"),
    [
        (RAMP16.astype(np.int32), 65535),
        ((RAMP16 // 257).astype(np.int32), 255),
        ((RAMP16 / 65535).astype(np.float32), 1),
        (RAMP16.astype(np.float32), 65535),
    ],
)
def test_32_bit_pixels_are_scaled_by_an_assumed_white_which_is_reported(
    tmp_path: Path, pixels: NDArray[np.generic], white: int
) -> None:
    reading = _read_pillow(tmp_path / "a.tiff", Image.fromarray(pixels))
    expected = pixels.astype(np.float64) * 255 / white
    assert np.abs(reading.frame.image[..., 0] - expected).max() <= 0.51
    (warning,) = reading.warnings
    assert warning.code == "depth-assumed"
    assert f" {white} " in warning.message


def test_float_pixels_that_are_no_numbers_become_black(tmp_path: Path) -> None:
    pixels = np.array([[0.0, np.nan, np.inf, 1.0]], dtype=np.float32)
    reading = _read_pillow(tmp_path / "a.tiff", Image.fromarray(pixels))
    assert reading.frame.image[0, :, 0].tolist() == [0, 0, 0, 255]


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_grey_and_palette_pictures_become_rgb(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(np.full((8, 8, 3), 255, np.uint8)).convert(mode)
    reading = _read_pillow(tmp_path / "a.png", picture)
    assert reading.frame.image.shape == (8, 8, 3)
    assert (reading.frame.image == 255).all()
    assert reading.facts.codec == mode


@pytest.mark.parametrize(
    ("mode", "colour"), [("RGBA", (200, 0, 0, 0)), ("LA", (0, 0)), ("RGBA", (0, 255, 0, 128))]
)
def test_transparent_parts_are_laid_over_white_and_reported(
    tmp_path: Path, mode: str, colour: tuple[int, ...]
) -> None:
    picture = Image.new(mode, (10, 10), colour)
    picture.paste(Image.new(mode, (10, 5), (*colour[:-1], 255)), (0, 0))
    reading = _read_pillow(tmp_path / "a.png", picture)
    alpha = colour[-1] / 255
    rgb = np.array(colour[:3] if mode == "RGBA" else colour[:1] * 3)
    assert np.abs(reading.frame.image[9, 0] - (alpha * rgb + (1 - alpha) * 255)).max() <= 1
    assert reading.frame.image[0, 0].tolist() == rgb.tolist()
    (warning,) = reading.warnings
    assert warning.code == "alpha-composited"
    assert "50%" in warning.message


def test_a_transparent_palette_entry_is_laid_over_white(tmp_path: Path) -> None:
    picture = Image.new("P", (4, 4), 0)
    picture.putpalette([0, 0, 255] + [0] * 765)
    reading = _read_pillow(tmp_path / "a.png", picture, transparency=0)
    assert (reading.frame.image == 255).all()


def test_an_opaque_alpha_channel_is_no_reason_to_warn(tmp_path: Path) -> None:
    reading = _read_pillow(tmp_path / "a.webp", Image.new("RGBA", (8, 8), (10, 20, 30, 255)), lossless=True)
    assert reading.frame.image[0, 0].tolist() == [10, 20, 30]
    assert reading.warnings == ()


def test_cmyk_without_a_profile_is_converted_and_reported_as_approximate(tmp_path: Path) -> None:
    reading = _read_pillow(tmp_path / "a.tiff", Image.new("CMYK", (8, 8), (0, 255, 255, 0)))
    assert reading.frame.image[0, 0].tolist() == [255, 0, 0]
    assert [warning.code for warning in reading.warnings] == ["cmyk-approximate"]
    assert "no colour profile" in reading.warnings[0].message


def test_cmyk_in_a_jpeg_is_not_shown_inverted(tmp_path: Path) -> None:
    reading = _read_pillow(tmp_path / "a.jpg", Image.new("CMYK", (16, 16), (0, 255, 255, 0)), quality=95)
    assert np.abs(reading.frame.image[8, 8].astype(int) - [255, 0, 0]).max() <= 4


def test_cmyk_with_an_unusable_profile_is_converted_plainly_and_reported(tmp_path: Path) -> None:
    picture = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()  # for RGB, not CMYK
    for icc_profile in (b"no profile at all", profile):
        reading = _read_pillow(tmp_path / "a.tiff", picture, icc_profile=icc_profile)
        assert reading.frame.image[0, 0].tolist() == [0, 255, 255]
        assert "cannot be used" in reading.warnings[0].message


def test_cmyk_with_a_profile_goes_through_it(tmp_path: Path) -> None:
    reading = _read_pillow(
        tmp_path / "a.tiff", Image.new("CMYK", (8, 8), (0, 255, 255, 0)), icc_profile=_ink_profile()
    )
    # That profile says that these inks give mid grey, which a plain conversion does not know.
    red, green, blue = reading.frame.image[0, 0].tolist()
    assert max(red, green, blue) - min(red, green, blue) <= 3
    assert 100 <= red <= 140
    assert reading.warnings == ()


def _ink_profile() -> bytes:
    """The smallest CMYK profile: all inks give L* = 50, a* = b* = 0 (ICC.1:2001, lut8Type)."""
    table = struct.pack(">4s4xBBBx", b"mft1", 4, 3, 2)
    table += struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table += bytes(range(256)) * 4 + bytes([128, 128, 128]) * 16 + bytes(range(256)) * 3
    white = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)
    description = struct.pack(">4s4xI", b"desc", 5) + b"inks\0" + bytes(78 + 8)
    tags = {b"A2B0": table, b"wtpt": white, b"desc": description}
    offset = 128 + 4 + 12 * len(tags)
    index, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        index += struct.pack(">4sII", name, offset + len(body), len(content))
        body += padded
    size = offset + len(body)
    header = struct.pack(">I4xI4s4s4s", size, 0x02400000, b"prtr", b"CMYK", b"Lab ")
    header += struct.pack(">6H4s", 2024, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    header += struct.pack(">3i", 63190, 65536, 54061)
    return header + bytes(128 - len(header)) + index + body


def test_lab_white_is_white(tmp_path: Path) -> None:
    picture = ImageCms.profileToProfile(
        Image.new("RGB", (8, 8), (255, 255, 255)),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    assert picture is not None
    buffer = io.BytesIO()
    picture.save(buffer, "TIFF")
    (tmp_path / "a.tiff").write_bytes(buffer.getvalue())
    reading = read_image(tmp_path / "a.tiff", LIMITS)
    assert reading.frame.image.min() >= 253
