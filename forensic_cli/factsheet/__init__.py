"""Media facts as values: what the examiner is told of a file beside its score. Standard library only.

Nothing here enters a score or a finding. A part that is None, and a value that is None or empty, has
an entry in `Factsheet.not_determined` that says why, unless the part does not belong to that kind of
file (a photograph has no frame types).
"""

from forensic_cli.factsheet.container import ContainerFacts, Edit, EncoderMark, NotDetermined, Reason, Section
from forensic_cli.factsheet.credentials import CredentialFacts, CredentialState
from forensic_cli.factsheet.image import (
    CompressionHint,
    ExifFacts,
    JpegFacts,
    QuantisationTable,
    TextEntry,
    ThumbnailFacts,
)
from forensic_cli.factsheet.sheet import Factsheet, unread_factsheet
from forensic_cli.factsheet.video import BitRateFacts, FrameFacts, StreamFacts, TimingFacts, TrackDuration

__all__ = [
    "BitRateFacts",
    "CompressionHint",
    "ContainerFacts",
    "CredentialFacts",
    "CredentialState",
    "Edit",
    "EncoderMark",
    "ExifFacts",
    "Factsheet",
    "FrameFacts",
    "JpegFacts",
    "NotDetermined",
    "QuantisationTable",
    "Reason",
    "Section",
    "StreamFacts",
    "TextEntry",
    "ThumbnailFacts",
    "TimingFacts",
    "TrackDuration",
    "unread_factsheet",
]
