"""Facts of a still picture: Exif, thumbnail, JPEG tables, text entries, compression history."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExifFacts:
    """The entries that examiners ask for first; "" where the file has none. Anyone can edit them.

    Attributes:
        orientation: Exif value 1 to 8; None where there is none.
        has_position: there is a GPS directory with entries; the position itself is not printed.
        n_entries: in all directories.
    """

    make: str = ""
    model: str = ""
    lens: str = ""
    software: str = ""
    date_taken: str = ""
    date_digitised: str = ""
    date_modified: str = ""
    orientation: int | None = None
    has_position: bool = False
    n_entries: int = 0


@dataclass(frozen=True, slots=True)
class ThumbnailFacts:
    """The thumbnail inside the Exif data, beside the picture.

    Attributes:
        aspect, picture_aspect: width over height, as stored.
        correlation: Pearson's coefficient of the grey values of thumbnail and reduced picture, -1 to 1.
            An untouched thumbnail lies close to 1; one of another picture far below. A difference is
            a fact, not a verdict: cropping and editing programs leave old thumbnails behind.
        mean_difference: mean absolute difference of the grey values, 0 to 255.
        was_letterboxed: black bars were cut off the thumbnail before comparing.
    """

    width_px: int
    height_px: int
    aspect: float
    picture_aspect: float
    correlation: float | None
    mean_difference: float
    was_letterboxed: bool


@dataclass(frozen=True, slots=True)
class QuantisationTable:
    """One quantisation table of a JPEG.

    Attributes:
        sha256: over the 64 steps in zigzag order, each as two bytes, big end first.
        steps: in zigzag order, (64,).
        ijg_quality: the libjpeg quality, 1 to 100, whose table is nearest.
        is_ijg: it is exactly that table.
    """

    table_id: int
    sha256: str
    steps: tuple[int, ...]
    ijg_quality: int
    is_ijg: bool


@dataclass(frozen=True, slots=True)
class JpegFacts:
    """How a JPEG is coded (ITU-T T.81).

    Attributes:
        process: "baseline", "extended", "progressive", "lossless" or "arithmetic".
        subsampling: as it is written: "4:4:4", "4:2:2", "4:2:0"; "" for grey; else the factors.
        tables: as they stand when the picture's first scan begins.
        n_tables_defined: how many definitions there are up to there.
        n_scans: scans of the main picture.
        restart_interval: MCUs between restart markers; 0 for none.
    """

    process: str
    bits: int
    n_components: int
    subsampling: str
    tables: tuple[QuantisationTable, ...]
    n_tables_defined: int
    n_scans: int
    restart_interval: int


@dataclass(frozen=True, slots=True)
class CompressionHint:
    """Periodicity of the histograms of DCT coefficients; see `media.facts.recompression`.

    Attributes:
        n_blocks: 8 x 8 luma blocks looked at.
        n_modes: frequencies with enough material.
        periodicity: the statistic; larger means that histograms have regular gaps or peaks.
        usual_below: single-compressed pictures were measured to stay below it.
        is_periodic: it reaches that value. A hint that the picture was compressed before with another
            table, never more; its absence says nothing.
    """

    n_blocks: int
    n_modes: int
    periodicity: float
    usual_below: float
    is_periodic: bool


@dataclass(frozen=True, slots=True)
class TextEntry:
    """A text that is stored beside the pixels: PNG tEXt/zTXt/iTXt, JPEG comment, XMP property."""

    place: str
    keyword: str
    text: str
