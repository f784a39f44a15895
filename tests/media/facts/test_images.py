"""Exif, XMP, PNG and WebP facts of pictures."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from forensic_cli.factsheet import Reason, TextEntry
from forensic_cli.types import RgbImage
from tests.media.facts.sheets import facts_of, missing

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmp:CreatorTool="Test Editor 3.1" xmp:ModifyDate="2022-01-02T03:04:05">
<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def camera_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    exif[ExifTags.Base.Model] = "Model 7"
    exif[ExifTags.Base.Software] = "Firmware 1.2"
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.DateTime] = "2022:01:02 03:04:05"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2021:01:02 03:04:05"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.LensModel] = "Lens 50"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return exif


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_exif_entries_are_read(tmp_path: Path, astronaut: RgbImage, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(astronaut).save(path, exif=camera_exif())
    exif = facts_of(path).exif
    assert exif is not None
    assert (exif.make, exif.model, exif.lens, exif.software) == (
        "Maker",
        "Model 7",
        "Lens 50",
        "Firmware 1.2",
    )
    assert (exif.date_taken, exif.date_modified) == ("2021:01:02 03:04:05", "2022:01:02 03:04:05")
    assert (exif.orientation, exif.has_position) == (6, True)


def test_a_tiffs_own_directory_is_read(tmp_path: Path, astronaut: RgbImage) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(astronaut).save(path, exif=camera_exif())
    exif = facts_of(path).exif
    assert exif is not None
    assert (exif.make, exif.model, exif.orientation) == ("Maker", "Model 7", 6)


def test_the_position_itself_is_not_printed(tmp_path: Path, astronaut: RgbImage) -> None:
    exif = camera_exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 51.0, 29.99)
    path = tmp_path / "a.jpg"
    Image.fromarray(astronaut).save(path, exif=exif)
    assert "29.99" not in repr(facts_of(path))


def test_a_picture_without_exif_says_so(tmp_path: Path, astronaut: RgbImage) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(astronaut).save(path)
    sheet = facts_of(path)
    assert sheet.exif is None
    assert missing(sheet)["exif"] is Reason.ABSENT
    assert missing(sheet)["thumbnail"] is Reason.ABSENT


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_xmp_names_the_tool_and_the_source_type(tmp_path: Path, astronaut: RgbImage, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "png":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        Image.fromarray(astronaut).save(path, pnginfo=info)
    else:
        Image.fromarray(astronaut).save(path, xmp=XMP)
    sheet = facts_of(path)
    assert ("XMP CreatorTool", "Test Editor 3.1") in [(mark.place, mark.text) for mark in sheet.encoders]
    texts = {text.keyword: text.text for text in sheet.texts}
    assert texts["ModifyDate"] == "2022-01-02T03:04:05"
    assert texts["DigitalSourceType"].endswith("trainedAlgorithmicMedia")


def test_png_texts_of_all_three_kinds(tmp_path: Path, astronaut: RgbImage) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "Painter 2")
    info.add_text("parameters", "a face, steps: 30", zip=True)
    info.add_itxt("Comment", "grüße", "de", "Kommentar")
    path = tmp_path / "a.png"
    Image.fromarray(astronaut).save(path, pnginfo=info)
    sheet = facts_of(path)
    assert sheet.texts == (
        TextEntry("tEXt", "Software", "Painter 2"),
        TextEntry("zTXt", "parameters", "a face, steps: 30"),
        TextEntry("iTXt", "Comment", "grüße"),
    )
    assert sheet.container is not None
    names = [section.name for section in sheet.container.sections]
    assert (names[0], names[-1]) == ("IHDR", "IEND")
    assert sheet.container.n_trailing_bytes == 0


def test_a_text_bomb_in_a_png_is_inflated_no_further_than_is_shown(
    tmp_path: Path, astronaut: RgbImage
) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(astronaut).save(path)
    content = path.read_bytes()
    data = b"Comment\0\0" + zlib.compress(b"a" * 200_000_000, 9)
    bomb = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    path.write_bytes(content[:33] + bomb + content[33:])
    (text,) = facts_of(path).texts
    assert text.text == "a" * 1000 + "…"


def test_bytes_behind_a_pngs_end_are_counted(tmp_path: Path, astronaut: RgbImage) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(astronaut).save(path)
    path.write_bytes(path.read_bytes() + b"PK\3\4")
    sheet = facts_of(path)
    assert sheet.container is not None
    assert sheet.container.n_trailing_bytes == 4


def test_webp_chunks(tmp_path: Path, astronaut: RgbImage) -> None:
    path = tmp_path / "a.webp"
    Image.fromarray(astronaut).save(path, exif=camera_exif())
    sheet = facts_of(path)
    assert sheet.container is not None
    assert sheet.container.brand == "WEBP"
    assert [section.name for section in sheet.container.sections] == ["VP8X", "VP8", "EXIF"]


def test_a_bitmap_has_no_layout_of_this_kind(tmp_path: Path, astronaut: RgbImage) -> None:
    path = tmp_path / "a.bmp"
    Image.fromarray(astronaut).save(path)
    assert missing(facts_of(path))["container"] is Reason.NOT_FOR_FORMAT
