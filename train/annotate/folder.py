"""The to-annotate folder: candidates as files that painting tools open."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import write_atomically
from forensic_cli.types import RgbImage
from train.annotate.candidates import CandidateRecord, file_of, write_candidates
from train.annotate.check import fingerprint
from train.annotate.coco import write_coco
from train.annotate.collect import read_format
from train.annotate.contact_sheet import Tile, contact_sheet_png
from train.annotate.cvat import write_cvat
from train.annotate.folder_checks import IMAGES_NAME
from train.annotate.labelme import write_labelme
from train.annotate.origin import SelectionFacts, origin_of, write_selection
from train.annotate.overlays import PREFILL_SHARE, attention_of, common_scale, overlay, proposed_mask
from train.annotate.png_masks import write_png_masks
from train.annotate.readme import readme
from train.annotate.scan_crop import read_scan_crop
from train.annotate.settings import FORMATS
from train.annotate.shapes import outlines
from train.data.png import png_of
from train.localisation import Attention
from train.selection import Candidate, Selection
from train.trained_run import TrainedRun

OVERLAYS_NAME = "overlays"
CONTACT_SHEET_NAME = "contact-sheet.png"
README_NAME = "README.md"


def check_is_free(out: Path) -> None:
    """Refuses a folder that holds something: painted work must never be overwritten.

    Raises:
        UsageError: it does.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"The folder {out} is not empty.", "Give --out a new folder.")


def export_candidates(
    dataset: Path,
    out: Path,
    run: TrainedRun,
    selection: Selection,
    prefill: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[CandidateRecord]:
    """Writes a to-annotate folder. selection.json comes last: a folder without it was not finished.

    The same selection makes the same bytes; README.md names the folder.

    Args:
        dataset: read only.
        out: new or empty folder.
        run: whose attention is shown.
        prefill: templates hold the thresholded attention (`proposed_mask`) instead of nothing.
        on_progress: called with (candidates done, candidates in all).

    Raises:
        UsageError: `out` holds something, or a crop cannot be read.
    """
    check_is_free(out)
    crops = [read_scan_crop(dataset, candidate.dataset_path) for candidate in selection.candidates]
    maps = attention_of(run.encoder, crops, run.attention_form)
    scale = common_scale(maps)
    records: list[CandidateRecord] = []
    tiles: list[Tile] = []
    for candidate, crop, attention in zip(selection.candidates, crops, maps, strict=True):
        shown = overlay(crop, attention, scale)
        records.append(_write_pictures(out, candidate, crop, shown))
        tiles.append(Tile(crop, shown, _label(candidate)))
        on_progress(len(records), len(crops))
    _write_templates(out, records, maps if prefill else ())
    title = f"{len(records)} candidates, {selection.method.value} selection"
    sheet = contact_sheet_png(tiles, title, _short_how(selection), scale)
    write_atomically(out / CONTACT_SHEET_NAME, sheet)
    text = readme(
        len(records), shlex.quote(str(out)), describe(selection), selection.regression is not None, prefill
    )
    write_atomically(out / README_NAME, text)
    write_candidates(out, records)
    facts = SelectionFacts(
        origin_of(dataset, run, selection),
        _details(selection, run, scale, prefill),
        _untouched(out, records) if prefill else {},
    )
    write_selection(out, facts)
    return records


def describe(selection: Selection) -> str:
    """A selection in a sentence."""
    n = len(selection.candidates)
    found = selection.regression
    if found is None:
        return (
            f"{n} of the {selection.n_fakes} fakes of the training split, at random, seed {selection.seed}."
        )
    channels = ", ".join(map(str, found.channels))
    left_out = f" ({found.n_left_out} left out by --images)" if found.n_left_out else ""
    return (
        f"the {n} of the {selection.n_fakes} fakes of the training split in which the concept channels {channels} "
        "are most active; these channels speak loudest for a forgery in a logistic regression on "
        f"{found.n_real} real and {found.n_fake} forged crops{left_out} (L2 {found.l2:g}, balanced accuracy on "
        f"those very crops {found.balanced_accuracy:.3f})."
    )


def _short_how(selection: Selection) -> str:
    of = f"of {selection.n_fakes} fakes of the training split"
    if selection.regression is None:
        return f"{of}, seed {selection.seed}"
    channels = ", ".join(map(str, selection.regression.channels))
    return f"{of}, by the mean activation (in standard deviations, sd) of the concept channels {channels}"


def _label(candidate: Candidate) -> str:
    if candidate.activation is None:
        return f"{candidate.rank:04d}"
    return f"{candidate.rank:04d}   {candidate.activation:+.2f} sd"


def _write_pictures(out: Path, candidate: Candidate, crop: RgbImage, shown: RgbImage) -> CandidateRecord:
    name = file_of(candidate.rank)
    content = png_of(crop)
    write_atomically(out / IMAGES_NAME / name, content)
    write_atomically(out / OVERLAYS_NAME / name, png_of(shown))
    return CandidateRecord(
        candidate.rank,
        name,
        hashlib.sha256(content).hexdigest(),
        candidate.dataset_path,
        candidate.row.source_id,
        candidate.row.method,
        candidate.reason,
    )


def _write_templates(out: Path, records: Sequence[CandidateRecord], maps: Sequence[Attention]) -> None:
    """Empty templates of all formats, or prefilled ones if there are maps."""
    proposed = {
        record.file: proposed_mask(attention) for record, attention in zip(records, maps, strict=bool(maps))
    }
    polygons = {file: outlines(mask) for file, mask in proposed.items()}
    write_png_masks(out, records, proposed)
    write_labelme(out, records, polygons)
    write_coco(out, records, polygons)
    write_cvat(out, records, polygons)


def _untouched(out: Path, records: Sequence[CandidateRecord]) -> dict[str, dict[str, str]]:
    """What each format's template says before anybody paints: read back, so that rounding is in it."""
    return {
        source.value: {
            file: fingerprint(painting.mask)
            for file, painting in read_format(out, source, records).paintings.items()
            if painting.mask is not None
        }
        for source in FORMATS
    }


def _details(selection: Selection, run: TrainedRun, scale: float, prefill: bool) -> dict[str, Any]:
    return {
        "n": len(selection.candidates),
        "n_fakes": selection.n_fakes,
        "regression": asdict(selection.regression) if selection.regression else None,
        "attention_form": run.attention_form,
        "overlay_scale": scale,
        "prefill_share_of_maximum": PREFILL_SHARE if prefill else None,
    }
