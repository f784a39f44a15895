"""The chunks of a PNG and its texts (ISO/IEC 15948), walked without decoding."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import BinaryIO

from forensic_cli.factsheet import ContainerFacts, Reason, TextEntry
from forensic_cli.media.facts.bytes_at import SectionList, bytes_at, file_size
from forensic_cli.media.facts.determination import UndeterminedError
from forensic_cli.media.plain_text import plain_text

_SIGNATURE_BYTES = 8
_FRAME_BYTES = 12  # length, type, checksum
_MAX_TEXTS = 50
_MAX_STORED_BYTES = 1 << 20
# Inflating stops here: a kilobyte of zTXt can hold a megabyte.
_MAX_TEXT_BYTES = 4096
_MAX_CHARACTERS = 1000


@dataclass(slots=True)
class PngWalk:
    """What a walk over the chunks found; `fault` ended it early."""

    sections: SectionList = field(default_factory=SectionList)
    texts: list[TextEntry] = field(default_factory=list)
    xmp: bytes = b""
    n_texts: int = 0
    end_bytes: int | None = None
    fault: UndeterminedError | None = None

    def layout(self, n_bytes: int) -> ContainerFacts:
        """The chunks in their order, and what follows the last one of a file of `n_bytes`."""
        trailing = None if self.end_bytes is None else n_bytes - self.end_bytes
        sections = self.sections
        return ContainerFacts(sections=sections.kept, n_sections=sections.n_walked, n_trailing_bytes=trailing)


def walk_png(file: BinaryIO) -> PngWalk:
    """Walks to the end chunk, or to the first fault."""
    walk = PngWalk()
    try:
        _walk_chunks(walk, file, file_size(file))
    except UndeterminedError as error:
        walk.fault = error
    return walk


def _walk_chunks(walk: PngWalk, file: BinaryIO, n_bytes: int) -> None:
    offset = _SIGNATURE_BYTES
    while offset < n_bytes:
        head = bytes_at(file, offset, 8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if not kind.isalpha() or offset + _FRAME_BYTES + length > n_bytes:
            raise UndeterminedError(Reason.MALFORMED, f"chunk at {offset} is none, or reaches past the end")
        walk.sections.add(kind.decode("ascii"), offset, length + _FRAME_BYTES)
        if kind in _READERS:
            walk.n_texts += 1
            content = bytes_at(file, offset + 8, min(length, _MAX_STORED_BYTES))
            _take_text(walk, kind, content)
        offset += length + _FRAME_BYTES
        if kind == b"IEND":
            walk.end_bytes = offset
            return
    raise UndeterminedError(Reason.MALFORMED, "no end chunk")


def _take_text(walk: PngWalk, kind: bytes, content: bytes) -> None:
    keyword, _, rest = content.partition(b"\0")
    text = _READERS[kind](rest)
    if keyword == b"XML:com.adobe.xmp":
        walk.xmp = walk.xmp or text
    elif len(walk.texts) < _MAX_TEXTS:
        encoding = "utf-8" if kind == b"iTXt" else "latin-1"
        shown = plain_text(text.decode(encoding, "replace"), _MAX_CHARACTERS)
        walk.texts.append(TextEntry(kind.decode(), plain_text(keyword.decode("latin-1")), shown))


def _plain(content: bytes) -> bytes:
    return content[:_MAX_TEXT_BYTES]


def _compressed(content: bytes) -> bytes:
    """Behind the keyword of a zTXt: a method byte and the deflated text."""
    return _inflated(content[1:])


def _international(content: bytes) -> bytes:
    """Behind the keyword of an iTXt: flag, method, language, translated keyword, text."""
    is_compressed = content[:1] == b"\1"
    _, _, rest = content[2:].partition(b"\0")
    _, _, text = rest.partition(b"\0")
    return _inflated(text) if is_compressed else text[:_MAX_STORED_BYTES]


def _inflated(content: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(content, _MAX_TEXT_BYTES)
    except zlib.error:
        return b"(damaged)"


_READERS = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international}
