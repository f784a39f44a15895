"""The factsheet of one file."""

from __future__ import annotations

from dataclasses import dataclass

from forensic_cli.factsheet.container import ContainerFacts, EncoderMark, NotDetermined, Reason
from forensic_cli.factsheet.credentials import CredentialFacts, CredentialState
from forensic_cli.factsheet.image import CompressionHint, ExifFacts, JpegFacts, TextEntry, ThumbnailFacts
from forensic_cli.factsheet.video import BitRateFacts, FrameFacts, StreamFacts, TimingFacts


@dataclass(frozen=True, slots=True)
class Factsheet:
    """Everything that was told of a file without the model. Never part of a score.

    Attributes:
        format: of the content, for example "MP4/QuickTime" or "JPEG".
        container, stream, frames, timing, bit_rate, exif, thumbnail, jpeg, recompression: None where
            not determined, or where the kind of file has no such thing.
        encoders: programs and devices that name themselves.
        texts: texts stored beside the pixels.
        not_determined: what could not be told, and why.
    """

    format: str
    credentials: CredentialFacts
    container: ContainerFacts | None = None
    encoders: tuple[EncoderMark, ...] = ()
    stream: StreamFacts | None = None
    frames: FrameFacts | None = None
    timing: TimingFacts | None = None
    bit_rate: BitRateFacts | None = None
    exif: ExifFacts | None = None
    thumbnail: ThumbnailFacts | None = None
    jpeg: JpegFacts | None = None
    recompression: CompressionHint | None = None
    texts: tuple[TextEntry, ...] = ()
    not_determined: tuple[NotDetermined, ...] = ()


def unread_factsheet(why: str) -> Factsheet:
    """The factsheet of a file whose reading ended badly.

    Args:
        why: in words, safe to print.
    """
    return Factsheet(
        format="",
        credentials=CredentialFacts(CredentialState.NOT_CHECKED, why),
        not_determined=(NotDetermined("media_facts", Reason.READER_ENDED, why),),
    )
