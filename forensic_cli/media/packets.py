"""The packet index: every frame of a stream, counted and put in order without decoding one.

Nothing in it comes from the container's header, which may claim anything.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from forensic_cli.types import ScanWarning

_MISSING = int(np.iinfo(np.int64).min)
_FALLBACK_RATE = Fraction(25)
# Timestamps are rounded to the container's clock, and cameras' clocks jitter a little.
_JITTER = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class PacketIndex:
    """The packets of one video stream. A position is a packet's 0-based rank in decode order.

    Attributes:
        time_base: seconds per tick.
        key_before: (n_packets,) position of the last key frame at or before; -1 before the first.
        pts: (n_packets,) presentation timestamps in decode order, in ticks.
        display_order: (n_frames,) positions in the order in which they are shown. Packets that an
            edit list hides are not in it.
        display_pts: (n_frames,) timestamps in that order; where the stream has none, those that
            its constant rate implies.
        has_timestamps: False where any shown packet lacks its timestamp. Then `display_order` is
            decode order, and the true order is only learnt by decoding everything.
        n_key_frames: among the shown.
        n_hidden: packets that are decoded but never shown.
        last_duration: of the last shown frame, in ticks; 0 if not stated.
        warnings: what was wrong with the stream.
    """

    time_base: Fraction
    key_before: NDArray[np.int64]
    pts: NDArray[np.int64]
    display_order: NDArray[np.int64]
    display_pts: NDArray[np.int64]
    has_timestamps: bool
    n_key_frames: int
    n_hidden: int
    last_duration: int
    warnings: tuple[ScanWarning, ...]

    @property
    def n_packets(self) -> int:
        """All packets, hidden ones too."""
        return len(self.pts)

    @property
    def n_frames(self) -> int:
        """Frames that are shown."""
        return len(self.display_order)

    @property
    def duration_s(self) -> float:
        """From the first timestamp to the end of the last frame."""
        if not self.n_frames:
            return 0.0
        last = self.last_duration
        if last <= 0 and self.n_frames > 1:
            last = int(np.median(np.diff(self.display_pts)))
        return float((int(self.display_pts[-1] - self.display_pts[0]) + last) * self.time_base)

    @property
    def frame_rate(self) -> float:
        """Mean rate in Hz; 0 where a single frame leaves it open."""
        span = int(self.display_pts[-1] - self.display_pts[0]) if self.n_frames > 1 else 0
        return float((self.n_frames - 1) / (span * self.time_base)) if span else 0.0

    @property
    def is_variable_frame_rate(self) -> bool | None:
        """True where an interval differs from the usual one by more than rounding and jitter."""
        if not self.has_timestamps or self.n_frames < 3:
            return None
        intervals = np.diff(self.display_pts)
        usual = float(np.median(intervals))
        return bool((np.abs(intervals - usual) > max(1.0, _JITTER * usual)).any())

    def decode_start(self, position: int) -> int:
        """The position from which decoding must begin for the packet at `position` to come out whole.

        That is the key frame before it. A leading picture of an open group (decoded after a key
        frame, shown before it) refers to the group before, so it needs the key frame before that.
        """
        key = int(self.key_before[position])
        if key > 0 and self.has_timestamps and self.pts[position] < self.pts[key]:
            key = int(self.key_before[key - 1])
        return max(key, 0)


def stream_packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """The stream's packets in decode order, other streams passed over.

    Packets without content are left out: AVI writes them for "show the last one again", and a
    decoder would take one for the end of the stream.
    """
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, IndexError):
            # PyAV stumbles at the very end of a transport stream in which a stream appeared halfway:
            # it looks for that one in the list that it made at the beginning [seen].
            return
        if packet.size:
            yield packet


def read_packet_index(container: InputContainer, stream: VideoStream, max_packets: int) -> PacketIndex:
    """Reads all packets of the stream once, decoding none.

    Args:
        max_packets: a hostile file can hold a packet in every few bytes; the rest is left out, with the
            warning "cap-packets".

    A fault of the container ends the index where it occurs, with the warning "stream-broken".
    """
    pts, dts = array("q"), array("q")
    is_key, is_shown = bytearray(), bytearray()
    warnings: list[ScanWarning] = []
    last_duration = 0
    try:
        for packet in stream_packets(container, stream):
            if len(pts) == max_packets:
                warnings.append(
                    ScanWarning(
                        "cap-packets",
                        f"Only the first {max_packets} coded frames were looked at; raise --max-packets to "
                        "include the rest.",
                    )
                )
                break
            pts.append(_MISSING if packet.pts is None else packet.pts)
            dts.append(_MISSING if packet.dts is None else packet.dts)
            is_key.append(packet.is_keyframe)
            is_shown.append(not packet.is_discard)
            last_duration = packet.duration or 0
    except av.error.FFmpegError as error:
        warnings.append(
            ScanWarning(
                "stream-broken",
                f"The container is damaged after {len(pts)} frames ({error.strerror}); "
                "what follows cannot be read.",
            )
        )
    return _ordered(
        Fraction(stream.time_base or Fraction(1, 1000)),
        np.array(pts, dtype=np.int64),
        np.array(dts, dtype=np.int64),
        np.frombuffer(bytes(is_key), dtype=np.bool_),
        np.frombuffer(bytes(is_shown), dtype=np.bool_),
        stream.average_rate or _FALLBACK_RATE,
        last_duration,
        warnings,
    )


def _ordered(
    time_base: Fraction,
    pts: NDArray[np.int64],
    dts: NDArray[np.int64],
    is_key: NDArray[np.bool_],
    is_shown: NDArray[np.bool_],
    rate: Fraction,
    last_duration: int,
    warnings: list[ScanWarning],
) -> PacketIndex:
    positions = np.arange(len(pts), dtype=np.int64)
    shown = positions[is_shown]
    has_timestamps = bool((pts[shown] != _MISSING).all())
    if has_timestamps:
        # Stable: frames with the same timestamp stay in decode order.
        display_order = shown[np.argsort(pts[shown], kind="stable")]
        display_pts = pts[display_order]
        n_repeated = int(np.count_nonzero(np.diff(display_pts) == 0))
        if n_repeated:
            warnings.append(
                ScanWarning(
                    "timestamps-repeated",
                    f"{n_repeated} frames carry the timestamp of the frame before them.",
                    n_repeated,
                )
            )
    else:
        display_order = shown
        n_missing = int(np.count_nonzero(pts[shown] == _MISSING))
        known_dts = dts[shown]
        if (known_dts != _MISSING).all():
            display_pts, source = np.sort(known_dts), "the decoding timestamps"
        else:
            ticks = 1 / (rate * time_base)
            display_pts = np.array([round(rank * ticks) for rank in range(len(shown))], dtype=np.int64)
            source = f"the frame count at {float(rate):g} frames a second"
        warnings.append(
            ScanWarning(
                "timestamps-missing",
                f"{n_missing} frames carry no timestamp; times were taken from {source}, "
                "and the video was decoded from its start.",
                n_missing,
            )
        )
    n_hidden = len(pts) - len(shown)
    if n_hidden:
        warnings.append(
            ScanWarning(
                "frames-hidden",
                f"{n_hidden} frames are stored but kept from view by the file's edit list; "
                "they were not examined.",
                n_hidden,
            )
        )
    return PacketIndex(
        time_base=time_base,
        key_before=np.maximum.accumulate(np.where(is_key, positions, -1)),
        pts=pts,
        display_order=display_order,
        display_pts=display_pts,
        has_timestamps=has_timestamps,
        n_key_frames=int(np.count_nonzero(is_key & is_shown)),
        n_hidden=n_hidden,
        last_duration=last_duration,
        warnings=tuple(warnings),
    )
