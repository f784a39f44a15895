"""The one way in: an open file becomes a factsheet."""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO

from forensic_cli.config import MediaLimits
from forensic_cli.factsheet import CredentialFacts, CredentialState, Factsheet
from forensic_cli.media.facts.credentials import read_credentials
from forensic_cli.media.facts.determination import Deadline, Notes
from forensic_cli.media.sniff import identify
from forensic_cli.types import MediaKind

# Far above what the caps need: two hours of video take some seconds.
DEFAULT_LIMIT_S = 120.0


def collect_facts(
    file: BinaryIO,
    name: str,
    limits: MediaLimits,
    *,
    trust_anchors_pem: str = "",
    limit_s: float = DEFAULT_LIMIT_S,
) -> Factsheet:
    """Reads the facts of an image or a video beside its score. To be run where decoding runs.

    Nothing is written, no other file opened, no connection made. What cannot be told is in
    `not_determined`; nothing that a file holds makes this fail.

    Args:
        file: open; left open, at its start.
        name: for messages.
        trust_anchors_pem: certificates against which the signers of Content Credentials are held.
        limit_s: after which the walk over a video's packets is given up.

    Raises:
        MediaError: the content is neither an image nor a video that is read.
    """
    file.seek(0)
    file_format = identify(file, name)
    notes = Notes()
    credentials = notes.attempt(
        "credentials", lambda: read_credentials(file, file_format, trust_anchors_pem)
    ) or CredentialFacts(CredentialState.UNREADABLE)
    if file_format.kind is MediaKind.IMAGE:
        from forensic_cli.media.facts.image import image_facts

        sheet = image_facts(file, file_format, limits, credentials, notes)
    else:
        from forensic_cli.media.facts.video import video_facts

        deadline = Deadline(limit_s)
        sheet = video_facts(file, name, file_format, limits, credentials, notes, deadline)
    file.seek(0)
    return replace(sheet, not_determined=notes.entries)
