"""Reading one still picture, upright, as 8-bit RGB, with Pillow."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from PIL import ExifTags, Image, UnidentifiedImageError

from forensic_cli.config import MediaLimits
from forensic_cli.errors import MediaError
from forensic_cli.media.exif import readable_entries
from forensic_cli.media.image_modes import to_rgb8
from forensic_cli.media.orientation import UPRIGHT, Orientation, from_exif
from forensic_cli.media.plain_text import plain_text
from forensic_cli.media.sniff import FileFormat, identify
from forensic_cli.provenance.files import open_read_only
from forensic_cli.types import Frame, FrameCounts, MediaFacts, MediaKind, ScanWarning

_DNG_VERSION = 50706
_TIFF_NEW_SUBFILE_TYPE = 254
_IS_REDUCED = 1
# What Pillow's Exif parser was seen to raise on damaged bytes.
_EXIF_FAULTS = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    SyntaxError,
    ArithmeticError,
    RuntimeError,
    struct.error,
)


@dataclass(frozen=True, slots=True, eq=False)
class ImageReading:
    """One picture, decoded."""

    facts: MediaFacts
    frame: Frame
    warnings: tuple[ScanWarning, ...]


class ImageSource:
    """A picture as a stream of one frame; see `MediaSource`."""

    def __init__(self, reading: ImageReading, warnings: tuple[ScanWarning, ...] = ()) -> None:
        self._reading = reading
        self._warnings = (*warnings, *reading.warnings)

    @property
    def facts(self) -> MediaFacts:
        """What the file says of itself."""
        return self._reading.facts

    @property
    def n_planned(self) -> int:
        """One."""
        return 1

    def frames(self) -> Iterator[Frame]:
        """The one frame."""
        yield self._reading.frame

    @property
    def counts(self) -> FrameCounts:
        """One frame, used."""
        return FrameCounts(n_in_stream=1, n_decoded=1, n_used=1, n_not_sampled=0, n_failed=0)

    @property
    def warnings(self) -> tuple[ScanWarning, ...]:
        """What had to be assumed or left out."""
        return self._warnings


def read_image(path: Path, limits: MediaLimits) -> ImageReading:
    """Reads JPEG, PNG, WebP, TIFF or BMP; of several pictures in one file, the first.

    Raises:
        MediaError: it cannot be opened, is no such picture, is damaged or cut short, or has more
            than `limits.max_pixels`.
    """
    with open_read_only(path) as file:
        file_format = identify(file, path.name)
        if file_format.kind is not MediaKind.IMAGE:
            raise MediaError(f"{path.name} holds a video, not a picture.", "Read it as a video.")
        return decode_image(file, path.name, file_format, limits)


def decode_image(file: BinaryIO, name: str, file_format: FileFormat, limits: MediaLimits) -> ImageReading:
    """As `read_image`, from an open file whose format is known.

    Raises:
        MediaError: as `read_image`.
        MemoryError: there is too little of it for the picture.
    """
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always", UserWarning)
        # Pillow's own ceiling only warns; ours is the one that is documented.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with _open_within_limits(file, name, file_format, limits) as picture:
                reading = _decode(picture, name)
        except (MediaError, MemoryError):
            # Short memory is no damage of the file.
            raise
        except UnidentifiedImageError as error:
            # Pillow's own words name a Python object, not what is wrong.
            raise MediaError(
                f"{name} is damaged or cut short: no {file_format.label} header can be read.",
                "Acquire the file again from its source.",
            ) from error
        except Exception as error:
            # Hostile bytes make Pillow's parsers raise anything from struct.error to SyntaxError.
            raise MediaError(
                f"{name} is damaged or cut short: {error}.", "Acquire the file again from its source."
            ) from error
    texts = sorted({plain_text(remark.message) for remark in remarks})
    irregular = tuple(ScanWarning("file-irregular", f"The file is irregular: {text}") for text in texts)
    return replace(reading, warnings=(*reading.warnings, *irregular))


def _open_within_limits(
    file: BinaryIO, name: str, file_format: FileFormat, limits: MediaLimits
) -> Image.Image:
    try:
        picture = Image.open(file, formats=[file_format.reader])
    except Image.DecompressionBombError as error:
        raise MediaError(
            f"{name} claims more than {2 * (Image.MAX_IMAGE_PIXELS or 0)} pixels, more than is ever decoded.",
            "Cut or scale a copy with a program made for such pictures.",
        ) from error
    n_pixels = picture.width * picture.height
    if n_pixels > limits.max_pixels:
        picture.close()
        raise MediaError(
            f"{name} has {picture.width} x {picture.height} pixels, more than the limit of "
            f"{limits.max_pixels}.",
            f"If that is expected, raise --max-pixels to {n_pixels}.",
        )
    return picture


def _decode(picture: Image.Image, name: str) -> ImageReading:
    found: list[ScanWarning] = []
    _refuse_previews(picture, name)
    # Before load(): Pillow turns TIFFs upright while loading, and forgets the tag.
    orientation, entries = _exif_facts(picture, found)
    coded_mode = picture.mode
    picture.load()
    is_upright_already = picture.format == "TIFF"
    image, mode_warnings = to_rgb8(picture, name)
    found.extend(mode_warnings)
    height_px, width_px = image.shape[:2]
    if is_upright_already:
        coded_width_px, coded_height_px = orientation.displayed_size(width_px, height_px)
    else:
        coded_width_px, coded_height_px = width_px, height_px
        image = orientation.apply(image)
    n_pictures = int(getattr(picture, "n_frames", 1))
    if n_pictures > 1:
        found.append(
            ScanWarning(
                "several-pictures",
                f"The file holds {n_pictures} pictures; only the first was examined.",
                n_pictures - 1,
            )
        )
    facts = MediaFacts(
        kind=MediaKind.IMAGE,
        container=picture.format or "",
        codec=coded_mode,
        width_px=image.shape[1],
        height_px=image.shape[0],
        coded_width_px=coded_width_px,
        coded_height_px=coded_height_px,
        rotation_deg=orientation.rotation_deg,
        is_mirrored=orientation.is_mirrored,
        n_frames=1,
        exif=entries,
    )
    return ImageReading(facts, Frame(0, 0, Fraction(1), image), tuple(found))


def _refuse_previews(picture: Image.Image, name: str) -> None:
    """A camera raw file looks like a TIFF, whose first picture is a thumbnail of the real one."""
    tags = getattr(picture, "tag_v2", {})
    if _DNG_VERSION in tags or tags.get(_TIFF_NEW_SUBFILE_TYPE) == _IS_REDUCED:
        raise MediaError(
            f"{name} is a camera raw file, of which only the thumbnail could be read.",
            "Develop it into a TIFF or PNG, and examine that beside the original.",
        )


def _exif_facts(
    picture: Image.Image, found: list[ScanWarning]
) -> tuple[Orientation, tuple[tuple[str, str], ...]]:
    orientation = UPRIGHT
    try:
        exif = picture.getexif()
        orientation = from_exif(exif.get(ExifTags.Base.Orientation))
        return orientation, readable_entries(exif)
    except _EXIF_FAULTS as error:
        # Broken metadata says nothing against the pixels, which are examined all the same.
        found.append(ScanWarning("exif-unreadable", f"The Exif data cannot be read: {error}."))
        return orientation, ()
