"""DFDC (Dolhansky et al. 2020): one or several part folders, each with a metadata.json.

`{"x.mp4": {"label": "FAKE", "split": "train", "original": "y.mp4"}}`. The published parts say
"train" of every video, so that is no split: sources are shared out. The file does not say who is
in a video, so an actor who was filmed several times may be in two splits; only the videos made
from one recording stay together.
"""

from __future__ import annotations

import json
from pathlib import Path

from forensic_cli.errors import UsageError
from train.data.dataset import Split
from train.data.layouts.families import family_of
from train.data.layouts.material import LayoutOptions, LeftOut, Material, SourceItem, files_below
from train.data.layouts.names import LayoutName

COLLECTION = "DFDC"
_METADATA = "metadata.json"
_SPLITS = {"train": None, "validation": Split.VALIDATION, "val": Split.VALIDATION, "test": Split.TEST}
_REMEDY = "Fetch that part again; if this is another collection, give --layout."

_Entry = dict[str, object]


def _metadata_files(source: Path) -> list[Path]:
    return [path for path in (source / _METADATA, *sorted(source.glob(f"*/{_METADATA}"))) if path.is_file()]


def is_dfdc(source: Path) -> bool:
    """A metadata.json here or one folder down labels videos.

    Raises:
        UsageError: there is one that is no JSON.
    """
    documents = [_load(path) for path in _metadata_files(source)]
    return any(
        isinstance(entry, dict) and entry.get("label") in {"REAL", "FAKE"}
        for document in documents
        if isinstance(document, dict)
        for entry in document.values()
    )


def read_dfdc(source: Path, options: LayoutOptions) -> Material:
    """Reads all parts. Every file that is there, and every one that is named, is accounted for.

    Raises:
        UsageError: there is no metadata.json, or one is malformed.
    """
    metadata_files = _metadata_files(source)
    if not metadata_files:
        raise UsageError(f"{source} holds no {_METADATA}, nor do its folders.", _REMEDY)
    named = {
        path.parent / name: entry for path in metadata_files for name, entry in sorted(_entries(path).items())
    }
    there = {*files_below(source)} - {*metadata_files}
    # An original lies in its fakes' part; where a part was re-packed, its name is unique all the same.
    reals = {path.name: path for path, entry in named.items() if entry["label"] == "REAL" and path in there}
    items: list[SourceItem] = []
    pins: dict[str, Split] = {}
    for path, entry in named.items():
        if path not in there:
            continue
        item = _item(path, entry, reals)
        items.append(item)
        split = None if options.own_split else _SPLITS[str(entry.get("split", "train"))]
        if split is not None and pins.setdefault(item.source_id, split) is not split:
            raise UsageError(
                f"{path.parent / _METADATA} puts {item.source_id} into two splits.", "Give --own-split."
            )
    left_out = [LeftOut(path, f"named by {_METADATA}, but not there") for path in named if path not in there]
    left_out += [LeftOut(path, f"not named by {_METADATA}") for path in sorted(there - {*named})]
    return Material(
        LayoutName.DFDC,
        tuple(items),
        tuple(left_out),
        pins=pins,
        has_official_test=Split.TEST in pins.values(),
    )


def _item(path: Path, entry: _Entry, reals: dict[str, Path]) -> SourceItem:
    if entry["label"] == "REAL":
        return SourceItem(path, "real", path.name, COLLECTION)
    original = str(entry["original"])
    return SourceItem(
        path=path,
        label="fake",
        source_id=original,
        collection=COLLECTION,
        method=COLLECTION,
        family=family_of(COLLECTION),
        original=reals.get(original),
    )


def _load(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", _REMEDY) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not valid JSON: {error}.", _REMEDY) from error


def _entries(path: Path) -> dict[str, _Entry]:
    document = _load(path)
    if not isinstance(document, dict):
        raise UsageError(f"{path} is no table of videos.", _REMEDY)
    for name, entry in document.items():
        if fault := _fault(name, entry):
            raise UsageError(f"{path}: {name!r} {fault}.", _REMEDY)
    return document


def _fault(name: str, entry: object) -> str:
    if Path(name).name != name:
        return "is no file name"
    if not isinstance(entry, dict) or entry.get("label") not in {"REAL", "FAKE"}:
        return "is labelled neither REAL nor FAKE"
    if entry["label"] == "FAKE" and not entry.get("original"):
        return "is FAKE, and has no original"
    if str(entry.get("split", "train")) not in _SPLITS:
        return f"is in an unknown split, {entry['split']!r}"
    return ""
