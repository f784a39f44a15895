"""What a layout tells of a folder: its files, whose faces they show, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from forensic_cli.media.discover import discover
from train.data.dataset import Split
from train.data.layouts.names import LayoutName


@dataclass(frozen=True, slots=True)
class LayoutOptions:
    """What the user may say of a layout.

    Attributes:
        index: CSV for `photos` and `plain`; see `train.data.layouts.index`.
        compression: of FaceForensics++: "raw" (or "c0"), "c23", "c40"; "" for the only one there.
        splits: folder with FaceForensics++'s train.json, val.json and test.json; None looks for it.
        own_split: ignore the split that the collection publishes.
    """

    index: Path | None = None
    compression: str = ""
    splits: Path | None = None
    own_split: bool = False


@dataclass(frozen=True, slots=True)
class SourceItem:
    """One photograph or video of a collection.

    Attributes:
        label: "real" or "fake".
        source_id: identity or source video whose recording it is; for a fake, of the target.
        donors: of a fake, the other identities that went into it.
        method, family: of a fake; "" for real, and a family of "" where it is not known.
        mask: picture or video of what was forged, None if there is none.
        original: the real file that a fake was made from, None if it is not on disk.
    """

    path: Path
    label: str
    source_id: str
    collection: str
    group: str = ""
    method: str = ""
    family: str = ""
    donors: tuple[str, ...] = ()
    mask: Path | None = None
    original: Path | None = None

    @property
    def identities(self) -> tuple[str, ...]:
        """Everybody who must not be in another split than this file."""
        return (self.source_id, *self.donors)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not used, and why.

    Attributes:
        reason: the same words for the same reason, so that they can be counted.
        detail: what is particular to this file.
    """

    path: Path
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that was found in a folder: every file is in `items` or in `left_out`.

    Attributes:
        notes: what the user should know, a sentence each.
        pins: identity -> the split that the collection publishes for it.
        has_official_test: the test split is complete as published, so that no further identity may
            be assigned to it.
        dense_collections: collections whose swaps tie everybody to everybody; there identities are
            assigned one by one, and a swap across two splits is left out.
    """

    layout: LayoutName
    items: tuple[SourceItem, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    pins: Mapping[str, Split] = field(default_factory=dict)
    has_official_test: bool = False
    dense_collections: frozenset[str] = frozenset()


def files_below(folder: Path) -> list[Path]:
    """Every entry below a folder that is no folder, by path; none if the folder is not there.

    Links and devices are among them: opening one fails with its reason, and so it is counted.
    """
    return [item.path for item in discover([folder]).items] if folder.is_dir() else []


def stem_below(path: Path, folder: Path) -> str:
    """The path below `folder` without its suffix, with forward slashes."""
    return path.relative_to(folder).with_suffix("").as_posix()
