"""Numbers, times and sizes as the report prints them."""

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


def utc_text(iso: str) -> str:
    """ISO 8601 as "2026-11-21 04:46:12 UTC"."""
    return f"{parse_utc(iso):%Y-%m-%d %H:%M:%S} UTC"


def time_text(seconds: float) -> str:
    """Seconds as h:mm:ss.mmm."""
    sign = MINUS if seconds < 0 else ""
    milliseconds = round(abs(seconds) * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{sign}{hours}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def signed_text(value: float, digits: int = 3) -> str:
    """A score, always with its sign: "+0.412", "−0.113", "0.000"."""
    rounded = round(value, digits) + 0.0
    if rounded == 0:
        return f"{0:.{digits}f}"
    return ("+" if rounded > 0 else MINUS) + f"{abs(rounded):.{digits}f}"


def interval_text(interval: tuple[float, float] | None) -> str:
    """A score's interval as "+0.31 to +0.51", "" for none."""
    return f"{signed_text(interval[0])} to {signed_text(interval[1])}" if interval else ""


def rate_text(rate: float | None, interval: tuple[float, float] | None = None) -> str:
    """A rate in [0, 1] as "3.1%" with its interval on a second line, or an en dash for none."""
    if rate is None:
        return "–"
    text = f"{100 * rate:.1f}%"
    return f"{text}\n{100 * interval[0]:.1f} to {100 * interval[1]:.1f}" if interval else text


def typeset(sentence: str) -> str:
    """A sentence of the program's own with minus signs where it was typed with hyphens."""
    return _TYPED_MINUS.sub(MINUS, sentence)


def bytes_text(n_bytes: int) -> str:
    """A file's size, exact and rounded: "1,234,567 bytes (1.2 MB)"."""
    exact = f"{n_bytes:,} byte{'' if n_bytes == 1 else 's'}"
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= scale:
            return f"{exact} ({n_bytes / scale:.1f} {unit})"
    return exact


def count_text(n: int, singular: str, plural: str = "") -> str:
    """A number with its noun: "1 frame", "2,048 frames"."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def letter(index: int) -> str:
    """0, 1, ... 25, 26 as "A", "B", ... "Z", "AA": how the report names the frames that it shows."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
