"""All facts of a video, into one factsheet."""

from __future__ import annotations

from typing import BinaryIO

from av.container import InputContainer
from av.video.stream import VideoStream

from forensic_cli.config import MediaLimits
from forensic_cli.errors import MediaError
from forensic_cli.factsheet import (
    BitRateFacts,
    ContainerFacts,
    CredentialFacts,
    EncoderMark,
    Factsheet,
    FrameFacts,
    Reason,
    StreamFacts,
    TimingFacts,
)
from forensic_cli.media.containers import main_video_stream, open_container
from forensic_cli.media.facts.bytes_at import file_size
from forensic_cli.media.facts.determination import Deadline, Notes
from forensic_cli.media.facts.ebml import walk_elements
from forensic_cli.media.facts.groups import frame_facts
from forensic_cli.media.facts.iso_bmff import walk_boxes
from forensic_cli.media.facts.packet_log import PacketLog, read_packet_log
from forensic_cli.media.facts.riff import walk_riff
from forensic_cli.media.facts.stream import stream_facts
from forensic_cli.media.facts.timing import bit_rate_facts, timing_facts
from forensic_cli.media.plain_text import plain_text
from forensic_cli.media.sniff import AVI, ISO_BMFF, MATROSKA, FileFormat

_MAX_MARKS = 50
_StreamParts = tuple[
    StreamFacts | None, FrameFacts | None, TimingFacts | None, BitRateFacts | None, tuple[EncoderMark, ...]
]


def video_facts(
    file: BinaryIO,
    name: str,
    file_format: FileFormat,
    limits: MediaLimits,
    credentials: CredentialFacts,
    notes: Notes,
    deadline: Deadline,
) -> Factsheet:
    """Reads every fact of a video; what cannot be told goes to `notes`."""
    layout = notes.attempt("container", lambda: _layout(file, file_format, notes))
    container, marks = layout or (None, ())
    stream, frames, timing, bit_rate, more = _stream_parts(file, name, file_format, limits, notes, deadline)
    distinct = tuple(dict.fromkeys((*marks, *more)))
    if len(distinct) > _MAX_MARKS:
        notes.add("encoders", Reason.CAP, f"{len(distinct)} marks")
    return Factsheet(
        format=file_format.label,
        credentials=credentials,
        container=container,
        encoders=distinct[:_MAX_MARKS],
        stream=stream,
        frames=frames,
        timing=timing,
        bit_rate=bit_rate,
    )


def _layout(
    file: BinaryIO, file_format: FileFormat, notes: Notes
) -> tuple[ContainerFacts | None, tuple[EncoderMark, ...]]:
    n_bytes = file_size(file)
    marks: tuple[EncoderMark, ...] = ()
    if file_format is ISO_BMFF:
        boxes = walk_boxes(file)
        fault, facts, marks = boxes.fault, boxes.layout(n_bytes), tuple(boxes.marks)
    elif file_format is MATROSKA:
        elements = walk_elements(file)
        fault, facts, marks = elements.fault, elements.layout(n_bytes), tuple(elements.marks)
    elif file_format is AVI:
        riff = walk_riff(file)
        fault, facts = riff.fault, riff.layout(n_bytes)
        if riff.software:
            marks = (EncoderMark("ISFT", plain_text(riff.software)),)
    else:
        notes.add("container", Reason.NOT_FOR_FORMAT, file_format.label)
        return None, ()
    if fault is not None:
        notes.add("container.sections", fault.reason, fault.detail)
    if not facts.header_times:
        notes.add("container.header_times", Reason.ABSENT)
    return facts, marks


def _stream_parts(
    file: BinaryIO,
    name: str,
    file_format: FileFormat,
    limits: MediaLimits,
    notes: Notes,
    deadline: Deadline,
) -> _StreamParts:
    try:
        container = open_container(file, name, file_format, limits)
    except MediaError as error:
        for fact in ("stream", "frames", "timing", "bit_rate"):
            notes.add(fact, Reason.MALFORMED, error.message)
        return None, None, None, None, ()
    with container:
        try:
            stream = main_video_stream(container, name)
        except MediaError as error:
            for fact in ("stream", "frames", "timing", "bit_rate"):
                notes.add(fact, Reason.ABSENT, error.message)
            return None, None, None, None, ()
        facts = notes.attempt("stream", lambda: stream_facts(stream))
        log = notes.attempt(
            "frames", lambda: read_packet_log(container, stream, limits.max_packets, deadline)
        )
        marks = _tagged(container, stream)
        if log is None:
            return facts, None, None, None, marks
        frames = notes.attempt("frames", lambda: frame_facts(log))
        timing = notes.attempt("timing", lambda: timing_facts(log, container))
        bit_rate = notes.attempt("bit_rate", lambda: bit_rate_facts(log))
        _note_gaps(log, frames, notes)
        return facts, frames, timing, bit_rate, (*marks, *log.marks)


def _note_gaps(log: PacketLog, frames: FrameFacts | None, notes: Notes) -> None:
    if log.fault is not None:
        notes.add("frames.n_frames", log.fault.reason, log.fault.detail)
    if log.letters is None:
        notes.add("frames.n_i", Reason.NOT_FOR_CODEC, log.codec)
    if frames is not None and frames.n_open_groups is None:
        notes.add("frames.n_open_groups", Reason.NOT_FOR_CODEC, log.codec)


def _tagged(container: InputContainer, stream: VideoStream) -> tuple[EncoderMark, ...]:
    """The encoder tags of the file and of the stream, and device tags that phones write."""
    wanted = ("encoder", "com.android.manufacturer", "com.android.model", "com.android.version",
              "com.apple.quicktime.make", "com.apple.quicktime.model", "com.apple.quicktime.software",
              "make", "model", "software")  # fmt: skip
    marks = []
    for place, tags in (("tag", container.metadata), ("stream tag", stream.metadata)):
        lowered = {key.lower(): value for key, value in tags.items()}
        marks += [
            EncoderMark(f"{place} {key}", plain_text(lowered[key])) for key in wanted if lowered.get(key)
        ]
    return tuple(marks)
