"""The message catalogue: every sentence that the report prints of its own accord, a file a language.

A third language is one more file in `messages/`, named by its BCP 47 tag, with the keys and the
placeholders of `en.toml`. Messages are strings, or lists of strings where their order matters.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from forensic_cli.errors import UsageError

MESSAGES_FOLDER = Path(__file__).resolve().parent / "messages"
# The language in which a scan stores its sentences, and in which the keys of `stored` are recognised.
SOURCE_LANGUAGE = "en"

Message = str | tuple[str, ...]


def available_languages() -> tuple[str, ...]:
    """Tags of the languages that have a catalogue, sorted."""
    return tuple(sorted(path.stem for path in MESSAGES_FOLDER.glob("*.toml")))


def require_language(tag: str) -> None:
    """Checks that a report can be written in a language.

    Raises:
        UsageError: there is no catalogue for it.
    """
    if tag not in available_languages():
        raise UsageError(
            f"There is no report in the language {tag!r}.",
            f"Give --language one of: {', '.join(available_languages())}.",
        )


@cache
def load_messages(tag: str) -> Mapping[str, Message]:
    """All messages of a language, by their keys with dots.

    Raises:
        UsageError: there is no catalogue for it.
    """
    require_language(tag)
    document = tomllib.loads((MESSAGES_FOLDER / f"{tag}.toml").read_text(encoding="utf-8"))
    return MappingProxyType(dict(_flattened(document, "")))


def _flattened(table: Mapping[str, Any], prefix: str) -> list[tuple[str, Message]]:
    messages: list[tuple[str, Message]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            messages += _flattened(value, f"{prefix}{name}.")
        else:
            messages.append((f"{prefix}{name}", tuple(value) if isinstance(value, list) else value))
    return messages


def placeholders(message: Message) -> tuple[frozenset[str], ...]:
    """Names in braces, for each string of a message."""
    texts = (message,) if isinstance(message, str) else message
    return tuple(
        frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
        for text in texts
    )
