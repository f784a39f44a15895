"""The top-level elements of Matroska and WebM files (RFC 8794, RFC 9559), walked without FFmpeg."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from forensic_cli.factsheet import ContainerFacts, EncoderMark, Reason
from forensic_cli.media.facts.bytes_at import MAX_SECTIONS_WALKED, SectionList, bytes_at, file_size
from forensic_cli.media.facts.determination import UndeterminedError
from forensic_cli.media.plain_text import plain_text

_EBML, _SEGMENT, _INFO = 0x1A45DFA3, 0x18538067, 0x1549A966
_DOC_TYPE, _MUXING_APP, _WRITING_APP, _DATE = 0x4282, 0x4D80, 0x5741, 0x4461
_NAMES = {
    _EBML: "EBML", _SEGMENT: "Segment", _INFO: "Info", 0x114D9B74: "SeekHead", 0x1654AE6B: "Tracks",
    0x1F43B675: "Cluster", 0x1C53BB6B: "Cues", 0x1043A770: "Chapters", 0x1254C367: "Tags",
    0x1941A469: "Attachments", 0xEC: "Void", 0xBF: "CRC-32",
}  # fmt: skip
_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)
_MAX_TEXT_BYTES = 1024


@dataclass(frozen=True, slots=True)
class _Element:
    number: int
    start: int
    content: int
    end: int | None


@dataclass(slots=True)
class ElementWalk:
    """What a walk over the elements found; `fault` ended it early."""

    doc_type: str = ""
    sections: SectionList = field(default_factory=SectionList)
    times: list[tuple[str, str]] = field(default_factory=list)
    marks: list[EncoderMark] = field(default_factory=list)
    end_bytes: int | None = None
    fault: UndeterminedError | None = None

    def layout(self, n_bytes: int) -> ContainerFacts:
        """The layout of a file of `n_bytes`."""
        return ContainerFacts(
            brand=self.doc_type,
            sections=self.sections.kept,
            n_sections=self.sections.n_walked,
            n_trailing_bytes=None if self.end_bytes is None else n_bytes - self.end_bytes,
            header_times=tuple(self.times),
        )


def walk_elements(file: BinaryIO) -> ElementWalk:
    """Walks the header and the first segment's children, until the first fault."""
    walk = ElementWalk()
    try:
        n_bytes = file_size(file)
        for element in _elements(file, 0, n_bytes):
            end = n_bytes if element.end is None else min(element.end, n_bytes)
            if element.number == _EBML:
                walk.sections.add("EBML", element.start, end - element.start)
                _take_doc_type(walk, file, element.content, end)
            elif element.number == _SEGMENT:
                _take_segment(walk, file, element.content, end)
                walk.end_bytes = element.end
                if element.end is not None and element.end > n_bytes:
                    raise UndeterminedError(Reason.MALFORMED, "the segment reaches past the end of the file")
                break
    except UndeterminedError as error:
        walk.fault = error
    return walk


def _elements(file: BinaryIO, start: int, end: int) -> Iterator[_Element]:
    """The elements that follow one another; ends after one of unknown size."""
    for _ in range(MAX_SECTIONS_WALKED):
        if start >= end:
            return
        number, after = _variable(file, start, keeps_marker=True)
        size, content = _variable(file, after, keeps_marker=False)
        width = content - after
        is_unknown = size == (1 << 7 * width) - 1
        yield _Element(number, start, content, None if is_unknown else content + size)
        if is_unknown:
            return
        start = content + size
    raise UndeterminedError(Reason.CAP, f"more than {MAX_SECTIONS_WALKED} elements")


def _variable(file: BinaryIO, offset: int, *, keeps_marker: bool) -> tuple[int, int]:
    """A variable-size integer and the offset behind it (RFC 8794, section 4)."""
    first = bytes_at(file, offset, 1)[0]
    width = 9 - first.bit_length()
    if width > 8 or (keeps_marker and width > 4):
        raise UndeterminedError(Reason.MALFORMED, f"what stands at {offset} is no element")
    value = int.from_bytes(bytes_at(file, offset, width), "big")
    return value if keeps_marker else value & ((1 << 7 * width) - 1), offset + width


def _take_doc_type(walk: ElementWalk, file: BinaryIO, start: int, end: int) -> None:
    for element in _elements(file, start, end):
        if element.number == _DOC_TYPE:
            walk.doc_type = _text(file, element)


def _take_segment(walk: ElementWalk, file: BinaryIO, start: int, end: int) -> None:
    for element in _elements(file, start, end):
        name = _NAMES.get(element.number, f"0x{element.number:X}")
        n_bytes = 0 if element.end is None else element.end - element.start
        walk.sections.add(name, element.start, n_bytes)
        if element.end is None:
            raise UndeterminedError(Reason.CAP, f"{name} at {element.start} does not say how long it is")
        if element.end > end:
            raise UndeterminedError(Reason.MALFORMED, f"{name} at {element.start} reaches past the end")
        if element.number == _INFO:
            _take_info(walk, file, element.content, element.end)


def _take_info(walk: ElementWalk, file: BinaryIO, start: int, end: int) -> None:
    for element in _elements(file, start, end):
        if element.number == _MUXING_APP:
            walk.marks.append(EncoderMark("muxing application", _text(file, element)))
        elif element.number == _WRITING_APP:
            walk.marks.append(EncoderMark("writing application", _text(file, element)))
        elif element.number == _DATE and element.end == element.content + 8:
            nanoseconds = int.from_bytes(bytes_at(file, element.content, 8), "big", signed=True)
            moment = _EPOCH + timedelta(microseconds=nanoseconds // 1000)
            text = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
            walk.times.append(("segment created", text))


def _text(file: BinaryIO, element: _Element) -> str:
    n_bytes = 0 if element.end is None else min(element.end - element.content, _MAX_TEXT_BYTES)
    return plain_text(bytes_at(file, element.content, n_bytes).decode("utf-8", "replace"))
