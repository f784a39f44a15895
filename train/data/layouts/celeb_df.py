"""Celeb-DF (Li et al., CVPR 2020), versions 1 and 2.

`Celeb-real/id0_0000.mp4`, `Celeb-synthesis/id0_id1_0000.mp4` (id0's video 0000 with id1's face),
`YouTube-real/00000.mp4`, and List_of_testing_videos.txt with lines such as
`1 YouTube-real/00170.mp4`, where 1 is real.

The published test videos show nearly every celebrity, and the other videos show the same people:
who keeps to the list has next to nothing left to train on that the test has not seen. What is left
out for that reason is counted; `own_split` shares the people out instead.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from forensic_cli.errors import UsageError
from train.data.dataset import Split
from train.data.layouts.families import family_of
from train.data.layouts.material import LayoutOptions, LeftOut, Material, SourceItem, files_below
from train.data.layouts.names import LayoutName

COLLECTION = "Celeb-DF"
_TEST_LIST = "List_of_testing_videos.txt"
_REAL, _FAKE, _YOUTUBE = "Celeb-real", "Celeb-synthesis", "YouTube-real"
_NAME_OF_REAL = re.compile(r"(?P<target>id\d+)_(?P<video>\d+)")
_NAME_OF_FAKE = re.compile(r"(?P<target>id\d+)_(?P<donor>id\d+)_(?P<video>\d+)")


def is_celeb_df(source: Path) -> bool:
    """One of the celebrities' folders is there."""
    return (source / _REAL).is_dir() or (source / _FAKE).is_dir()


def read_celeb_df(source: Path, options: LayoutOptions) -> Material:
    """Reads the collection.

    Raises:
        UsageError: there are no videos, or the list of test videos is malformed.
    """
    items: list[SourceItem] = []
    left_out: list[LeftOut] = []
    originals: dict[str, Path] = {}
    for folder in (_REAL, _YOUTUBE, _FAKE):
        for path in files_below(source / folder):
            item = _item(path, folder, originals)
            if item is None:
                left_out.append(LeftOut(path, "its name does not say who is in it"))
                continue
            items.append(item)
            if folder == _REAL:
                originals[path.stem] = path
    if not items and not left_out:
        raise UsageError(f"{source} holds no videos of Celeb-DF.", "Check the path, or give --layout.")
    material = Material(
        LayoutName.CELEB_DF, tuple(items), tuple(left_out), dense_collections=frozenset({COLLECTION})
    )
    if options.own_split or not (source / _TEST_LIST).is_file():
        return material
    return _keep_to_list(material, _listed(source / _TEST_LIST), source)


def _item(path: Path, folder: str, originals: dict[str, Path]) -> SourceItem | None:
    if folder == _YOUTUBE:
        return SourceItem(path, "real", f"{_YOUTUBE}/{path.stem}", COLLECTION)
    match = (_NAME_OF_REAL if folder == _REAL else _NAME_OF_FAKE).fullmatch(path.stem)
    if match is None:
        return None
    if folder == _REAL:
        return SourceItem(path, "real", match["target"], COLLECTION)
    return SourceItem(
        path=path,
        label="fake",
        source_id=match["target"],
        collection=COLLECTION,
        method=COLLECTION,
        family=family_of(COLLECTION),
        donors=(match["donor"],),
        original=originals.get(f"{match['target']}_{match['video']}"),
    )


def _listed(path: Path) -> frozenset[str]:
    """The test videos as `folder/name`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}.", "Fetch it again, or give --own-split."
        ) from error
    listed = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        label, _, name = line.strip().partition(" ")
        folder = name.strip().partition("/")[0]
        if label != ("0" if folder == _FAKE else "1") or folder not in {_REAL, _FAKE, _YOUTUBE}:
            raise UsageError(
                f"{path}, line {number}: {line.strip()!r} is no label (1 = real) and video.",
                "Fetch the list again, or give --own-split.",
            )
        listed.add(name.strip())
    return frozenset(listed)


def _keep_to_list(material: Material, listed: frozenset[str], source: Path) -> Material:
    """The listed videos are the test; of the others, those that show nobody of the test are kept."""
    listed_name = {
        item.path: f"{item.path.relative_to(source).parts[0]}/{item.path.name}" for item in material.items
    }
    in_test = [item for item in material.items if listed_name[item.path] in listed]
    shown_in_test = {identity for item in in_test for identity in item.identities}
    items: list[SourceItem] = []
    left_out: list[LeftOut] = []
    for item in material.items:
        shared = shown_in_test & {*item.identities}
        if shared and listed_name[item.path] not in listed:
            reason = "no published test video, but it shows somebody who is in one"
            left_out.append(LeftOut(item.path, reason, ", ".join(sorted(shared))))
        else:
            items.append(item)
    notes = [f"Published test split: {len(in_test)} videos that show {len(shown_in_test)} identities."]
    if n_missing := len(listed - {*listed_name.values()}):
        notes.append(f"{n_missing} of the {len(listed)} videos in {_TEST_LIST} are not there.")
    if left_out:
        notes.append("--own-split shares the identities out instead, and uses more of the videos.")
    return replace(
        material,
        items=tuple(items),
        left_out=(*material.left_out, *left_out),
        notes=tuple(notes),
        pins=dict.fromkeys(shown_in_test, Split.TEST),
        has_official_test=True,
    )
