"""Facts that images and videos share: how the file is built, who wrote it, what could not be told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a fact was not determined. Stable: the report translates it."""

    ABSENT = "absent"
    NOT_FOR_FORMAT = "not-for-format"
    NOT_FOR_CODEC = "not-for-codec"
    TOO_LITTLE = "too-little-material"
    MALFORMED = "malformed"
    CAP = "cap-hit"
    TIME_LIMIT = "time-limit"
    READER_ENDED = "reader-ended"
    DEFECT = "defect"


@dataclass(frozen=True, slots=True)
class NotDetermined:
    """One fact that is missing, and why.

    Attributes:
        fact: the field's path in the factsheet, for example "frames" or "container.edits".
        detail: what exactly was met, in English; "" where the reason says all.
    """

    fact: str
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One box, element, chunk or segment of a file, in the order in which it is stored.

    Attributes:
        name: as the format calls it: "moov", "Cluster", "IDAT", "APP1 Exif".
        offset_bytes: where it begins.
        n_bytes: with its header; 0 where it runs to the end of the file without saying so.
        n_repeated: how many of the same name follow one another here, this one included.
    """

    name: str
    offset_bytes: int
    n_bytes: int
    n_repeated: int = 1


@dataclass(frozen=True, slots=True)
class EncoderMark:
    """A text by which a program or a camera names itself.

    Attributes:
        place: where it stands: "tag encoder", "SEI user data", "handler vide", "compressor name".
    """

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry of an edit list (ISO/IEC 14496-12, 8.6.6).

    Attributes:
        track_id: of the track that it cuts.
        duration_s: how long it lasts on the movie's time line; 0 also means "to the end".
        media_start_s: where in the track it begins; -1 for an empty edit, which shows nothing.
        rate: 1 for normal speed.
    """

    track_id: int
    duration_s: float
    media_start_s: float
    rate: float


@dataclass(frozen=True, slots=True)
class ContainerFacts:
    """How the file is laid out.

    Attributes:
        brand: major brand of an MP4, DocType of a Matroska file; "" elsewhere.
        compatible_brands: of an MP4.
        sections: top-level boxes, elements, chunks or segments, in their order.
        n_sections: how many there are, also where `sections` was cut short.
        is_index_first: the index (moov) stands before the pictures (mdat); None where there is no such pair.
        n_trailing_bytes: after the end that the format itself marks; None where it marks none.
        header_times: (place, ISO 8601 UTC) as written in the file; whoever writes a file chooses them.
        edits: edit lists.
        n_edits: how many edits there are, also where `edits` was cut short.
    """

    brand: str = ""
    compatible_brands: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    n_sections: int = 0
    is_index_first: bool | None = None
    n_trailing_bytes: int | None = None
    header_times: tuple[tuple[str, str], ...] = ()
    edits: tuple[Edit, ...] = ()
    n_edits: int = 0
