"""Text from outside, made safe for a terminal."""

from __future__ import annotations

import unicodedata

# Control, format (text direction among them), surrogate, private use and unassigned characters,
# and line and paragraph separators: a file's name must not move the cursor or turn a line round.
_ESCAPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def printable(text: str) -> str:
    r"""Shows what cannot be seen as `\uXXXX`."""
    return "".join(
        f"\\u{ord(character):04x}" if unicodedata.category(character) in _ESCAPED else character
        for character in text
    )
