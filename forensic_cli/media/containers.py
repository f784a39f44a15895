"""Opening a video container so that only the evidence itself can be read."""

from __future__ import annotations

from typing import BinaryIO, NoReturn

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from forensic_cli.config import MediaLimits
from forensic_cli.errors import MediaError
from forensic_cli.media.sniff import ISO_BMFF, MATROSKA, FileFormat

# Without it FFmpeg obeys a playlist that is called .mp4, and opens the files that it names.
_FORMAT_WHITELIST = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts"
_BUFFER_BYTES = 1 << 18
# FFmpeg drops streams above this in silence (Matroska) or refuses the file (MP4) [seen]; the documented
# limit is compared with what it counts below.
_FFMPEG_MAX_STREAMS = 10_001
_GENERATE_PTS = 0x0001  # AVFMT_FLAG_GENPTS, which PyAV always sets
_STILL = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
# Their headers give the size of the pictures and their packets all timestamps: FFmpeg need decode nothing.
_WELL_DESCRIBED = (ISO_BMFF, MATROSKA)
# Their packets do not say in which order the pictures are shown, so that FFmpeg's guess at a missing
# timestamp is wrong as soon as there are B frames [seen with H.264 in AVI].
_ORDER_UNKNOWN_TO_FFMPEG = frozenset({"h264", "hevc", "vvc", "evc"})


def open_container(
    file: BinaryIO, name: str, file_format: FileFormat, limits: MediaLimits, for_packets: bool = False
) -> InputContainer:
    """Opens an already opened file from its start, with the one demuxer that its content asks for.

    FFmpeg gets the file object and never a path: it learns no name that it could follow, and each
    attempt to open another file (a playlist's entry, a QuickTime data reference) is refused.

    Args:
        name: for messages only.
        for_packets: only the packets are wanted. What FFmpeg learns from the first frames (pixel format,
            depth of reordering) may be missing then; of a full HD video they take 30 ms.

    Raises:
        MediaError: it is damaged beyond opening, or has more than `limits.max_streams`.
    """
    file.seek(0)
    without_decoding = {"skip_frame": "all"} if for_packets and file_format in _WELL_DESCRIBED else {}
    try:
        container = av.open(
            file,
            "r",
            format=file_format.reader,
            options={
                "format_whitelist": _FORMAT_WHITELIST,
                "max_streams": str(_FFMPEG_MAX_STREAMS),
                "max_pixels": decoder_options(limits)["max_pixels"],
                **without_decoding,
            },
            # A tag in another encoding must not cost the item.
            metadata_errors="replace",
            buffer_size=_BUFFER_BYTES,
            io_open=_refuse_to_open,
        )
    except (av.error.FFmpegError, ValueError, OSError) as error:
        if isinstance(error, MemoryError):
            raise MediaError(
                f"{name} cannot be opened as {file_format.label}: its header asks for more memory, or more "
                "streams, than there can be.",
                "It is damaged or hostile; if it is neither, raise --max-memory.",
            ) from error
        reason = getattr(error, "strerror", None) or str(error)
        raise MediaError(
            f"{name} cannot be opened as {file_format.label}: {reason}.",
            "It is damaged, encrypted or cut short; acquire the file again from its source.",
        ) from error
    n_streams = len(container.streams)
    if n_streams > limits.max_streams:
        container.close()
        raise MediaError(
            f"{name} holds {n_streams} streams, more than the limit of {limits.max_streams}.",
            f"If that is expected, raise --max-streams to {n_streams}.",
        )
    return container


def main_video_stream(container: InputContainer, name: str) -> VideoStream:
    """Chooses the stream that a player would show: marked default, else largest, else first.

    Cover pictures and thumbnails do not count. All other streams are told to be passed over.

    Raises:
        MediaError: there is no video stream, or no decoder for it.
    """
    candidates = moving_streams(container)
    if not candidates:
        raise MediaError(f"{name} holds no video stream.", "It holds sound or cover pictures only.")
    decodable = [stream for stream in candidates if stream.codec_context is not None]
    if not decodable:
        raise MediaError(
            f"{name} holds video in a coding that this build of FFmpeg cannot decode.",
            "Convert a copy without loss, and examine that beside the original.",
        )
    chosen = max(
        decodable,
        key=lambda stream: (
            bool(stream.disposition & Disposition.default),
            stream.width * stream.height,
            -stream.index,
        ),
    )
    if chosen.codec_context.name in _ORDER_UNKNOWN_TO_FFMPEG:
        container.flags &= ~_GENERATE_PTS
    return chosen


def moving_streams(container: InputContainer) -> list[VideoStream]:
    """The video streams that are not cover pictures or thumbnails."""
    return [stream for stream in container.streams.video if not stream.disposition & _STILL]


def decoder_options(limits: MediaLimits) -> dict[str, str]:
    """Options of the decoder itself.

    The file's own figures are compared with `max_pixels` before anything is decoded. This stops the
    decoder where the stream then turns out larger than the container said; coded pictures are
    padded, hence the margin.
    """
    return {"max_pixels": str(decodable_pixels(limits))}


def decodable_pixels(limits: MediaLimits) -> int:
    """The size of a coded picture from which on the decoder itself refuses it, without saying why."""
    return 2 * limits.max_pixels


def _refuse_to_open(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise PermissionError(f"The container asks for another file, {url!r}, which is refused.")
