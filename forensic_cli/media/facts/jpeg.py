"""The segments of a JPEG, walked without decoding (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import BinaryIO

from forensic_cli.factsheet import ContainerFacts, JpegFacts, Reason, TextEntry
from forensic_cli.media.facts.bytes_at import SectionList, bytes_at, file_size
from forensic_cli.media.facts.determination import UndeterminedError
from forensic_cli.media.facts.quantisation import describe_table
from forensic_cli.media.plain_text import plain_text

_SOI, _EOI, _SOS, _DQT, _DRI, _COM, _APP0 = 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xFE, 0xE0
_PROCESSES = {
    0xC0: "baseline", 0xC1: "extended", 0xC2: "progressive", 0xC3: "lossless",
    **dict.fromkeys((0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF), "arithmetic"),
}  # fmt: skip
_NAMES = {_SOI: "SOI", _EOI: "EOI", _SOS: "SOS", _DQT: "DQT", _DRI: "DRI", _COM: "COM", 0xC4: "DHT"}
_APPLICATIONS = (
    (b"JFIF\0", "JFIF"), (b"JFXX\0", "JFXX"), (b"Exif\0", "Exif"), (b"http://ns.adobe.com/xap", "XMP"),
    (b"http://ns.adobe.com/xmp/ext", "XMP extension"), (b"ICC_PROFILE\0", "ICC profile"), (b"MPF\0", "MPF"),
    (b"JP", "JUMBF"), (b"Photoshop 3.0\0", "Photoshop"), (b"Adobe", "Adobe"), (b"Ducky", "Ducky"),
)  # fmt: skip
_XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
_SUBSAMPLINGS: dict[tuple[tuple[int, int], ...], str] = {
    ((1, 1), (1, 1), (1, 1)): "4:4:4",
    ((2, 1), (1, 1), (1, 1)): "4:2:2",
    ((2, 2), (1, 1), (1, 1)): "4:2:0",
    ((1, 2), (1, 1), (1, 1)): "4:4:0",
    ((4, 1), (1, 1), (1, 1)): "4:1:1",
}
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
_CHUNK_BYTES = 1 << 20
_HEAD_BYTES = 32
_MAX_COMMENTS = 20
_MAX_COMMENT_CHARACTERS = 500


@dataclass(slots=True)
class JpegWalk:
    """What a walk over the segments of the first picture found.

    Attributes:
        component_tables: quantisation table of each component, in the frame's order.
        is_luma_first: the first component is luma or grey, by the component names and Adobe's marker.
        end_bytes: offset behind the end marker; None where the file ends before it.
        fault: what ended the walk early, if something did.
    """

    sections: SectionList = field(default_factory=SectionList)
    tables: dict[int, tuple[int, ...]] = field(default_factory=dict)
    tables_at_first_scan: dict[int, tuple[int, ...]] = field(default_factory=dict)
    n_tables_defined: int = 0
    process: str = ""
    bits: int = 0
    component_ids: bytes = b""
    samplings: tuple[tuple[int, int], ...] = ()
    component_tables: tuple[int, ...] = ()
    adobe_transform: int | None = None
    n_scans: int = 0
    restart_interval: int = 0
    comments: list[TextEntry] = field(default_factory=list)
    xmp: bytes = b""
    end_bytes: int | None = None
    fault: UndeterminedError | None = None

    @property
    def is_luma_first(self) -> bool:
        """True where the first component is brightness."""
        if len(self.component_ids) == 1:
            return True
        is_rgb = self.component_ids == b"RGB" or self.adobe_transform == 0
        return len(self.component_ids) == 3 and not is_rgb

    @property
    def luma_steps(self) -> tuple[int, ...] | None:
        """The first component's table, None without one."""
        return self.tables_at_first_scan.get(self.component_tables[0]) if self.component_tables else None

    def facts(self) -> JpegFacts:
        """The coding.

        Raises:
            UndeterminedError: there is no frame header or no scan.
        """
        if not self.process or not self.n_scans:
            raise UndeterminedError(Reason.MALFORMED, "no frame header or no scan")
        factors = ", ".join(f"{width}x{height}" for width, height in self.samplings)
        subsampling = _SUBSAMPLINGS.get(self.samplings, factors if len(self.samplings) > 1 else "")
        tables = tuple(
            describe_table(number, steps) for number, steps in sorted(self.tables_at_first_scan.items())
        )
        return JpegFacts(
            self.process, self.bits, len(self.samplings), subsampling, tables,
            self.n_tables_defined, self.n_scans, self.restart_interval,
        )  # fmt: skip

    def layout(self, n_bytes: int) -> ContainerFacts:
        """The segments in their order, and what follows the end marker of a file of `n_bytes`."""
        trailing = None if self.end_bytes is None else n_bytes - self.end_bytes
        sections = self.sections
        return ContainerFacts(sections=sections.kept, n_sections=sections.n_walked, n_trailing_bytes=trailing)


def walk_jpeg(file: BinaryIO) -> JpegWalk:
    """Walks from the start marker to the end marker of the first picture, or to the first fault."""
    walk = JpegWalk()
    walk.sections.add("SOI", 0, 2)
    try:
        _walk_segments(walk, file, file_size(file))
    except UndeterminedError as error:
        walk.fault = error
    return walk


def _walk_segments(walk: JpegWalk, file: BinaryIO, n_bytes: int) -> None:
    offset = 2
    while offset < n_bytes:
        offset, code = _marker(file, offset)
        if code in _WITHOUT_LENGTH:
            continue
        if code == _EOI:
            walk.sections.add("EOI", offset - 2, 2)
            walk.end_bytes = offset
            return
        length = int.from_bytes(bytes_at(file, offset, 2), "big")
        if length < 2:
            raise UndeterminedError(Reason.MALFORMED, f"segment of {length} bytes at {offset}")
        _take_segment(walk, file, code, offset + 2, length - 2)
        offset += length
        if code == _SOS:
            offset = _after_scan(file, offset)
    raise UndeterminedError(Reason.MALFORMED, "no end marker")


def _marker(file: BinaryIO, offset: int) -> tuple[int, int]:
    """(offset behind the marker, its code); fill bytes before it are passed over."""
    for _ in range(_CHUNK_BYTES):
        first, second = bytes_at(file, offset, 2)
        if first != 0xFF:
            raise UndeterminedError(Reason.MALFORMED, f"no marker at {offset}")
        if second != 0xFF:
            return offset + 2, second
        offset += 1
    raise UndeterminedError(Reason.CAP, "more fill bytes than are read")


def _after_scan(file: BinaryIO, offset: int) -> int:
    """The offset of the next marker that ends a scan's data; the end of the file where there is none."""
    while True:
        file.seek(offset)
        chunk = file.read(_CHUNK_BYTES)
        found = _NEXT_MARKER.search(chunk)
        if found:
            return offset + found.end() - 2
        if len(chunk) < _CHUNK_BYTES:
            return offset + len(chunk)
        # A marker may lie across two chunks.
        offset += len(chunk) - 1


def _take_segment(walk: JpegWalk, file: BinaryIO, code: int, offset: int, n_bytes: int) -> None:
    walk.sections.add(_name(file, code, offset, n_bytes), offset - 4, n_bytes + 4)
    if code == _SOS:
        if not walk.n_scans:
            walk.tables_at_first_scan = dict(walk.tables)
        walk.n_scans += 1
    elif code == _DQT:
        _take_tables(walk, bytes_at(file, offset, n_bytes))
    elif code in _PROCESSES and not walk.process:
        _take_frame(walk, _PROCESSES[code], bytes_at(file, offset, n_bytes))
    elif code == _DRI and n_bytes >= 2:
        walk.restart_interval = int.from_bytes(bytes_at(file, offset, 2), "big")
    elif code == _COM and len(walk.comments) < _MAX_COMMENTS:
        text = plain_text(bytes_at(file, offset, n_bytes), _MAX_COMMENT_CHARACTERS)
        walk.comments.append(TextEntry("COM", "", text))
    elif code == _APP0 + 1 and not walk.xmp and n_bytes > len(_XMP_PREFIX):
        content = bytes_at(file, offset, n_bytes)
        if content.startswith(_XMP_PREFIX):
            walk.xmp = content.removeprefix(_XMP_PREFIX)
    elif code == _APP0 + 14 and n_bytes >= 12:
        content = bytes_at(file, offset, 12)
        if content.startswith(b"Adobe"):
            walk.adobe_transform = content[11]


def _name(file: BinaryIO, code: int, offset: int, n_bytes: int) -> str:
    if code in _PROCESSES:
        return f"SOF{code - 0xC0}"
    if not _APP0 <= code < _APP0 + 16:
        return _NAMES.get(code, f"0x{code:02X}")
    head = bytes_at(file, offset, min(n_bytes, _HEAD_BYTES))
    kind = next((name for start, name in _APPLICATIONS if head.startswith(start)), "")
    return f"APP{code - _APP0} {kind}".rstrip()


def _take_tables(walk: JpegWalk, content: bytes) -> None:
    position = 0
    while position < len(content):
        width = 2 if content[position] >> 4 else 1
        steps = content[position + 1 : position + 1 + 64 * width]
        if len(steps) < 64 * width:
            raise UndeterminedError(Reason.MALFORMED, "quantisation table cut short")
        values = tuple(
            int.from_bytes(steps[start : start + width], "big") for start in range(0, 64 * width, width)
        )
        if 0 in values:
            raise UndeterminedError(Reason.MALFORMED, "quantisation step of 0")
        walk.tables[content[position] & 0x0F] = values
        walk.n_tables_defined += not walk.n_scans
        position += 1 + 64 * width


def _take_frame(walk: JpegWalk, process: str, content: bytes) -> None:
    if len(content) < 6 or len(content) < 6 + 3 * content[5]:
        raise UndeterminedError(Reason.MALFORMED, "frame header cut short")
    components = [content[6 + 3 * number : 9 + 3 * number] for number in range(content[5])]
    walk.process, walk.bits = process, content[0]
    walk.component_ids = bytes(component[0] for component in components)
    walk.samplings = tuple((component[1] >> 4, component[1] & 15) for component in components)
    walk.component_tables = tuple(component[2] for component in components)
