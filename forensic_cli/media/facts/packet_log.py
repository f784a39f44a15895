"""One pass over a stream's packets, in which everything is noted that the facts are made of."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from forensic_cli.factsheet import EncoderMark, Reason
from forensic_cli.media.facts.determination import Deadline, UndeterminedError
from forensic_cli.media.facts.encoder_marks import marks_in_packet
from forensic_cli.media.facts.picture_types import OTHER, PictureType, TypeReader, type_reader
from forensic_cli.media.packets import stream_packets

# 18 hours at 30 frames a second; facts are never asked for more, whatever --max-packets admits.
_MAX_PACKETS = 2_000_000
_N_SEARCHED_FOR_MARKS = 8
_PACKETS_BETWEEN_CHECKS = 1024
_MISSING = int(np.iinfo(np.int64).min)


@dataclass(frozen=True, slots=True, eq=False)
class PacketLog:
    """The packets of one video stream, in coding order.

    Attributes:
        time_base: seconds per tick.
        pts: (n,) in ticks; meaningless where `has_timestamps` is False.
        n_bytes: (n,) sizes.
        is_key, is_shown: (n,) flags; a packet that is not shown is hidden by an edit list.
        letters: (n,) bytes: the picture types; None where the coding's packets do not show them.
        is_open_leading: (n,) flags of HEVC's skipped leading pictures.
        has_timestamps: every shown packet has one.
        last_duration: of the packet that is coded last, in ticks; 0 if not stated.
        marks: encoders that name themselves in the first packets.
        fault: what ended the pass early, if something did.
    """

    codec: str
    time_base: Fraction
    pts: NDArray[np.int64]
    n_bytes: NDArray[np.int64]
    is_key: NDArray[np.bool_]
    is_shown: NDArray[np.bool_]
    letters: NDArray[np.uint8] | None
    is_open_leading: NDArray[np.bool_]
    has_timestamps: bool
    last_duration: int
    marks: tuple[EncoderMark, ...]
    fault: UndeterminedError | None

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def display_order(self) -> NDArray[np.int64]:
        """Positions of the shown packets in the order in which they are shown."""
        shown = np.flatnonzero(self.is_shown)
        order: NDArray[np.int64] = shown[np.argsort(self.pts[shown], kind="stable")]
        return order


class _Collector:
    """The arrays while they grow: some thirty bytes a packet."""

    def __init__(self, codec: str, extradata: bytes) -> None:
        self.codec, self._extradata = codec, extradata
        self._read_type: TypeReader | None = type_reader(codec, extradata)
        self.pts, self.n_bytes = array("q"), array("q")
        self.is_key, self.is_shown = bytearray(), bytearray()
        self.letters, self.is_open_leading = bytearray(), bytearray()
        self.marks: dict[EncoderMark, None] = {}
        self.last_duration = 0

    def take(self, packet: av.Packet[VideoStream]) -> None:
        content = memoryview(packet)
        picture = self._read_type(content) if self._read_type else PictureType(OTHER)
        if len(self.pts) < _N_SEARCHED_FOR_MARKS:
            self.marks.update(dict.fromkeys(marks_in_packet(self.codec, self._extradata, content)))
        self.pts.append(_MISSING if packet.pts is None else packet.pts)
        self.n_bytes.append(packet.size)
        self.is_key.append(packet.is_keyframe)
        self.is_shown.append(not packet.is_discard)
        self.letters.append(picture.letter)
        self.is_open_leading.append(picture.is_open_leading)
        self.last_duration = packet.duration or 0

    def finished(self, time_base: Fraction, fault: UndeterminedError | None) -> PacketLog:
        pts = np.array(self.pts, dtype=np.int64)
        is_shown = _flags(self.is_shown)
        return PacketLog(
            codec=self.codec,
            time_base=time_base,
            pts=pts,
            n_bytes=np.array(self.n_bytes, dtype=np.int64),
            is_key=_flags(self.is_key),
            is_shown=is_shown,
            letters=np.frombuffer(bytes(self.letters), dtype=np.uint8) if self._read_type else None,
            is_open_leading=_flags(self.is_open_leading),
            has_timestamps=bool((pts[is_shown] != _MISSING).all()),
            last_duration=self.last_duration,
            marks=tuple(self.marks),
            fault=fault,
        )


def read_packet_log(
    container: InputContainer, stream: VideoStream, max_packets: int, deadline: Deadline
) -> PacketLog:
    """Reads all packets of the stream once; a damaged container, a cap or the deadline ends it early."""
    context = stream.codec_context
    collector = _Collector(context.codec.canonical_name, context.extradata or b"")
    fault: UndeterminedError | None = None
    try:
        for packet in _bounded(container, stream, min(max_packets, _MAX_PACKETS), deadline):
            collector.take(packet)
    except av.error.FFmpegError as error:
        fault = UndeterminedError(Reason.MALFORMED, f"container damaged after {len(collector.pts)} packets")
        fault.__cause__ = error
    except UndeterminedError as error:
        fault = error
    return collector.finished(Fraction(stream.time_base or Fraction(1, 1000)), fault)


def _bounded(
    container: InputContainer, stream: VideoStream, max_packets: int, deadline: Deadline
) -> Iterator[av.Packet[VideoStream]]:
    for number, packet in enumerate(stream_packets(container, stream)):
        if number == max_packets:
            raise UndeterminedError(Reason.CAP, f"only the first {max_packets} packets were looked at")
        if number % _PACKETS_BETWEEN_CHECKS == 0:
            deadline.check()
        yield packet


def _flags(values: bytearray) -> NDArray[np.bool_]:
    return np.frombuffer(bytes(values), dtype=np.bool_)
