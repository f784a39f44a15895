"""How stage 2 reads its masks: imported ones, painted ones where they lie, or exact ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import hash_evidence
from train.annotate.candidates import CANDIDATES_NAME
from train.annotate.check import Fault, MaskFaultsError
from train.annotate.collect import collect
from train.annotate.masks_folder import MASKS_NAME, read_records, recorded_origin, verified_mask
from train.annotate.origin import Origin, read_selection
from train.annotate.scan_crop import central_window
from train.annotate.settings import CollectSettings, Source
from train.data.dataset import DATASET_NAME, DatasetRow, Split, read_dataset
from train.data.stored import read_mask
from train.forge.portrait import BinaryMask


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedMask:
    """A fake whose forged part is known.

    Attributes:
        dataset_path: of the prepared crop, below the dataset's folder.
        mask: (256, 256) uint8, 1 inside the forgery, over the crop's central window.
        file: where the mask was read.
    """

    dataset_path: str
    mask: BinaryMask
    file: Path


def read_masks(folder: Path, dataset: Path | None = None) -> list[AnnotatedMask]:
    """Reads painted masks for training, and checks every one again.

    Args:
        folder: what `train import-masks` wrote; or a to-annotate folder, or the masks/ folder in it,
            whose PNG masks then pass the same checks as on import.
        dataset: held against the one that the masks were painted for; None for no such check.

    Returns:
        In the order of the candidates.

    Raises:
        MaskFaultsError: a mask is missing, altered, of another size or not binary, or a file is there
            that is no mask; it holds every fault that was found.
        UsageError: this is no such folder, or its masks belong to another dataset.
    """
    painted_in = _to_annotate_folder(folder)
    origin = read_origin(folder)
    if dataset is not None:
        _check_dataset(folder, dataset, origin)
    if painted_in is not None:
        collected = collect(painted_in, CollectSettings(Source.PNG))
        return [
            AnnotatedMask(entry.record.dataset_path, entry.mask, painted_in / "masks" / entry.record.file)
            for entry in collected.masks
        ]
    records = read_records(folder)
    faults: list[Fault] = []
    masks: list[AnnotatedMask] = []
    for record in records:
        found = verified_mask(folder, record)
        if isinstance(found, Fault):
            faults.append(found)
        else:
            masks.append(AnnotatedMask(record.dataset_path, found, folder / record.file))
    listed = {record.file for record in records}
    for path in sorted(folder.glob("*.png")):
        if path.name not in listed:
            faults.append(
                Fault(path.name, f"is not listed in {MASKS_NAME}.", "Move it away, or import again.")
            )
    if faults:
        raise MaskFaultsError(faults)
    return masks


def read_origin(folder: Path) -> Origin:
    """The dataset and the run that masks were painted for.

    Args:
        folder: see `read_masks`.

    Raises:
        UsageError: this is no such folder.
    """
    painted_in = _to_annotate_folder(folder)
    if painted_in is not None:
        return read_selection(painted_in).origin
    return recorded_origin(folder)


def exact_masks(dataset: Path, paths: Sequence[str]) -> list[AnnotatedMask]:
    """The exact masks of forgeries that were made here, in place of painted ones.

    A forgery that lies wholly outside the central window has an empty mask, which is the truth there.

    Args:
        paths: of fakes of the training split.

    Raises:
        UsageError: a path is no such fake, or its mask is not known or cannot be read.
    """
    rows = {row.path: row for row in read_dataset(dataset)}
    masks = []
    for path in paths:
        row = rows.get(path)
        if row is None or not _is_training_fake(row):
            raise UsageError(
                f"{path} is no fake of the training split of {dataset}.",
                "Select again: the dataset is another one.",
            )
        mask = read_mask(dataset, row)
        if mask is None:
            raise UsageError(
                f"The mask of {path} is not known: --masks auto needs forgeries made by `train forge`.",
                "Paint the masks: lae-forensics train select, then import-masks.",
            )
        masks.append(AnnotatedMask(path, central_window(mask), dataset / row.mask))
    return masks


def _is_training_fake(row: DatasetRow) -> bool:
    return row.split is Split.TRAIN and row.label == "fake"


def _to_annotate_folder(folder: Path) -> Path | None:
    """The to-annotate folder, if it is one or its masks/ folder."""
    if (folder / MASKS_NAME).exists():
        return None
    if (folder / CANDIDATES_NAME).exists():
        return folder
    parent = folder.resolve().parent
    if folder.resolve().name == "masks" and (parent / CANDIDATES_NAME).exists():
        return parent
    raise UsageError(
        f"{folder} is no folder of masks.",
        "Give what `lae-forensics train import-masks` wrote, or a to-annotate folder.",
    )


def _check_dataset(folder: Path, dataset: Path, origin: Origin) -> None:
    if hash_evidence(dataset / DATASET_NAME).sha256 != origin.dataset_sha256:
        raise UsageError(
            f"The masks in {folder} were painted for another dataset than {dataset}.",
            f"Give the dataset that they were selected from: it was {origin.dataset}.",
        )
