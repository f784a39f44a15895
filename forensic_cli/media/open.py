"""One way in for images and videos alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from forensic_cli.config import MediaLimits, Sampling
from forensic_cli.media.sniff import FileFormat, identify, promised_format
from forensic_cli.provenance.files import open_read_only
from forensic_cli.types import Frame, FrameCounts, MediaFacts, MediaKind, ScanWarning


class MediaSource(Protocol):
    """An opened image or video."""

    @property
    def facts(self) -> MediaFacts:
        """What the file is; known before the first frame."""
        ...

    @property
    def n_planned(self) -> int:
        """Frames that `frames` will try to give out."""
        ...

    def frames(self) -> Iterator[Frame]:
        """Yields the sampled frames in display order, upright, as RGB; an image gives one."""
        ...

    @property
    def counts(self) -> FrameCounts:
        """The denominators; complete when `frames` has ended, consistent at any time."""
        ...

    @property
    def warnings(self) -> tuple[ScanWarning, ...]:
        """What the reader of a report must know; complete when `frames` has ended."""
        ...


@contextmanager
def open_media(path: Path, sampling: Sampling, limits: MediaLimits) -> Iterator[MediaSource]:
    """Opens an image or a video by its path, read-only; see `read_media`.

    The file is opened once, without following a link, and everything is read through that one
    descriptor. Frames that have been yielded stay valid after the source is closed.

    Args:
        sampling: which frames of a video are given out; an image is always given out.

    Raises:
        NotMediaError: the file is neither image nor video.
        MediaError: it is, but cannot be read; also from `frames`, if no sampled frame decodes.
    """
    with open_read_only(path) as file:
        yield read_media(file, path.name, sampling, limits)


def read_media(file: BinaryIO, name: str, sampling: Sampling, limits: MediaLimits) -> MediaSource:
    """Reads an open file as an image or a video, whichever its content shows it to be.

    Args:
        file: at its beginning; stays open, and must until the last frame was taken.
        name: the file's own name, for messages and for what its suffix promises.

    Raises:
        NotMediaError: the file is neither image nor video.
        MediaError: it is, but cannot be read; also from `frames`, if no sampled frame decodes.
    """
    file_format = identify(file, name)
    misnamed = _misnaming(name, file_format)
    # The decoders are imported where they are needed: a folder of pictures needs no FFmpeg.
    if file_format.kind is MediaKind.IMAGE:
        from forensic_cli.media.images import ImageSource, decode_image

        return ImageSource(decode_image(file, name, file_format, limits), misnamed)
    from forensic_cli.media.videos import VideoSource

    return VideoSource(file, name, file_format, sampling, limits, misnamed)


def _misnaming(name: str, file_format: FileFormat) -> tuple[ScanWarning, ...]:
    promised = promised_format(name)
    if promised is None or promised is file_format:
        return ()
    message = f"The name promises {promised.label}, the content is {file_format.label}."
    return (ScanWarning("suffix-differs", message),)
