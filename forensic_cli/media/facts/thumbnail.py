"""The thumbnail in the Exif data, beside the picture that it should show."""

from __future__ import annotations

import io
import warnings
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from forensic_cli.factsheet import Reason, ThumbnailFacts
from forensic_cli.media.facts.determination import UndeterminedError

_EXIF_PREFIX = b"Exif\0\0"
_MAX_THUMBNAIL_BYTES = 1 << 20
_MAX_THUMBNAIL_PIXELS = 1 << 20
# Bars of a letterboxed thumbnail are black but for the noise of compression.
_MAX_BAR_GREY = 24.0
_MIN_ASPECT_DIFFERENCE = 0.02
_MIN_DEVIATION = 1e-6


def read_thumbnail(file: BinaryIO, plugin: str, max_pixels: int) -> ThumbnailFacts:
    """Compares the embedded JPEG thumbnail with the reduced picture, both as stored (not turned).

    The correlation is Pearson's over the grey values. Cameras write 160 x 120 whatever the picture's shape:
    where the aspects differ and the bars are black, the bars are cut off first.

    Args:
        plugin: Pillow's name for the format; nothing else may open the file.

    Raises:
        UndeterminedError: there is no thumbnail, or it or the picture cannot be decoded.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file.seek(0)
        try:
            with Image.open(file, formats=[plugin]) as picture:
                return _compare(picture, max_pixels)
        except (UndeterminedError, MemoryError):
            raise
        except Exception as error:
            # Hostile bytes make Pillow raise anything from struct.error to SyntaxError.
            raise UndeterminedError(Reason.MALFORMED, type(error).__name__) from error


def _compare(picture: Image.Image, max_pixels: int) -> ThumbnailFacts:
    if picture.width * picture.height > max_pixels:
        raise UndeterminedError(Reason.CAP, f"more than {max_pixels} pixels")
    aspect_of_picture = picture.width / picture.height
    stored = _decode(_thumbnail_bytes(picture))
    thumbnail = np.asarray(stored.convert("L"), dtype=np.float64)
    kept = _without_bars(thumbnail, aspect_of_picture)
    height, width = kept.shape
    picture.draft("L", (2 * width, 2 * height))
    reduced = picture.convert("L").resize((width, height), Image.Resampling.BOX)
    grey = np.asarray(reduced, dtype=np.float64)
    return ThumbnailFacts(
        width_px=stored.width,
        height_px=stored.height,
        aspect=round(stored.width / stored.height, 4),
        picture_aspect=round(aspect_of_picture, 4),
        correlation=_correlation(kept, grey),
        mean_difference=round(float(np.abs(kept - grey).mean()), 2),
        was_letterboxed=kept.shape != thumbnail.shape,
    )


def _thumbnail_bytes(picture: Image.Image) -> bytes:
    exif = picture.getexif()
    directory = exif.get_ifd(ExifTags.IFD.IFD1)
    start = directory.get(ExifTags.Base.JpegIFOffset)
    n_bytes = directory.get(ExifTags.Base.JpegIFByteCount)
    if not isinstance(start, int) or not isinstance(n_bytes, int):
        raise UndeterminedError(Reason.ABSENT, "no thumbnail in the Exif data")
    blob = picture.info.get("exif", b"").removeprefix(_EXIF_PREFIX)
    if not 0 < n_bytes <= _MAX_THUMBNAIL_BYTES or start + n_bytes > len(blob):
        raise UndeterminedError(Reason.MALFORMED, "the thumbnail's place lies outside the Exif data")
    return bytes(blob[start : start + n_bytes])


def _decode(content: bytes) -> Image.Image:
    thumbnail = Image.open(io.BytesIO(content), formats=["JPEG"])
    if thumbnail.width * thumbnail.height > _MAX_THUMBNAIL_PIXELS:
        raise UndeterminedError(Reason.CAP, f"a thumbnail of {thumbnail.width} x {thumbnail.height} pixels")
    thumbnail.load()
    return thumbnail


def _without_bars(thumbnail: NDArray[np.float64], aspect: float) -> NDArray[np.float64]:
    """Cuts black bars above and below, or left and right, where the picture's aspect asks for them."""
    height, width = thumbnail.shape
    if abs(width / height / aspect - 1) < _MIN_ASPECT_DIFFERENCE:
        return thumbnail
    if width / height < aspect:
        bar = (height - round(width / aspect)) // 2
        kept, bars = thumbnail[bar : height - bar], (thumbnail[:bar], thumbnail[height - bar :])
    else:
        bar = (width - round(height * aspect)) // 2
        kept, bars = thumbnail[:, bar : width - bar], (thumbnail[:, :bar], thumbnail[:, width - bar :])
    are_black = bar > 0 and kept.size > 0 and all(float(one.mean()) <= _MAX_BAR_GREY for one in bars)
    return kept if are_black else thumbnail


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    """Pearson's coefficient; None where one of them is a single grey."""
    one, other = one - one.mean(), other - other.mean()
    deviation = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return round(float((one * other).sum()) / deviation, 4) if deviation > _MIN_DEVIATION else None
