"""The sampled frames of a video, as a stream, and the account of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import BinaryIO

import av
from av.video.frame import VideoFrame

from forensic_cli.config import MediaLimits, Sampling
from forensic_cli.errors import MediaError
from forensic_cli.media.colour import RgbConverter
from forensic_cli.media.containers import decoder_options
from forensic_cli.media.damage import DecodingTally
from forensic_cli.media.decoding import frame_decoder
from forensic_cli.media.feeding import PacketFeeder
from forensic_cli.media.probe import probe, stream_opener, undecodable_hint
from forensic_cli.media.sampling import plan_sampling
from forensic_cli.media.sniff import FileFormat
from forensic_cli.types import Frame, FrameCounts, MediaFacts, RgbImage, ScanWarning


class VideoSource:
    """A video, probed when it is made; see `MediaSource`.

    One iteration at a time: the frames are read through the one open file.

    Args:
        file: open, and left open. Nobody else may read it until the frames have been given out.
        name: for messages.
        warnings: what is known of the file already; given out with the rest.

    Raises:
        MediaError: as `probe.probe_video`.
    """

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        file_format: FileFormat,
        sampling: Sampling,
        limits: MediaLimits,
        warnings: tuple[ScanWarning, ...] = (),
    ) -> None:
        self._name = name
        self._warnings = warnings
        self._limits = limits
        self._open_stream = stream_opener(file, name, file_format, limits)
        self._probe = probe(file, name, file_format, limits)
        # The first iteration goes on where the probe stopped.
        self._feeder: PacketFeeder | None = self._probe.feeder
        self._index = self._probe.index
        self._plan = plan_sampling(self._index.display_pts, self._index.time_base, sampling, limits)
        self._reset()

    def _reset(self) -> None:
        self._tally = DecodingTally()
        self._n_used = 0
        self._n_refused = 0
        self._n_resized = 0
        self._n_interlaced = 0
        self._n_out_of_memory = 0

    @property
    def facts(self) -> MediaFacts:
        """What the packets and the first frame show."""
        return self._probe.facts

    @property
    def n_planned(self) -> int:
        """Frames that the sampling rule chose."""
        return len(self._plan.targets)

    def frames(self) -> Iterator[Frame]:
        """Yields the sampled frames in display order, upright, with square pixels.

        Frames of another size than the first keep their own.

        Raises:
            MediaError: at the end, if not one of the sampled frames could be decoded.
            MemoryError: likewise, where the decoder found too little of it.
        """
        self._reset()
        converter = RgbConverter(self._probe.geometry)
        begun, self._feeder = self._feeder, None
        with closing(begun or PacketFeeder(self._open_stream, decoder_options(self._limits))) as feeder:
            decoder = frame_decoder(feeder, self._index)
            self._tally = decoder.tally
            for rank, picture in decoder.frames(self._plan.targets):
                image = self._convert(picture, converter)
                if image is not None:
                    self._n_used += 1
                    pts = self._index.display_pts
                    yield Frame(rank, int(pts[rank]), self._index.time_base, image, int(pts[0]))
            self._n_out_of_memory = feeder.n_out_of_memory
        if not self._n_used and self._n_out_of_memory:
            raise MemoryError(f"No sampled frame of {self._name} can be decoded for want of memory.")
        if not self._n_used:
            raise MediaError(
                f"None of the {len(self._plan.targets)} sampled frames of {self._name} can be decoded.",
                undecodable_hint(self._limits),
            )

    def _convert(self, picture: VideoFrame, converter: RgbConverter) -> RgbImage | None:
        """RGB, or None for a frame that the limits or the pixel format forbid."""
        facts = self._probe.facts
        displayed = self._probe.geometry.displayed_size(picture.width, picture.height)
        if max(displayed[0] * displayed[1], picture.width * picture.height) > self._limits.max_pixels:
            self._n_refused += 1
            return None
        try:
            image = converter.convert(picture)
        except av.error.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            self._n_refused += 1
            return None
        self._n_resized += displayed != (facts.width_px, facts.height_px)
        self._n_interlaced += picture.interlaced_frame
        return image

    @property
    def counts(self) -> FrameCounts:
        """The denominators so far; complete when `frames` has ended.

        Frames that a limit cut off count as not sampled.
        """
        n_failed = self._tally.n_failed + self._n_refused
        return FrameCounts(
            n_in_stream=self._index.n_frames,
            n_decoded=self._tally.n_decoded,
            n_used=self._n_used,
            n_not_sampled=self._index.n_frames - self._n_used - n_failed,
            n_failed=n_failed,
        )

    @property
    def warnings(self) -> tuple[ScanWarning, ...]:
        """Everything that the reader must know; complete when `frames` has ended."""
        return (*self._warnings, *self._probe.warnings, *self._plan.warnings, *self._decoding_warnings())

    def _decoding_warnings(self) -> Iterator[ScanWarning]:
        counted = (
            (
                "frames-failed",
                self._tally.n_failed,
                "{n} sampled frames are broken and could not be decoded whole; they were not examined.",
            ),
            (
                "frames-after-damage",
                self._tally.n_after_damage,
                "{n} examined frames follow a broken one in the same group and may show its damage.",
            ),
            (
                "decoder-out-of-memory",
                self._n_out_of_memory,
                "{n} coded frames were refused by the decoder for want of memory; raise --max-memory, unless "
                "the file is damaged and asks for more than there can be.",
            ),
            (
                "frames-refused",
                self._n_refused,
                "{n} sampled frames are larger than the limit or of an unknown pixel format; they were "
                "not examined.",
            ),
            (
                "size-changes",
                self._n_resized,
                "{n} examined frames have another size than the first frame of the video.",
            ),
            (
                "interlaced",
                self._n_interlaced,
                "{n} examined frames are interlaced; moving edges show comb lines.",
            ),
        )
        for code, n, message in counted:
            if n:
                yield ScanWarning(code, message.format(n=n), n)
