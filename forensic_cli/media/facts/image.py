"""All facts of a still picture, into one factsheet."""

from __future__ import annotations

from typing import BinaryIO

from forensic_cli.config import MediaLimits
from forensic_cli.factsheet import (
    CompressionHint,
    ContainerFacts,
    CredentialFacts,
    EncoderMark,
    Factsheet,
    Reason,
    TextEntry,
)
from forensic_cli.media.facts.bytes_at import file_size
from forensic_cli.media.facts.determination import Notes, UndeterminedError
from forensic_cli.media.facts.image_exif import read_exif
from forensic_cli.media.facts.jpeg import JpegWalk, walk_jpeg
from forensic_cli.media.facts.png import walk_png
from forensic_cli.media.facts.recompression import compression_hint
from forensic_cli.media.facts.riff import walk_riff
from forensic_cli.media.facts.thumbnail import read_thumbnail
from forensic_cli.media.facts.xmp import xmp_entries
from forensic_cli.media.sniff import JPEG, PNG, WEBP, FileFormat


def image_facts(
    file: BinaryIO, file_format: FileFormat, limits: MediaLimits, credentials: CredentialFacts, notes: Notes
) -> Factsheet:
    """Reads every fact of a picture; what cannot be told goes to `notes`."""
    jpeg = walk_jpeg(file) if file_format is JPEG else None
    container, texts, xmp = _layout(file, file_format, jpeg, notes)
    marks, properties = xmp_entries(xmp)
    exif = notes.attempt("exif", lambda: read_exif(file, file_format.reader))
    has_thumbnail = file_format in {JPEG, PNG, WEBP}
    thumbnail = (
        notes.attempt("thumbnail", lambda: read_thumbnail(file, file_format.reader, limits.max_pixels))
        if has_thumbnail
        else None
    )
    if exif and exif.software:
        marks = (EncoderMark("Exif Software", exif.software), *marks)
    return Factsheet(
        format=file_format.label,
        credentials=credentials,
        container=container,
        encoders=marks,
        exif=exif,
        thumbnail=thumbnail,
        jpeg=notes.attempt("jpeg", jpeg.facts) if jpeg else None,
        recompression=_recompression(file, jpeg, limits, notes) if jpeg else None,
        texts=(*texts, *properties),
    )


def _layout(
    file: BinaryIO, file_format: FileFormat, jpeg: JpegWalk | None, notes: Notes
) -> tuple[ContainerFacts | None, tuple[TextEntry, ...], bytes]:
    """(layout, texts, XMP packet) of the formats that are walked."""
    n_bytes = file_size(file)
    if jpeg is not None:
        _note_fault(jpeg.fault, notes)
        return jpeg.layout(n_bytes), tuple(jpeg.comments), jpeg.xmp
    if file_format is PNG:
        png = walk_png(file)
        _note_fault(png.fault, notes)
        if png.n_texts > len(png.texts) + bool(png.xmp):
            notes.add("texts", Reason.CAP, f"{png.n_texts} texts")
        return png.layout(n_bytes), tuple(png.texts), png.xmp
    if file_format is WEBP:
        webp = walk_riff(file)
        _note_fault(webp.fault, notes)
        return webp.layout(n_bytes), (), webp.xmp
    notes.add("container", Reason.NOT_FOR_FORMAT, file_format.label)
    return None, (), b""


def _note_fault(fault: UndeterminedError | None, notes: Notes) -> None:
    if fault is not None:
        notes.add("container.sections", fault.reason, fault.detail)


def _recompression(
    file: BinaryIO, jpeg: JpegWalk, limits: MediaLimits, notes: Notes
) -> CompressionHint | None:
    steps = jpeg.luma_steps
    if steps is None or not jpeg.is_luma_first:
        notes.add("recompression", Reason.NOT_FOR_FORMAT, "the first component is not luma")
        return None
    return notes.attempt("recompression", lambda: compression_hint(file, steps, limits.max_pixels))
