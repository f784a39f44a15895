"""FaceForensics++ (Roessler et al., ICCV 2019) with DeepFakeDetection, as its script downloads them.

`original_sequences/{youtube,actors}/<compression>/videos`,
`manipulated_sequences/<method>/<compression>/videos`, and the masks in
`manipulated_sequences/<method>/masks/videos` (in some copies `masks/<compression>/videos`).

`000_003.mp4` is video 000 (the target, whose recording it is) with 003's face or expression. Among
the actors `01__scene.mp4` is a recording, and `01_02__scene__XXXXXXXX.mp4` the same with 02's face.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.errors import UsageError
from train.data.dataset import Split
from train.data.layouts.families import family_of
from train.data.layouts.material import LayoutOptions, LeftOut, Material, SourceItem, files_below
from train.data.layouts.names import LayoutName
from train.data.layouts.official_splits import find_splits, read_splits

YOUTUBE = "FaceForensics++"
ACTORS = "DeepFakeDetection"

_REAL_ROOT, _FAKE_ROOT = "original_sequences", "manipulated_sequences"
# Older copies call the uncompressed videos c0.
_FOLDERS_OF = {"raw": ("raw", "c0"), "c23": ("c23",), "c40": ("c40",)}
_COMPRESSION_OF = {folder: name for name, folders in _FOLDERS_OF.items() for folder in folders}
_YOUTUBE_REAL = re.compile(r"(?P<target>\d+)")
_YOUTUBE_FAKE = re.compile(r"(?P<target>\d+)_(?P<donor>\d+)")
_ACTOR_REAL = re.compile(r"(?P<target>\d+)__(?P<scene>.+)")
_ACTOR_FAKE = re.compile(r"(?P<target>\d+)_(?P<donor>\d+)__(?P<scene>.+?)(__[A-Z0-9]+)?")
_MISNAMED = "its name does not say whose video it is"


def is_faceforensics(source: Path) -> bool:
    """Either of the two folders is there."""
    return (source / _REAL_ROOT).is_dir() or (source / _FAKE_ROOT).is_dir()


@dataclass(frozen=True, slots=True)
class _Name:
    """A file's name, taken apart."""

    collection: str
    source_id: str
    original: str
    donors: tuple[str, ...] = ()


def _parse(stem: str, label: str) -> _Name | None:
    youtube, actor = (_YOUTUBE_REAL, _ACTOR_REAL) if label == "real" else (_YOUTUBE_FAKE, _ACTOR_FAKE)
    if match := youtube.fullmatch(stem):
        parts = match.groupdict()
        donors = (parts["donor"],) if "donor" in parts else ()
        return _Name(YOUTUBE, parts["target"], parts["target"], donors)
    if match := actor.fullmatch(stem):
        parts = match.groupdict()
        # Prefixed: actor 01 is not video 01.
        donors = (f"actor-{parts['donor']}",) if "donor" in parts else ()
        original = f"{parts['target']}__{parts['scene']}"
        return _Name(ACTORS, f"actor-{parts['target']}", original, donors)
    return None


def read_faceforensics(source: Path, options: LayoutOptions) -> Material:
    """Reads one compression of the collection.

    The published split is kept where its files are there. Without them, videos that were swapped
    with each other stay together. It says nothing of the actors, whom swaps tie into one crowd:
    they are assigned one by one.

    Raises:
        UsageError: there are no videos, the compression is not there or not unique, or the split
            files are malformed.
    """
    buckets = [
        folder
        for root in (_REAL_ROOT, _FAKE_ROOT)
        for folder in sorted((source / root).glob("*"))
        if folder.is_dir()
    ]
    compression = _compression(source, buckets, options.compression)
    items: list[SourceItem] = []
    left_out: list[LeftOut] = []
    notes = [f"Compression {compression}."]
    originals: dict[str, Path] = {}
    for bucket in buckets:
        videos = _videos(bucket, compression)
        if not videos:
            notes.append(f"{bucket.relative_to(source)} holds no {compression} videos.")
        for path in videos:
            item = _item(path, bucket, compression, originals)
            if item is None:
                left_out.append(LeftOut(path, _MISNAMED))
                continue
            items.append(item)
            if item.label == "real":
                originals[path.stem] = path
    pins = _pins(source, options, notes)
    if pins:
        unlisted = {
            item.path
            for item in items
            if item.collection == YOUTUBE and not pins.keys() >= {*item.identities}
        }
        left_out += [LeftOut(path, "not in the published split") for path in sorted(unlisted)]
        items = [item for item in items if item.path not in unlisted]
    return Material(
        LayoutName.FACEFORENSICS,
        tuple(items),
        tuple(left_out),
        tuple(notes),
        pins=pins,
        dense_collections=frozenset({ACTORS}),
    )


def _videos(bucket: Path, compression: str) -> list[Path]:
    return [path for name in _FOLDERS_OF[compression] for path in files_below(bucket / name / "videos")]


def _compression(source: Path, buckets: list[Path], wanted: str) -> str:
    there = sorted(
        {
            _COMPRESSION_OF[child.name]
            for bucket in buckets
            for child in bucket.iterdir()
            if child.name in _COMPRESSION_OF and files_below(child / "videos")
        }
    )
    if not there:
        raise UsageError(
            f"{source} holds no videos in {_REAL_ROOT}/*/<compression>/videos or {_FAKE_ROOT}.",
            "Download with -t videos, or give --layout.",
        )
    if not wanted and len(there) > 1:
        raise UsageError(
            f"{source} holds several compressions: {', '.join(there)}.", "Choose one with --compression."
        )
    chosen = _COMPRESSION_OF.get(wanted, wanted) if wanted else there[0]
    if chosen not in there:
        raise UsageError(f"{source} holds no compression {wanted!r}.", f"It holds {', '.join(there)}.")
    return chosen


def _item(path: Path, bucket: Path, compression: str, originals: dict[str, Path]) -> SourceItem | None:
    """Describes one video; `originals` is complete once the fakes are read."""
    label = "real" if bucket.parent.name == _REAL_ROOT else "fake"
    name = _parse(path.stem, label)
    if name is None:
        return None
    if label == "real":
        return SourceItem(path, label, name.source_id, name.collection)
    return SourceItem(
        path=path,
        label=label,
        source_id=name.source_id,
        collection=name.collection,
        method=bucket.name,
        family=family_of(bucket.name),
        donors=name.donors,
        mask=_mask(bucket / "masks", compression, path.name),
        original=originals.get(name.original),
    )


def _mask(folder: Path, compression: str, name: str) -> Path | None:
    for place in ("videos", *(f"{compressed}/videos" for compressed in _FOLDERS_OF[compression])):
        if (folder / place / name).is_file():
            return folder / place / name
    return None


def _pins(source: Path, options: LayoutOptions, notes: list[str]) -> dict[str, Split]:
    if options.own_split:
        return {}
    folder = options.splits or find_splits(source)
    if folder is None:
        notes.append("No published split (splits/train.json, val.json, test.json): split by hash.")
        return {}
    notes.append(f"Published split from {folder}.")
    return read_splits(folder)
