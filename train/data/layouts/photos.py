"""Real photographs and videos without structure, with or without an index."""

from __future__ import annotations

from pathlib import Path

from forensic_cli.media.discover import discover
from train.data.layouts.index import read_index
from train.data.layouts.material import LayoutOptions, Material, SourceItem
from train.data.layouts.names import LayoutName


def read_photos(source: Path, options: LayoutOptions) -> Material:
    """Reads a folder of real material; without an index every file is an identity of its own.

    Raises:
        UsageError: the folder does not exist, or the index is unusable.
    """
    if options.index is None:
        found = [entry.path for entry in discover([source]).items]
        items = [
            SourceItem(path, "real", path.relative_to(source).as_posix(), path.parent.name) for path in found
        ]
    else:
        items = [
            SourceItem(
                source / entry.path, "real", entry.identity or entry.path, entry.collection, entry.group
            )
            for entry in read_index(options.index)
        ]
    return Material(LayoutName.PHOTOS, tuple(items))
