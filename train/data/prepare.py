"""`train prepare`: photographs and videos -> face crops, masks, landmarks and dataset.csv."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.errors import MediaError, UsageError
from train.data.crops import write_landmarks
from train.data.dataset import DatasetRow, Split, write_dataset
from train.data.frame_positions import FramePositions
from train.data.item_cropping import ItemCropper, MadeCrop
from train.data.layouts.detect import read_material
from train.data.layouts.material import LayoutOptions
from train.data.layouts.names import LayoutName
from train.data.prepare_report import NOT_USED_NAME, PrepareReport
from train.data.split_by_identity import SplitRule, place
from train.forge.portrait import Landmarks


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """How crops are made and split.

    Attributes:
        index: CSV with a column `path`, relative to the material, and optionally `identity`, `set`,
            `group`; without it every file is an identity of its own.
        reserved: sets that never go to training; their identities are shared out between
            validation and test.
        fractions: of train, validation and test for the other sets.
        frames_per_video: spread evenly.
        layout: how the material lies on disk.
        compression, splits, own_split: see `LayoutOptions`.
    """

    index: Path | None = None
    reserved: tuple[str, ...] = ()
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1)
    frames_per_video: int = 10
    min_face_px: int = 80
    seed: int = 20200
    layout: LayoutName = LayoutName.AUTO
    compression: str = ""
    splits: Path | None = None
    own_split: bool = False

    def __post_init__(self) -> None:
        if abs(sum(self.fractions) - 1) > 1e-9 or min(self.fractions) < 0:
            raise UsageError(
                f"The split {self.fractions} is no partition.", "Give three fractions that sum to 1."
            )

    @property
    def layout_options(self) -> LayoutOptions:
        """What the layouts need of this."""
        return LayoutOptions(self.index, self.compression, self.splits, self.own_split)

    @property
    def split_rule(self) -> SplitRule:
        """What the split needs of this."""
        return SplitRule(self.fractions, self.reserved, self.seed)


def prepare(
    source: Path,
    out: Path,
    settings: PrepareSettings,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    on_note: Callable[[str], None] = lambda note: None,
) -> PrepareReport:
    """Detects, cuts and stores one crop for one face of every picture and sampled frame.

    Of a real frame that is the largest face, of a fake the one that its mask covers most, found in
    the fake itself. Forgeries and their originals are sampled at the same frames.

    Args:
        source: folder in one of the layouts; read only.
        out: folder that is made; must be empty or new, and outside `source`.
        on_progress: called with (files done, files in all).
        on_note: called with what is to be said of the layout before the work begins.

    Raises:
        UsageError: `out` holds something, the layout is unusable, or there is not one crop.
    """
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"The folder {out} is not empty.", "Give --out a new folder.")
    if out.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"{out} lies inside the material.", "Give --out a folder outside SOURCE.")
    material = read_material(source, settings.layout, settings.layout_options)
    for note in (f"Layout: {material.layout}.", *material.notes):
        on_note(note)
    if not material.items and not material.left_out:
        raise UsageError(f"Nothing was found in {source}.", "Check the path and --index.")
    placed, crossing = place(material, settings.split_rule)
    n_files = len(material.items) + len(material.left_out)
    report = PrepareReport(layout=material.layout, n_files=n_files)
    report.left_out += [(str(one.path), one.reason, one.detail) for one in (*material.left_out, *crossing)]
    # Real files first: a fake's row names the real crop that it was made from.
    placed.sort(key=lambda entry: entry[0].label != "real")
    positions = FramePositions([item for item, _ in placed], settings.frames_per_video)
    (out / "crops").mkdir(parents=True, exist_ok=True)
    cropper = ItemCropper(out, positions, settings.min_face_px)
    rows: list[DatasetRow] = []
    landmarks: dict[str, Landmarks] = {}
    crops_of_real: dict[Path, dict[int, MadeCrop]] = {}
    for done, (item, split) in enumerate(placed):
        on_progress(done, len(placed))
        partners = crops_of_real.get(item.original, {}) if item.original else {}
        try:
            made = cropper.crops_of(item, split, len(rows), partners)
        except MediaError as error:
            report.failed.append((str(item.path), error.message))
            continue
        report.count(item, made)
        rows += [crop.row for crop in made.crops]
        landmarks.update({crop.row.path: crop.landmarks for crop in made.crops})
        if item.label == "real":
            crops_of_real[item.path] = {crop.frame_index: crop for crop in made.crops}
    on_progress(len(placed), len(placed))
    report.write(out)
    if not rows:
        raise UsageError(
            f"None of the {n_files} files in {source} gave a crop.", f"See {out / NOT_USED_NAME} for why."
        )
    write_landmarks(out, landmarks)
    write_dataset(out, rows)
    return report


def summarise(rows: Sequence[DatasetRow]) -> dict[str, int]:
    """Crops in each split, by name."""
    return {split.value: sum(row.split is split for row in rows) for split in Split}
