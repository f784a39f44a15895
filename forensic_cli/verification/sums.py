"""SHA256SUMS, read as `sha256sum -c` reads it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(rb"(\\?)([0-9a-f]{64}) [ *](.+)")
_UNESCAPED = {b"\\\\": b"\\", b"\\n": b"\n", b"\\r": b"\r"}


@dataclass(frozen=True, slots=True)
class Sums:
    """The lines of SHA256SUMS.

    Attributes:
        sha256_of: by path as listed, relative to the folder.
        faults: lines that are none, or that contradict each other.
    """

    sha256_of: dict[str, str]
    faults: tuple[str, ...]


def read_sums(path: Path) -> Sums:
    """Reads SHA256SUMS; a file that cannot be read has a fault and no lines."""
    try:
        content = path.read_bytes()
    except OSError as error:
        return Sums({}, (f"It cannot be read: {error.strerror}.",))
    sha256_of: dict[str, str] = {}
    faults = []
    if content and not content.endswith(b"\n"):
        faults.append("Its last line has no end.")
    for number, line in enumerate(content.removesuffix(b"\n").split(b"\n"), 1):
        match = _LINE.fullmatch(line)
        if match is None:
            faults.append(f"Line {number} is no hash with a file name.")
            continue
        escape, sha256, raw = match.groups()
        if escape:
            raw = re.sub(rb"\\[\\nr]", lambda found: _UNESCAPED[found.group()], raw)
        name = os.fsdecode(raw)
        if sha256_of.setdefault(name, sha256.decode("ascii")) != sha256.decode("ascii"):
            faults.append(f"Line {number} gives a file a second hash.")
    return Sums(sha256_of, tuple(faults))
