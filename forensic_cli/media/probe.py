"""The facts of a video, from its packets and its first decodable frame."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from av.container import InputContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from forensic_cli.config import MediaLimits
from forensic_cli.errors import MediaError
from forensic_cli.media.colour import Geometry, is_high_dynamic_range, read_geometry
from forensic_cli.media.containers import (
    decodable_pixels,
    decoder_options,
    main_video_stream,
    moving_streams,
    open_container,
)
from forensic_cli.media.decoding import first_frame
from forensic_cli.media.feeding import OpenStream, PacketFeeder
from forensic_cli.media.packets import PacketIndex, read_packet_index
from forensic_cli.media.plain_text import first_entries, plain_text
from forensic_cli.media.side_data import side_data
from forensic_cli.media.sniff import FileFormat, identify
from forensic_cli.provenance.files import open_read_only
from forensic_cli.types import MediaFacts, MediaKind, ScanWarning

_MAX_TAGS = 100
_CONTAINER_TICKS_PER_S = 1_000_000
_UUID_BYTES = 16
_MAX_SETTINGS_CHARACTERS = 800
REACQUIRE = "It is damaged, encrypted or cut short; acquire the file again from its source."


def undecodable_hint(limits: MediaLimits) -> str:
    """What may be wrong where no frame could be decoded: damage, or a size that the header did not own to."""
    n_pixels = decodable_pixels(limits)
    return " ".join(
        (REACQUIRE, f"Frames of more than {n_pixels} pixels are not decoded either: see --max-pixels.")
    )


@dataclass(frozen=True, slots=True, eq=False)
class VideoProbe:
    """All that must be known before frames are sampled.

    Attributes:
        feeder: goes on from the first frame; to be closed by whoever asked for the probe.
    """

    facts: MediaFacts
    index: PacketIndex
    geometry: Geometry
    warnings: tuple[ScanWarning, ...]
    feeder: PacketFeeder


def probe_video(path: Path, limits: MediaLimits) -> MediaFacts:
    """Counts a video's frames and reads its facts; decodes its first frame only.

    Raises:
        MediaError: it cannot be opened, is no video, holds no video stream or no decodable frame,
            or its pictures have more than `limits.max_pixels`.
    """
    with open_read_only(path) as file:
        file_format = identify(file, path.name)
        if file_format.kind is not MediaKind.VIDEO:
            raise MediaError(f"{path.name} holds a picture, not a video.", "Read it as a picture.")
        found = probe(file, path.name, file_format, limits)
        found.feeder.close()
        return found.facts


def stream_opener(file: BinaryIO, name: str, file_format: FileFormat, limits: MediaLimits) -> OpenStream:
    """How the main video stream of a file is opened, from its start, as often as needed."""
    return lambda: _open_stream(file, name, file_format, limits)


def _open_stream(
    file: BinaryIO, name: str, file_format: FileFormat, limits: MediaLimits, for_packets: bool = False
) -> tuple[InputContainer, VideoStream]:
    container = open_container(file, name, file_format, limits, for_packets)
    try:
        return container, main_video_stream(container, name)
    except MediaError:
        container.close()
        raise


def probe(file: BinaryIO, name: str, file_format: FileFormat, limits: MediaLimits) -> VideoProbe:
    """As `probe_video`, from an open file whose format is known, and with all that it found.

    Raises:
        MediaError: as `probe_video`.
        MemoryError: there is too little of it for a single frame.
    """
    open_stream = stream_opener(file, name, file_format, limits)
    container, stream = _open_stream(file, name, file_format, limits, for_packets=True)
    with container, ExitStack() as on_failure:
        _refuse_too_large(name, stream.width, stream.height, limits)
        index = read_packet_index(container, stream, limits.max_packets)
        if not index.n_frames:
            raise MediaError(f"{name} has a video stream without a single frame.", REACQUIRE)
        feeder = on_failure.enter_context(closing(PacketFeeder(open_stream, decoder_options(limits))))
        frame = first_frame(feeder, index)
        if frame is None and feeder.n_out_of_memory:
            raise MemoryError(f"No frame of {name} can be decoded for want of memory.")
        if frame is None:
            raise MediaError(
                f"None of the {index.n_frames} frames of {name} can be decoded.", undecodable_hint(limits)
            )
        _refuse_too_large(name, frame.width, frame.height, limits)
        geometry = read_geometry(frame, stream.sample_aspect_ratio)
        width_px, height_px = geometry.displayed_size(frame.width, frame.height)
        if width_px * height_px > limits.max_pixels:
            geometry = Geometry(geometry.orientation, is_orientation_exact=geometry.is_orientation_exact)
        facts = _facts(file_format.label, container, stream, index, frame, geometry)
        warnings = (*index.warnings, *_stream_warnings(container, stream, index, frame, geometry))
        on_failure.pop_all()
    return VideoProbe(facts, index, geometry, warnings, feeder)


def _refuse_too_large(name: str, width_px: int, height_px: int, limits: MediaLimits) -> None:
    if width_px * height_px > limits.max_pixels:
        raise MediaError(
            f"{name} has frames of {width_px} x {height_px} pixels, more than the limit of "
            f"{limits.max_pixels}.",
            f"If that is expected, raise --max-pixels to {width_px * height_px}.",
        )


def _facts(
    label: str,
    container: InputContainer,
    stream: VideoStream,
    index: PacketIndex,
    frame: VideoFrame,
    geometry: Geometry,
) -> MediaFacts:
    context = stream.codec_context
    width_px, height_px = geometry.displayed_size(frame.width, frame.height)
    of_file = {key.lower(): plain_text(value) for key, value in container.metadata.items()}
    of_stream = {key.lower(): plain_text(value) for key, value in stream.metadata.items()}
    encoder, creation_time = (
        of_file.pop(key, "") or of_stream.pop(key, "") for key in ("encoder", "creation_time")
    )
    tags = list(of_file.items()) + [(f"video.{key}", value) for key, value in of_stream.items()]
    settings = _encoder_settings(frame)
    if settings:
        tags.append(("video.encoder_settings", settings))
    return MediaFacts(
        kind=MediaKind.VIDEO,
        container=label,
        codec=context.codec.canonical_name,
        profile=context.profile or "",
        pixel_format=frame.format.name,
        width_px=width_px,
        height_px=height_px,
        coded_width_px=frame.width,
        coded_height_px=frame.height,
        rotation_deg=geometry.orientation.rotation_deg,
        is_mirrored=geometry.orientation.is_mirrored,
        n_frames=index.n_frames,
        n_frames_declared=stream.frames,
        n_key_frames=index.n_key_frames,
        duration_s=index.duration_s,
        frame_rate=index.frame_rate,
        is_variable_frame_rate=index.is_variable_frame_rate,
        n_video_streams=len(moving_streams(container)),
        n_audio_streams=len(container.streams.audio),
        encoder=encoder,
        creation_time=creation_time,
        tags=first_entries(tags, _MAX_TAGS),
    )


def _encoder_settings(frame: VideoFrame) -> str:
    """What x264 and its kin write of themselves into the stream (SEI user data), "" if nothing."""
    try:
        content = side_data(frame, SideDataType.SEI_UNREGISTERED)
    except ValueError:
        return ""
    text = (content or b"")[_UUID_BYTES:].rstrip(b"\0")
    return plain_text(text, max_characters=_MAX_SETTINGS_CHARACTERS) if text.isascii() else ""


def _stream_warnings(
    container: InputContainer,
    stream: VideoStream,
    index: PacketIndex,
    frame: VideoFrame,
    geometry: Geometry,
) -> list[ScanWarning]:
    warnings: list[ScanWarning] = []
    n_absent = stream.frames - index.n_packets
    if n_absent > 0:
        warnings.append(
            ScanWarning(
                "frames-absent",
                f"The header announces {stream.frames} frames and {index.n_packets} are there: the file is "
                "cut short, or an edit list leaves some out.",
                n_absent,
            )
        )
    announced_s = (container.duration or 0) / _CONTAINER_TICKS_PER_S
    if not stream.frames and announced_s > index.duration_s + max(1.0, 0.05 * announced_s):
        warnings.append(
            ScanWarning(
                "shorter-than-announced",
                f"The header announces {announced_s:.1f} s and the frames last {index.duration_s:.1f} s: the "
                "file is cut short, or its sound goes on for longer.",
            )
        )
    n_streams = len(moving_streams(container))
    if n_streams > 1:
        warnings.append(
            ScanWarning(
                "several-video-streams",
                f"The file holds {n_streams} video streams; only stream {stream.index} was examined.",
                n_streams - 1,
            )
        )
    if stream.sample_aspect_ratio and stream.sample_aspect_ratio != geometry.pixel_aspect:
        warnings.append(
            ScanWarning(
                "aspect-ignored",
                f"The stated pixel aspect of {stream.sample_aspect_ratio} is not credible; square pixels were "
                "assumed.",
            )
        )
    if not geometry.is_orientation_exact:
        warnings.append(
            ScanWarning(
                "rotation-approximate",
                "The display matrix asks for more than quarter turns; the nearest of them was taken.",
            )
        )
    if is_high_dynamic_range(frame):
        warnings.append(
            ScanWarning(
                "high-dynamic-range",
                "The video is coded for high dynamic range; it was examined without tone mapping, so "
                "that it looks flatter than on a screen.",
            )
        )
    return warnings
