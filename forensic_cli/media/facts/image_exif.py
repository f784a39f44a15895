"""The Exif entries of a picture that examiners ask for first."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, BinaryIO

from PIL import ExifTags, Image

from forensic_cli.factsheet import ExifFacts, Reason
from forensic_cli.media.facts.determination import UndeterminedError
from forensic_cli.media.plain_text import plain_text


def read_exif(file: BinaryIO, plugin: str) -> ExifFacts:
    """Reads the main, the Exif and the GPS directory; the pixels are not decoded.

    Args:
        plugin: Pillow's name for the format; nothing else may open the file.

    Raises:
        UndeterminedError: there is no Exif data, or it cannot be read.
    """
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(file, formats=[plugin]) as picture:
                exif = picture.getexif()
                details = exif.get_ifd(ExifTags.IFD.Exif)
                n_gps = len(exif.get_ifd(ExifTags.IFD.GPSInfo))
                main = dict(exif)
        except MemoryError:
            raise
        except Exception as error:
            # Hostile bytes make Pillow raise anything from struct.error to SyntaxError.
            raise UndeterminedError(Reason.MALFORMED, type(error).__name__) from error
    if not main and not details:
        raise UndeterminedError(Reason.ABSENT, "no Exif data")
    orientation = main.get(ExifTags.Base.Orientation)
    tags = ExifTags.Base
    return ExifFacts(
        make=_text(main, tags.Make),
        model=_text(main, tags.Model),
        lens=_text(details, tags.LensModel),
        software=_text(main, tags.Software),
        date_taken=_text(details, tags.DateTimeOriginal),
        date_digitised=_text(details, tags.DateTimeDigitized),
        date_modified=_text(main, tags.DateTime),
        orientation=orientation if isinstance(orientation, int) else None,
        has_position=n_gps > 0,
        n_entries=len(main) + len(details) + n_gps,
    )


def _text(directory: Mapping[int, Any], tag: ExifTags.Base) -> str:
    value = directory.get(tag)
    return "" if value is None else plain_text(value)
