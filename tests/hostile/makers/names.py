"""Names that a terminal, a report or a spreadsheet could take for something else."""

from __future__ import annotations

import os
from pathlib import Path

# Relative: a library that followed it would look in the working folder.
BAIT_NAME = "bait.png"

NAMES: dict[str, bytes] = {
    "bold": b"a<b>bold.png",
    "unclosed": b"a<b><i><u.png",
    "picture": f'<img src="{BAIT_NAME}" width="400" height="400">.png'.encode(),
    "link": b"<a href='http:example.invalid'>click.png",
    "entity": b"a&amp;&#0;&unknown;.png",
    "paragraph": b"<para fontSize=900>.png",
    "newline": b"a\nEND OF REPORT\nSHA-256 match.png",
    "return": b"visible\rhidden.png",
    "escape": b"a\x1b[2J\x1b[31mred\x1b]0;title\x07.png",
    "right-to-left": "a\u202egnp.exe.png".encode(),
    "isolate": "a\u2066b\u2069\u200b\ufeff.png".encode(),
    "surrogate": b"caf\xe9-\xff\xfe.png",
    "encoded-surrogate": b"a\xed\xa0\x80.png",
    "longest": b"n" * 251 + b".png",
    "longest-wide": "ä".encode() * 125 + b"z.png",
    "dash": b"-report.png",
    "option": b"--out=x.png",
    "formula": b"=HYPERLINK(A1),+1.png",
    "percent": b"%s%n%(name)s{0}{evil}.png",
    "quote": b"a\"';$(touch x)`touch x`.png",
    "backslash": b"a\\u202e\\x1b.png",
    "space": b" .png",
    "markup-of-terminal": b"[red]a[link=file:x]b[bold].png",
    "decomposed": "cafe\u0301.png".encode(),
    "emoji": "\U0001f600\U0001f468\u200d\U0001f469.png".encode(),
}


def write_names(folder: Path, content: bytes) -> None:
    """The same picture under every name."""
    for name in NAMES.values():
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(content)
