"""The top-level chunks of RIFF files: WebP and AVI."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

from forensic_cli.factsheet import ContainerFacts, Reason
from forensic_cli.media.facts.bytes_at import SectionList, bytes_at, file_size
from forensic_cli.media.facts.determination import UndeterminedError

_HEADER_BYTES = 12
_MAX_XMP_BYTES = 1 << 18


@dataclass(slots=True)
class RiffWalk:
    """What a walk over the chunks found; `fault` ended it early.

    Attributes:
        xmp: content of WebP's "XMP " chunk.
        software: content of AVI's ISFT entry.
    """

    form: str = ""
    sections: SectionList = field(default_factory=SectionList)
    xmp: bytes = b""
    software: bytes = b""
    end_bytes: int | None = None
    fault: UndeterminedError | None = None

    def layout(self, n_bytes: int) -> ContainerFacts:
        """The chunks in their order, and what follows the RIFF of a file of `n_bytes`."""
        trailing = None if self.end_bytes is None else n_bytes - self.end_bytes
        sections = self.sections
        return ContainerFacts(
            brand=self.form,
            sections=sections.kept,
            n_sections=sections.n_walked,
            n_trailing_bytes=trailing,
        )


def walk_riff(file: BinaryIO) -> RiffWalk:
    """Walks the chunks of every RIFF that the file begins with (long AVI files have several)."""
    walk = RiffWalk()
    try:
        n_bytes = file_size(file)
        offset = 0
        while offset + _HEADER_BYTES <= n_bytes and bytes_at(file, offset, 4) == b"RIFF":
            offset = _walk_form(walk, file, offset, n_bytes)
            walk.end_bytes = offset
    except UndeterminedError as error:
        walk.fault = error
    return walk


def _walk_form(walk: RiffWalk, file: BinaryIO, start: int, n_bytes: int) -> int:
    """Walks one RIFF, and gives the offset behind it."""
    header = bytes_at(file, start, _HEADER_BYTES)
    end = _end_of(start, header[4:8])
    walk.form = walk.form or header[8:].decode("latin-1").strip()
    offset = start + _HEADER_BYTES
    while offset + 8 <= end:
        head = bytes_at(file, offset, 8)
        following = _end_of(offset, head[4:])
        name = head[:4].decode("latin-1").strip()
        if not name.isprintable() or following > n_bytes + 1:
            raise UndeterminedError(Reason.MALFORMED, f"chunk at {offset} is none, or reaches past the end")
        if name == "LIST":
            name = f"LIST {bytes_at(file, offset + 8, 4).decode('latin-1').strip()}"
        walk.sections.add(name if name.isprintable() else "LIST", offset, following - offset)
        content_bytes = min(following - offset - 8, _MAX_XMP_BYTES, n_bytes - offset - 8)
        if name == "XMP" and not walk.xmp:
            walk.xmp = bytes_at(file, offset + 8, content_bytes)
        elif name == "LIST INFO" and not walk.software:
            walk.software = _software(bytes_at(file, offset + 12, max(content_bytes - 4, 0)))
        offset = following
    return min(end, n_bytes)


def _end_of(offset: int, length: bytes) -> int:
    """Behind a chunk: 8 bytes of header, the content, and a byte that makes it even."""
    n_bytes = int.from_bytes(length, "little")
    return offset + 8 + n_bytes + n_bytes % 2


def _software(entries: bytes) -> bytes:
    offset = 0
    while offset + 8 <= len(entries):
        following = _end_of(offset, entries[offset + 4 : offset + 8])
        if entries[offset : offset + 4] == b"ISFT":
            return entries[offset + 8 : following].rstrip(b"\0")
        offset = following
    return b""
