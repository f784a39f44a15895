"""The boxes of MP4 and QuickTime files (ISO/IEC 14496-12), walked without FFmpeg."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from forensic_cli.factsheet import ContainerFacts, Edit, EncoderMark, Reason
from forensic_cli.media.facts.bytes_at import MAX_SECTIONS_WALKED, SectionList, bytes_at, file_size
from forensic_cli.media.facts.determination import UndeterminedError
from forensic_cli.media.plain_text import plain_text

_CONTAINERS = frozenset({"moov", "trak", "mdia", "minf", "stbl", "edts"})
# All that may hold other boxes, for counting only.
_PARENTS = _CONTAINERS | {
    "udta",
    "meta",
    "moof",
    "traf",
    "mfra",
    "mvex",
    "dinf",
    "sinf",
    "schi",
    "ilst",
    "tref",
}
_MAX_DEPTH = 8
_MAX_EDITS = 64
_MAX_BRANDS = 32
_MAX_NAME_BYTES = 256
_MAX_TRACKS = 64
_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
_COMPRESSOR_OFFSET = 42  # in a visual sample entry, behind the box header
_COMPRESSOR_BYTES = 32
_SAMPLE_ENTRY_OFFSET = 8  # in stsd, behind version, flags and count


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its type, where it begins, where its content begins, where it ends."""

    kind: str
    start: int
    content: int
    end: int


@dataclass(slots=True)
class BoxWalk:
    """What a walk over the boxes found; `fault` ended it early."""

    sections: SectionList = field(default_factory=SectionList)
    brand: str = ""
    compatible_brands: tuple[str, ...] = ()
    times: list[tuple[str, str]] = field(default_factory=list)
    marks: list[EncoderMark] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    n_edits: int = 0
    end_bytes: int = 0
    first_of: dict[str, int] = field(default_factory=dict)
    n_inner: int = 0
    n_tracks: int = 0
    movie_scale: int = 0
    fault: UndeterminedError | None = None

    def layout(self, n_bytes: int) -> ContainerFacts:
        """The layout of a file of `n_bytes`; `n_trailing_bytes` follow the last whole box."""
        index, pictures = self.first_of.get("moov"), self.first_of.get("mdat")
        return ContainerFacts(
            brand=self.brand,
            compatible_brands=self.compatible_brands,
            sections=self.sections.kept,
            n_sections=self.sections.n_walked,
            is_index_first=None if index is None or pictures is None else index < pictures,
            n_trailing_bytes=n_bytes - self.end_bytes,
            header_times=tuple(self.times),
            edits=tuple(self.edits),
            n_edits=self.n_edits,
        )


@dataclass(slots=True)
class _Track:
    number: int = 0
    media_scale: int = 0
    handler: str = ""
    edit_box: Box | None = None


def walk_boxes(file: BinaryIO) -> BoxWalk:
    """Walks the top level, and the movie box down to its sample descriptions, until the first fault."""
    walk = BoxWalk()
    try:
        n_bytes = file_size(file)
        for box in _boxes(file, 0, n_bytes):
            walk.sections.add(box.kind, box.start, box.end - box.start)
            walk.end_bytes = box.end
            walk.first_of.setdefault(box.kind, box.start)
            if box.kind == "ftyp" and not walk.brand:
                _take_brands(walk, file, box)
            elif box.kind == "moov":
                _take_movie(walk, file, box)
    except UndeterminedError as error:
        walk.fault = error
    return walk


def holds_more_boxes_than(file: BinaryIO, n_boxes: int) -> bool:
    """True where more than `n_boxes` boxes can be counted at any depth, before the first fault."""
    waiting = [Box("", 0, 0, file_size(file))]
    n_seen = 0
    while waiting:
        outer = waiting.pop()
        # A full box's version and flags stand before the children of ISO's "meta".
        start = outer.content + (4 if outer.kind == "meta" else 0)
        try:
            for box in _boxes(file, start, outer.end):
                n_seen += 1
                if n_seen > n_boxes:
                    return True
                if box.kind in _PARENTS:
                    waiting.append(box)
        except UndeterminedError:
            # What is no box is not counted; the walk for the layout says what it met.
            continue
    return False


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """The boxes that follow one another from `start`.

    Raises:
        UndeterminedError: what stands there is no box, or it reaches past `end`.
    """
    while start < end:
        if end - start < 8:
            raise UndeterminedError(Reason.MALFORMED, f"{end - start} bytes at {start} are no box")
        head = bytes_at(file, start, 8)
        size, kind, content = int.from_bytes(head[:4], "big"), head[4:].decode("latin-1"), start + 8
        if size == 1:
            size, content = int.from_bytes(bytes_at(file, content, 8), "big"), content + 8
        elif size == 0:
            size = end - start
        if size < content - start or not (kind.isprintable() or kind[1:].isprintable()):
            raise UndeterminedError(Reason.MALFORMED, f"what stands at {start} is no box")
        if start + size > end:
            excess = start + size - end
            raise UndeterminedError(
                Reason.MALFORMED, f"box {plain_text(kind)} at {start} reaches {excess} bytes too far"
            )
        yield Box(plain_text(kind), start, content, start + size)
        start += size


def _inner(walk: BoxWalk, file: BinaryIO, outer: Box, depth: int = 1) -> Iterator[Box]:
    """The boxes inside `outer` at any depth, parents before their children."""
    for box in _boxes(file, outer.content, outer.end):
        walk.n_inner += 1
        if walk.n_inner > MAX_SECTIONS_WALKED or depth > _MAX_DEPTH:
            raise UndeterminedError(Reason.CAP, f"more than {MAX_SECTIONS_WALKED} boxes, or too deep")
        yield box
        if box.kind in _CONTAINERS and box.kind != "trak":
            yield from _inner(walk, file, box, depth + 1)


def _take_brands(walk: BoxWalk, file: BinaryIO, box: Box) -> None:
    n_bytes = min(box.end - box.content, 8 + 4 * _MAX_BRANDS)
    content = bytes_at(file, box.content, n_bytes)
    brands = [plain_text(content[at : at + 4].decode("latin-1")) for at in range(0, n_bytes - 3, 4)]
    walk.brand = brands[0] if brands else ""
    walk.compatible_brands = tuple(brands[2:])


def _take_movie(walk: BoxWalk, file: BinaryIO, movie: Box) -> None:
    for box in _inner(walk, file, movie):
        if box.kind == "mvhd":
            walk.movie_scale = _take_times(walk, file, box, "movie")
        elif box.kind == "trak" and walk.n_tracks < _MAX_TRACKS:
            walk.n_tracks += 1
            _take_track(walk, file, box)


def _take_track(walk: BoxWalk, file: BinaryIO, track_box: Box) -> None:
    track = _Track()
    for box in _inner(walk, file, track_box):
        if box.kind == "tkhd":
            is_long = bytes_at(file, box.content, 1) == b"\1"
            track.number = _integer(file, box.content + (20 if is_long else 12), 4)
        elif box.kind == "mdhd":
            track.media_scale = _take_times(walk, file, box, f"track {track.number}")
        elif box.kind == "hdlr" and not track.handler:
            track.handler = plain_text(bytes_at(file, box.content + 8, 4).decode("latin-1"))
            _take_handler_name(walk, file, box, track.handler)
        elif box.kind == "elst":
            track.edit_box = box
        elif box.kind == "stsd" and track.handler == "vide":
            _take_compressor(walk, file, box)
    if track.edit_box is not None:
        _take_edits(walk, file, track.edit_box, track)


def _take_times(walk: BoxWalk, file: BinaryIO, box: Box, place: str) -> int:
    """Notes creation and modification time of mvhd or mdhd, and gives its time scale."""
    width = 8 if bytes_at(file, box.content, 1) == b"\1" else 4
    for name, offset in (("created", 4), ("modified", 4 + width)):
        seconds = _integer(file, box.content + offset, width)
        if seconds:
            walk.times.append((f"{place} {name}", _utc(seconds)))
    return _integer(file, box.content + 4 + 2 * width, 4)


def _utc(seconds: int) -> str:
    try:
        return (_EPOCH + timedelta(seconds=seconds)).isoformat(timespec="seconds").replace("+00:00", "Z")
    except OverflowError:
        return f"out of range: {seconds} s after 1904"


def _take_handler_name(walk: BoxWalk, file: BinaryIO, box: Box, handler: str) -> None:
    raw = bytes_at(file, box.content + 24, min(max(box.end - box.content - 24, 0), _MAX_NAME_BYTES))
    # QuickTime writes a Pascal string, ISO a C string.
    is_pascal = bool(raw) and 0 < raw[0] == len(raw) - 1
    name = plain_text((raw[1:] if is_pascal else raw).partition(b"\0")[0].decode("utf-8", "replace"))
    if name:
        walk.marks.append(EncoderMark(f"handler {handler}", name))


def _take_compressor(walk: BoxWalk, file: BinaryIO, box: Box) -> None:
    for entry in _boxes(file, box.content + _SAMPLE_ENTRY_OFFSET, box.end):
        start = entry.content + _COMPRESSOR_OFFSET
        if start + _COMPRESSOR_BYTES <= entry.end:
            raw = bytes_at(file, start, _COMPRESSOR_BYTES)
            name = plain_text(raw[1 : 1 + min(raw[0], 31)].decode("utf-8", "replace"))
            if name:
                walk.marks.append(EncoderMark("compressor name", name))
        return


def _take_edits(walk: BoxWalk, file: BinaryIO, box: Box, track: _Track) -> None:
    width = 8 if bytes_at(file, box.content, 1) == b"\1" else 4
    n_entries = _integer(file, box.content + 4, 4)
    walk.n_edits += n_entries
    if not walk.movie_scale or not track.media_scale:
        raise UndeterminedError(Reason.MALFORMED, "an edit list without time scales")
    for number in range(min(n_entries, _MAX_EDITS - len(walk.edits))):
        start = box.content + 8 + number * (2 * width + 4)
        if start + 2 * width + 4 > box.end:
            raise UndeterminedError(Reason.MALFORMED, "the edit list is shorter than it says")
        duration = _integer(file, start, width)
        media_time = _integer(file, start + width, width, signed=True)
        rate = _integer(file, start + 2 * width, 4, signed=True) / 65536
        media_start_s = -1.0 if media_time == -1 else round(media_time / track.media_scale, 6)
        walk.edits.append(
            Edit(track.number, round(duration / walk.movie_scale, 6), media_start_s, round(rate, 6))
        )


def _integer(file: BinaryIO, offset: int, width: int, *, signed: bool = False) -> int:
    return int.from_bytes(bytes_at(file, offset, width), "big", signed=signed)
