"""The commented template of case.toml that ships with the program."""

from __future__ import annotations

from pathlib import Path

_FILE = Path(__file__).resolve().parent / "template.toml"


def template() -> str:
    """A case file with every key, its meaning, and nothing filled in."""
    return _FILE.read_text(encoding="utf-8")
