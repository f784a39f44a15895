"""The thumbnail is compared with the picture; a difference is a fact, not a verdict."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from forensic_cli.factsheet import Reason, ThumbnailFacts
from forensic_cli.types import RgbImage
from tests.media.facts.sheets import facts_of, jpeg_bytes, missing


def exif_with(thumbnail: bytes, claimed_bytes: int | None = None) -> bytes:
    """A TIFF header, an empty main directory, and IFD1 with a JPEG thumbnail (Exif 2.32, 4.5.4)."""
    first, second = 8, 14
    data_at = second + 2 + 2 * 12 + 4
    n_bytes = len(thumbnail) if claimed_bytes is None else claimed_bytes
    header = b"II*\0" + struct.pack("<I", first) + struct.pack("<HI", 0, second)
    entries = struct.pack("<HHII", 0x201, 4, 1, data_at) + struct.pack("<HHII", 0x202, 4, 1, n_bytes)
    return b"Exif\0\0" + header + struct.pack("<H", 2) + entries + struct.pack("<I", 0) + thumbnail


def with_thumbnail(path: Path, picture: Image.Image, thumbnail: Image.Image) -> Path:
    path.write_bytes(jpeg_bytes(picture, exif=exif_with(jpeg_bytes(thumbnail, 75))))
    return path


def thumbnail_of(path: Path) -> ThumbnailFacts:
    thumbnail = facts_of(path).thumbnail
    assert thumbnail is not None
    return thumbnail


@pytest.fixture
def picture(astronaut: RgbImage) -> Image.Image:
    return Image.fromarray(astronaut[:384])


def test_a_cameras_own_thumbnail_matches(tmp_path: Path, picture: Image.Image) -> None:
    found = thumbnail_of(with_thumbnail(tmp_path / "a.jpg", picture, picture.resize((160, 120))))
    assert (found.width_px, found.height_px) == (160, 120)
    assert found.aspect == found.picture_aspect == pytest.approx(4 / 3, abs=1e-3)
    assert found.correlation is not None
    assert found.correlation > 0.98
    assert found.mean_difference < 5


def test_the_thumbnail_of_another_picture_does_not(tmp_path: Path, picture: Image.Image) -> None:
    other = ImageOps.mirror(ImageOps.flip(picture)).resize((160, 120))
    found = thumbnail_of(with_thumbnail(tmp_path / "a.jpg", picture, other))
    assert found.correlation is not None
    assert found.correlation < 0.5


def test_black_bars_are_cut_off_before_comparing(tmp_path: Path, picture: Image.Image) -> None:
    wide = picture.crop((0, 0, 512, 288))
    boxed = ImageOps.pad(wide, (160, 120), color=(0, 0, 0))
    found = thumbnail_of(with_thumbnail(tmp_path / "a.jpg", wide, boxed))
    assert found.was_letterboxed
    assert found.correlation is not None
    assert found.correlation > 0.97
    assert found.aspect != found.picture_aspect


def test_a_cropped_picture_keeps_an_old_thumbnail_of_another_aspect(
    tmp_path: Path, picture: Image.Image
) -> None:
    found = thumbnail_of(
        with_thumbnail(tmp_path / "a.jpg", picture.crop((100, 0, 300, 384)), picture.resize((160, 120)))
    )
    assert not found.was_letterboxed
    assert found.aspect > 2 * found.picture_aspect
    assert found.correlation is not None
    assert found.correlation < 0.9


def test_a_grey_picture_has_no_correlation(tmp_path: Path) -> None:
    grey = Image.fromarray(np.full((120, 160, 3), 77, np.uint8))
    assert thumbnail_of(with_thumbnail(tmp_path / "a.jpg", grey, grey)).correlation is None


def test_a_thumbnail_that_lies_outside_is_malformed(tmp_path: Path, picture: Image.Image) -> None:
    path = tmp_path / "a.jpg"
    exif = exif_with(jpeg_bytes(picture.resize((16, 12))), claimed_bytes=60_000)
    path.write_bytes(jpeg_bytes(picture, exif=exif))
    assert missing(facts_of(path))["thumbnail"] is Reason.MALFORMED


def test_a_bomb_of_a_thumbnail_is_not_decoded(tmp_path: Path, picture: Image.Image) -> None:
    path = tmp_path / "a.jpg"
    buffer = io.BytesIO()
    Image.new("L", (2000, 2000)).save(buffer, "JPEG", quality=10)
    path.write_bytes(jpeg_bytes(picture, exif=exif_with(buffer.getvalue())))
    assert missing(facts_of(path))["thumbnail"] is Reason.CAP
