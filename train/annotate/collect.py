"""What a person painted, read back from a to-annotate folder and checked against its candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.errors import UsageError
from train.annotate import coco, cvat, labelme, png_masks
from train.annotate.candidates import CandidateRecord, read_candidates
from train.annotate.check import MaskFaultsError, Reading
from train.annotate.folder_checks import IMAGES_NAME, altered_images, read_skipped, stray_files
from train.annotate.marks import by_file
from train.annotate.origin import Origin, read_selection
from train.annotate.outcome import CollectedMask, Outcome, is_untouched, repeated
from train.annotate.settings import FORMATS, CollectSettings, Source


@dataclass(frozen=True, slots=True, eq=False)
class Collected:
    """What became of every candidate: each is in exactly one of `masks`, `skipped` and `unpainted`.

    Attributes:
        source: the format that was read.
        skipped: files that the painter marked as not to be used.
        unpainted: files that were left out because nothing was painted.
        n_untouched: of `masks`, prefilled ones that nobody changed.
        settings: what was let pass.
    """

    origin: Origin
    source: Source
    masks: tuple[CollectedMask, ...]
    skipped: tuple[str, ...]
    unpainted: tuple[str, ...]
    n_untouched: int
    settings: CollectSettings


def read_format(
    folder: Path,
    source: Source,
    records: Sequence[CandidateRecord],
    threshold: int | None = None,
    place: Path | None = None,
) -> Reading:
    """Reads one format of a to-annotate folder.

    Args:
        place: see `CollectSettings`.

    Raises:
        ValueError: the source is AUTO.
    """
    if source is Source.PNG:
        return png_masks.read_png_masks(place or folder / png_masks.FOLDER_NAME, records, threshold)
    if source is Source.LABELME:
        return labelme.read_labelme(place or folder / labelme.FOLDER_NAME, records, folder / IMAGES_NAME)
    if source is Source.COCO:
        return coco.read_coco(place or folder / coco.FILE_NAME, records)
    if source is Source.CVAT:
        return cvat.read_cvat(place or folder / cvat.FILE_NAME, records)
    raise ValueError("AUTO is no format.")


def collect(folder: Path, settings: CollectSettings | None = None) -> Collected:
    """Reads the masks of every candidate and checks them all.

    Args:
        folder: made by `train select`; read only.

    Raises:
        MaskFaultsError: anything is wrong; it holds every fault that was found.
        UsageError: this is no such folder, nothing was painted, or in two formats at once.
    """
    settings = settings or CollectSettings()
    records = read_candidates(folder)
    facts = read_selection(folder)
    skipped, faults = read_skipped(folder, records)
    faults = [*altered_images(folder, records), *faults]
    if settings.place is None:
        faults += stray_files(folder, records)
    if settings.source is Source.AUTO:
        found = _painted_format(folder, records, facts.untouched, settings)
        if found is None:
            raise MaskFaultsError(faults) if faults else _unpainted_folder(folder)
        source, reading = found
    else:
        source = settings.source
        reading = read_format(folder, source, records, settings.threshold, settings.place)
    faults += reading.faults
    outcome = Outcome(source, settings, facts.untouched.get(source.value, {}))
    for record in records:
        outcome.add(record, reading.paintings.get(record.file), record.file in skipped)
    faults += outcome.faults
    if not settings.allow_unusual:
        faults += repeated(outcome.masks, reading.paintings)
    if faults:
        raise MaskFaultsError(faults)
    if not outcome.masks:
        raise UsageError(
            f"There is not one painted mask in {folder} ({source.value}).",
            "Paint some, or name the format that was painted in: --from png, labelme, coco or cvat.",
        )
    return Collected(
        facts.origin,
        source,
        tuple(outcome.masks),
        tuple(outcome.skipped),
        tuple(outcome.unpainted),
        outcome.n_untouched,
        settings,
    )


def _painted_format(
    folder: Path,
    records: Sequence[CandidateRecord],
    untouched: dict[str, dict[str, str]],
    settings: CollectSettings,
) -> tuple[Source, Reading] | None:
    """The one format in which anything differs from its template; None if none does."""
    readings = {source: read_format(folder, source, records, settings.threshold) for source in FORMATS}
    candidates = by_file(records)
    n_painted = {
        source: len(reading.faults)
        + sum(
            painting.is_skipped
            or (
                painting.mask is not None
                and not is_untouched(candidates[file], painting, untouched.get(source.value, {}))
            )
            for file, painting in reading.paintings.items()
        )
        for source, reading in readings.items()
        if _is_there(folder, source)
    }
    painted = [source for source, n in n_painted.items() if n]
    if len(painted) > 1:
        counts = ", ".join(f"{source.value} {n_painted[source]}" for source in painted)
        raise UsageError(
            f"{folder} holds annotations in several formats: {counts}.",
            f"Name the one that counts: --from {painted[0].value}, or another of them.",
        )
    if not painted and not (settings.accept_prefill and untouched):
        return None
    chosen = painted[0] if painted else Source.PNG
    return chosen, readings[chosen]


def _unpainted_folder(folder: Path) -> UsageError:
    return UsageError(
        f"Nothing is painted in {folder} yet: every annotation is as `train select` left it.",
        f"Paint masks/, or use LabelMe, COCO or CVAT; {folder / 'README.md'} says how.",
    )


def _is_there(folder: Path, source: Source) -> bool:
    names = {
        Source.PNG: png_masks.FOLDER_NAME,
        Source.LABELME: labelme.FOLDER_NAME,
        Source.COCO: coco.FILE_NAME,
        Source.CVAT: cvat.FILE_NAME,
    }
    return (folder / names[source]).exists()
