"""Feeding a decoder runs of packets, each of which carries its position through to its frame.

One thread decodes. With more, a damaged stream gives other pixels, and HEVC even other ones each
time [tried]; what cannot be repeated is worth nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from forensic_cli.media.packets import stream_packets

# What was decoded to find the first whole frame is kept for the run that begins there, unless it is more: a
# damaged stream can hold any number of frames and packets before it.
_MAX_KEPT_FRAMES = 4
_MAX_KEPT_STEPS = 64

# In these the syntax marks the frames that no other one refers to. (HEVC's mark holds within one
# temporal layer only, so it is no proof.)
_MARKS_DISPOSABLE_FRAMES = frozenset({"h264", "mpeg4", "mpeg2video"})


class PacketMark:
    """Travels through the decoder with a packet, to tell the frame that comes of it.

    PyAV finds the object again by its address, and forgets it when any packet with that address is
    freed [seen]. So each packet needs an object of its own; the interpreter's shared small integers
    would be lost.
    """

    __slots__ = ("position",)

    def __init__(self, position: int) -> None:
        self.position = position


OpenStream = Callable[[], tuple[InputContainer, VideoStream]]


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one packet, or of emptying the decoder after the last one.

    Attributes:
        position: of the packet fed last.
        frames: out of the decoder, in display order; see `coded_position`.
        has_fault: the decoder refused the packet.
        is_last: nothing more comes in this run.
    """

    position: int
    frames: list[VideoFrame]
    has_fault: bool
    is_last: bool = False


class PacketFeeder:
    """Reads packets forward, and decodes those that it is told to.

    Args:
        open_stream: opens the container at its start. It is called again only to go back.
        decoder_options: of FFmpeg's decoder.

    Attributes:
        n_out_of_memory: packets that were refused for want of memory: since there is too little of it,
            or since the packet asks for more than there can be. Each is counted once.
    """

    def __init__(self, open_stream: OpenStream, decoder_options: dict[str, str]) -> None:
        self._open_stream = open_stream
        self._decoder_options = decoder_options
        self._container: InputContainer | None = None
        self._packets: Iterator[Packet[VideoStream]] = iter(())
        self._position = 0
        # What `beginning` gave, for the next run; none of it where it was too much. None: there is nothing
        # of it in the decoder either.
        self._begun: list[Step] | None = None
        self._last_refused = -1
        self.n_out_of_memory = 0

    def close(self) -> None:
        """Closes the container; the evidence file stays open for its owner."""
        if self._container is not None:
            self._container.close()
            self._container = self._begun = None

    def beginning(self, stop: int) -> Iterator[Step]:
        """As `decode` of all frames from the first packet on, to be left when enough was seen.

        A `decode` from the first packet that follows gives the same steps and goes on from there: what was
        decoded once is not decoded again, but where that would be more than a few frames.
        """
        context = self._stream_before(0).codec_context
        kept, n_frames = list[Step](), 0
        for position, packet in self._read(0, stop):
            step = self._fed(position, packet, context)
            n_frames += len(step.frames)
            if n_frames > _MAX_KEPT_FRAMES or position >= _MAX_KEPT_STEPS:
                kept.clear()
            else:
                kept.append(step)
            self._begun = kept
            yield step
        self._begun = []
        yield self._emptied(stop, context)

    def decode(self, start: int, stop: int, only: Set[int] | None = None) -> Iterator[Step]:
        """Decodes the packets from `start` up to, not including, `stop`, then empties the decoder.

        Args:
            only: positions whose frames are asked for. Others are decoded only where their coding
                allows that another frame refers to them. None asks for all.
        """
        begun, self._begun = self._begun, None
        if begun and start == 0:
            yield from begun
            context = self._stream.codec_context
        else:
            if begun is not None and start > 0:
                self._stream.codec_context.flush_buffers()
            context = self._stream_before(start).codec_context
        may_skip = only is not None and context.codec.canonical_name in _MARKS_DISPOSABLE_FRAMES
        for position, packet in self._read(start, stop):
            if may_skip:
                context.skip_frame = "DEFAULT" if only is None or position in only else "NONREF"
            yield self._fed(position, packet, context)
        yield self._emptied(stop, context)

    def _fed(self, position: int, packet: Packet[VideoStream], context: VideoCodecContext) -> Step:
        packet.opaque = PacketMark(position)
        return self._step(position, packet, context)

    def _emptied(self, stop: int, context: VideoCodecContext) -> Step:
        """What the decoder still held; it is ready for another run then."""
        last = self._step(stop - 1, None, context, is_last=True)
        context.flush_buffers()
        return last

    def _step(
        self,
        position: int,
        packet: Packet[VideoStream] | None,
        context: VideoCodecContext,
        is_last: bool = False,
    ) -> Step:
        try:
            return Step(position, context.decode(packet), False, is_last)
        except av.error.FFmpegError as error:
            if isinstance(error, MemoryError) and position > self._last_refused:
                self._last_refused = position
                self.n_out_of_memory += 1
            return Step(position, [], True, is_last)

    def _stream_before(self, start: int) -> VideoStream:
        """The stream, opened so that the packet at `start` is still to come."""
        if self._container is None or self._position > start:
            self.close()
            self._container, self._stream = self._open_stream()
            context = self._stream.codec_context
            context.thread_count = 1
            context.copy_opaque = True
            context.options = self._decoder_options
            self._packets = stream_packets(self._container, self._stream)
            self._position = 0
        return self._stream

    def _read(self, start: int, stop: int) -> Iterator[tuple[int, Packet[VideoStream]]]:
        while self._position < stop:
            try:
                packet = next(self._packets, None)
            except av.error.FFmpegError:
                # The index ends at the same place, and says so ("stream-broken").
                return
            if packet is None:
                return
            position, self._position = self._position, self._position + 1
            if position >= start:
                yield position, packet


def coded_position(frame: VideoFrame) -> int:
    """The position of the packet that a frame from a `PacketFeeder` was coded in."""
    mark = frame.opaque
    assert isinstance(mark, PacketMark)
    return mark.position
