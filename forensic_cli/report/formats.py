"""Times, letters and minus signs: what is the same in every language of the report."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from forensic_cli.errors import VerificationError

MINUS = "−"
# Before a number, and between the two spaces of a subtraction.
_TYPED_MINUS = re.compile(r"(?<![\w-])-(?=\d)|(?<=\w )-(?= \w)")


def parse_utc(iso: str) -> datetime:
    """Reads an ISO 8601 time; one without an offset is taken as UTC.

    Raises:
        VerificationError: it is no ISO 8601 time.
    """
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError as error:
        raise VerificationError(
            f"The results hold {iso!r} where a time was expected.",
            "Scan again, or restore the results folder from a copy.",
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def typeset(sentence: str) -> str:
    """A sentence of the program's own with minus signs where it was typed with hyphens."""
    return _TYPED_MINUS.sub(MINUS, sentence)


def letter(index: int) -> str:
    """0, 1, ... 25, 26 as "A", "B", ... "Z", "AA": how the report names the frames that it shows."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
