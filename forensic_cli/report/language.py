"""Words, numbers and times as one language prints them."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

from forensic_cli.report.catalogue import SOURCE_LANGUAGE, load_messages
from forensic_cli.report.formats import MINUS, parse_utc, typeset
from forensic_cli.report.stored_text import Recogniser

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TYPED_NUMBER = re.compile(r"[-+−]?\d+(,\d{3})*(\.\d+)?%?")
_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


class Language:
    """One language of the report.

    Args:
        tag: BCP 47, one of `catalogue.available_languages()`.

    Raises:
        UsageError: there is no catalogue for it.
    """

    def __init__(self, tag: str = SOURCE_LANGUAGE) -> None:
        self.tag = tag
        self._messages = load_messages(tag)
        self._marks = str.maketrans({",": self.say("marks.group"), ".": self.say("marks.decimal")})

    def say(self, key: str, /, **values: object) -> str:
        """A message with its placeholders filled.

        Raises:
            KeyError: there is no such message, or a placeholder has no value.
            TypeError: the message is a list.
        """
        message = self._messages[key]
        if not isinstance(message, str):
            raise TypeError(f"{key} is a list of messages")
        return message.format(**values)

    def say_all(self, key: str, /, **values: object) -> tuple[str, ...]:
        """A list of messages with their placeholders filled.

        Raises:
            KeyError: there is no such list, or a placeholder has no value.
            TypeError: the message is a single string.
        """
        messages = self._messages[key]
        if isinstance(messages, str):
            raise TypeError(f"{key} is a single message")
        return tuple(message.format(**values) for message in messages)

    def stored(self, text: str, is_marked: bool = True) -> str:
        """A sentence that the scan stored, which it does in English, in this language.

        Args:
            is_marked: what cannot be translated is marked as the program's original wording; else it
                comes back as it is, for places with a note of their own.
        """
        if self.tag == SOURCE_LANGUAGE or not text:
            return typeset(text)
        translated = _recogniser(self.tag).translate(text, self._value)
        if translated is not None:
            return typeset(translated)
        if _TYPED_NUMBER.fullmatch(text):
            return self._value(text)
        return self.say("common.original", text=typeset(text)) if is_marked else typeset(text)

    def _value(self, text: str) -> str:
        """A number inside a stored sentence with this language's marks; other text as it is."""
        if not _TYPED_NUMBER.fullmatch(text):
            return text
        number = text.removesuffix("%").translate(self._marks)
        return self.say("common.percent", value=number) if text.endswith("%") else number

    def number(self, value: float, digits: int = 0) -> str:
        """A number with this language's marks: "1,234.5", "1.234,5"."""
        shown = f"{abs(value):,.{digits}f}"
        is_negative = value < 0 and any(character in "123456789" for character in shown)
        return (MINUS if is_negative else "") + shown.translate(self._marks)

    def exact(self, value: float) -> str:
        """A number with all its digits and no more: "0.0001", "1"."""
        digits = max(0, -Decimal(repr(value)).normalize().as_tuple().exponent)  # type: ignore[operator]
        return self.number(value, digits)

    def signed(self, value: float, digits: int = 3) -> str:
        """A score, always with its sign: "+0.412", "−0.113", "0.000"."""
        shown = self.number(value, digits)
        is_positive = value > 0 and shown != self.number(0.0, digits)
        return f"+{shown}" if is_positive else shown

    def interval(self, interval: tuple[float, float] | None) -> str:
        """A score's interval as "+0.31 to +0.51", "" for none."""
        if interval is None:
            return ""
        return self.say("common.range", low=self.signed(interval[0]), high=self.signed(interval[1]))

    def rate(self, rate: float | None, interval: tuple[float, float] | None = None) -> str:
        """A rate in [0, 1] as "3.1%" with its interval on a second line, or an en dash for none."""
        if rate is None:
            return "–"
        text = self.say("common.percent", value=self.number(100 * rate, 1))
        if interval is None:
            return text
        low, high = (self.number(100 * end, 1) for end in interval)
        return f"{text}\n{self.say('common.range', low=low, high=high)}"

    def count(self, n: int, noun: str) -> str:
        """A number with its noun: "1 frame", "2,048 frames".

        Args:
            noun: names a pair of messages below `count`, for one and for several.
        """
        one, several = self.say_all(f"count.{noun}", n=self.number(n))
        return one if n == 1 else several

    def bytes(self, n_bytes: int) -> str:
        """A file's size, exact and rounded: "1,234,567 bytes (1.2 MB)"."""
        exact = self.count(n_bytes, "byte")
        for unit, scale in _UNITS:
            if n_bytes >= scale:
                return f"{exact} ({self.number(n_bytes / scale, 1)} {unit})"
        return exact

    def time(self, seconds: float) -> str:
        """Seconds as h:mm:ss.mmm."""
        milliseconds = round(abs(seconds) * 1000)
        hours, rest = divmod(milliseconds, 3_600_000)
        minutes, rest = divmod(rest, 60_000)
        decimal = self.say("marks.decimal")
        sign = MINUS if seconds < 0 and milliseconds else ""
        return f"{sign}{hours}:{minutes:02d}:{rest // 1000:02d}{decimal}{rest % 1000:03d}"

    def moment(self, iso: str) -> str:
        """An ISO 8601 time in UTC to the second, or a date, as this language writes them.

        Raises:
            VerificationError: it is neither.
        """
        when = parse_utc(iso)
        parts = {"year": f"{when:%Y}", "month": f"{when:%m}", "day": f"{when:%d}"}
        day = self.say("marks.date", **parts)
        if _DATE.fullmatch(iso):
            return day
        return self.say("marks.moment", date=day, time=f"{when:%H:%M:%S}")

    def clip(self, text: str, limit: int = 1200) -> str:
        """Shortens hostile lengths in the middle, and says by how much.

        Args:
            text: of any length.
            limit: characters kept, half of them from either end.
        """
        if len(text) <= limit:
            return text
        half = limit // 2
        left_out = self.say("common.left_out", characters=self.count(len(text) - 2 * half, "character"))
        return f"{text[:half]} {left_out} {text[-half:]}"


@cache
def _recogniser(tag: str) -> Recogniser:
    return Recogniser(load_messages(SOURCE_LANGUAGE), load_messages(tag))
