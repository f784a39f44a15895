"""`real/`, `fake/<method>/` and optionally `masks/<method>/`: the layout for one's own material.

A fake belongs to the real file, and a mask to the fake, of the same path below its folder, suffix
aside: `fake/swap/anna/1.jpg` was made from `real/anna/1.png`, and `masks/swap/anna/1.png` shows
where. A real file in another sub-folder is taken too if no second one has its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from forensic_cli.errors import UsageError
from train.data.layouts.families import family_of
from train.data.layouts.index import IndexEntry, read_index
from train.data.layouts.material import (
    LayoutOptions,
    LeftOut,
    Material,
    SourceItem,
    files_below,
    stem_below,
)
from train.data.layouts.names import LayoutName

# Of files that lie in `fake/` itself.
UNNAMED_METHOD = "unknown"


def is_plain(source: Path) -> bool:
    """There is a folder `fake`. With `real` alone there is nothing to tell apart."""
    return (source / "fake").is_dir()


def read_plain(source: Path, options: LayoutOptions) -> Material:
    """Reads the layout; files of one stem are one source, whichever method forged them.

    Raises:
        UsageError: neither `real` nor `fake` holds a file, or the index is unusable.
    """
    index = _index(source, options)
    real_root, fake_root, mask_root = (source / name for name in ("real", "fake", "masks"))
    reals = [_real(path, real_root, index.get(path), source.name) for path in files_below(real_root)]
    originals = _Originals(reals, real_root)
    masks = {(_method_of(path, mask_root), _stem(path, mask_root)): path for path in files_below(mask_root)}
    fakes = []
    for path in files_below(fake_root):
        key = (_method_of(path, fake_root), _stem(path, fake_root))
        fakes.append(_fake(path, key, originals.of(key[1]), masks.pop(key, None), index.get(path), source))
    if not reals and not fakes:
        raise UsageError(f"{source} holds no files in real/ or fake/.", "Check the path, or give --layout.")
    known = {item.path for item in (*reals, *fakes)}
    left_out = [LeftOut(path, "a mask without a fake of its name") for path in masks.values()]
    left_out += [LeftOut(path, "named by the index, but not there") for path in index if path not in known]
    return Material(LayoutName.PLAIN, (*reals, *fakes), tuple(left_out))


def _index(source: Path, options: LayoutOptions) -> dict[Path, IndexEntry]:
    if options.index is None:
        return {}
    return {source / entry.path: entry for entry in read_index(options.index)}


def _method_of(path: Path, root: Path) -> str:
    below = path.relative_to(root)
    return below.parts[0] if len(below.parts) > 1 else UNNAMED_METHOD


def _stem(path: Path, root: Path) -> str:
    """The path below the method's folder, without its suffix."""
    below = path.relative_to(root)
    return stem_below(path, root / below.parts[0] if len(below.parts) > 1 else root)


class _Originals:
    """Finds the real file that a fake was made from."""

    def __init__(self, reals: Sequence[SourceItem], root: Path) -> None:
        self._by_stem: dict[str, SourceItem] = {}
        self._by_name: dict[str, list[SourceItem]] = {}
        for item in reals:
            self._by_stem.setdefault(stem_below(item.path, root), item)
            self._by_name.setdefault(item.path.stem, []).append(item)

    def of(self, stem: str) -> SourceItem | None:
        if stem in self._by_stem:
            return self._by_stem[stem]
        namesakes = self._by_name.get(stem.rpartition("/")[2], [])
        return namesakes[0] if len(namesakes) == 1 else None


def _real(path: Path, root: Path, entry: IndexEntry | None, collection: str) -> SourceItem:
    return SourceItem(
        path=path,
        label="real",
        source_id=(entry.identity if entry else "") or stem_below(path, root),
        collection=(entry.collection if entry else "") or collection,
        group=entry.group if entry else "",
    )


def _fake(
    path: Path,
    key: tuple[str, str],
    original: SourceItem | None,
    mask: Path | None,
    entry: IndexEntry | None,
    source: Path,
) -> SourceItem:
    method, stem = key
    listed = entry.identity if entry else ""
    source_id = original.source_id if original else listed or stem
    return SourceItem(
        path=path,
        label="fake",
        source_id=source_id,
        collection=(entry.collection if entry else "") or (original.collection if original else source.name),
        group=(entry.group if entry else "") or (original.group if original else ""),
        method=method,
        family=family_of(method),
        # An index that names somebody else than the original's person names the donor.
        donors=(listed,) if listed and listed != source_id else (),
        mask=mask,
        original=original.path if original else None,
    )
