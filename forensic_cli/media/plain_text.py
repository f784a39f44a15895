"""Metadata as text that is safe to print: files may put anything into it."""

from __future__ import annotations

from collections.abc import Iterable

_MAX_VALUE_CHARACTERS = 200


def plain_text(value: object, max_characters: int = _MAX_VALUE_CHARACTERS) -> str:
    """Text of limited length in which every character that does not print is shown as an escape.

    Bytes that are not ASCII text become their count. Trailing NULs, which pad Exif strings, go.
    """
    if isinstance(value, bytes):
        stripped = value.rstrip(b"\0")
        if not stripped.isascii() or any(byte < 0x20 for byte in stripped):
            return f"({len(value)} bytes)"
        value = stripped.decode("ascii")
    text = str(value).rstrip("\0").strip()
    cut = text[:max_characters]
    escaped = "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode()
        for character in cut
    )
    return escaped + "…" if len(text) > max_characters else escaped


def first_entries(entries: Iterable[tuple[str, str]], n_most: int) -> tuple[tuple[str, str], ...]:
    """Sorted (name, value) pairs, at most so many; a last one says how many were left out, if any were."""
    ordered = sorted(entries)
    n_left_out = len(ordered) - n_most
    if n_left_out <= 0:
        return tuple(ordered)
    return (*ordered[:n_most], ("(left out)", f"{n_left_out} more entries"))
