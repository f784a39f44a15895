"""Which layout a folder has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from forensic_cli.errors import UsageError
from train.data.layouts.celeb_df import is_celeb_df, read_celeb_df
from train.data.layouts.dfdc import is_dfdc, read_dfdc
from train.data.layouts.faceforensics import is_faceforensics, read_faceforensics
from train.data.layouts.material import LayoutOptions, Material
from train.data.layouts.names import LayoutName
from train.data.layouts.photos import read_photos
from train.data.layouts.plain import is_plain, read_plain

_MARKS: dict[LayoutName, Callable[[Path], bool]] = {
    LayoutName.FACEFORENSICS: is_faceforensics,
    LayoutName.CELEB_DF: is_celeb_df,
    LayoutName.DFDC: is_dfdc,
    LayoutName.PLAIN: is_plain,
}
_READERS: dict[LayoutName, Callable[[Path, LayoutOptions], Material]] = {
    LayoutName.FACEFORENSICS: read_faceforensics,
    LayoutName.CELEB_DF: read_celeb_df,
    LayoutName.DFDC: read_dfdc,
    LayoutName.PLAIN: read_plain,
    LayoutName.PHOTOS: read_photos,
}


def detect_layout(source: Path) -> LayoutName:
    """Tells the layout by folder names; a folder without any of them holds real photographs.

    Raises:
        UsageError: it looks like several, or a metadata.json cannot be read.
    """
    fitting = [name for name, is_it in _MARKS.items() if is_it(source)]
    if len(fitting) > 1:
        raise UsageError(
            f"{source} looks like several layouts: {', '.join(fitting)}.", "Choose one with --layout."
        )
    return fitting[0] if fitting else LayoutName.PHOTOS


def read_material(source: Path, layout: LayoutName, options: LayoutOptions) -> Material:
    """Lists a folder's files with whose they are.

    Raises:
        UsageError: an option does not belong to the layout, or the folder is not of that layout.
    """
    if layout is LayoutName.AUTO:
        layout = detect_layout(source)
    if options.index is not None and layout not in {LayoutName.PHOTOS, LayoutName.PLAIN}:
        raise UsageError(f"Layout {layout} names its own identities.", "Leave --index out.")
    if (options.compression or options.splits) and layout is not LayoutName.FACEFORENSICS:
        raise UsageError(
            f"--compression and --splits mean nothing to layout {layout}.", "They belong to ff++."
        )
    return _READERS[layout](source, options)
