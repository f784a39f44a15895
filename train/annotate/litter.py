"""Files that operating systems leave in any folder: they are nobody's annotation."""

from __future__ import annotations

from pathlib import Path

_NAMES = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


def is_litter(path: Path) -> bool:
    """Hidden files (".DS_Store", "._0001.png"), Thumbs.db and desktop.ini."""
    return path.name.startswith(".") or path.name.lower() in _NAMES
