"""From crops to figures: examine every set once a compression, then measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forensic_cli.model.lae import INPUT_PX
from train.bootstrap import LOW_FALSE_POSITIVE_RATE, mean_interval, separation_intervals
from train.data.dataset import DatasetRow
from train.evaluation.crop_sets import CropSet, ForgedSet
from train.evaluation.examine import CropExaminer, Examined
from train.evaluation.records import AttentionFigures, EvaluationRow, GenuineScores
from train.forge.portrait import BinaryMask
from train.localisation import Attention, can_be_localised, choose_iou_threshold, localise
from train.roc import roc_curves
from train.validation import Condition


class PackedMasks:
    """The masks of a set at one bit a pixel.

    Attributes:
        known: the crops whose mask is known and has an inside and an outside, ascending.
    """

    def __init__(self, crops: CropSet) -> None:
        self._bits: dict[int, NDArray[np.uint8]] = {}
        for k in range(len(crops.rows)):
            mask = crops.mask(k)
            if mask is not None and can_be_localised(mask):
                self._bits[k] = np.packbits(mask)
        self.known = tuple(self._bits)

    def __getitem__(self, k: int) -> BinaryMask:
        """(256, 256), of one of the `known` crops."""
        return np.unpackbits(self._bits[k]).reshape(INPUT_PX, INPUT_PX)


@dataclass(frozen=True, slots=True, eq=False)
class ExaminedMethod:
    """What was seen of one method under one compression; the pictures themselves are let go.

    Attributes:
        genuine, genuine_rows: of the crops that it is held against.
        forged, forged_rows: of the forged crops.
    """

    method: str
    is_stored: bool
    was_trained: bool
    n_unforgeable: int
    condition: str
    genuine: Examined
    genuine_rows: tuple[DatasetRow, ...]
    forged: Examined
    forged_rows: tuple[DatasetRow, ...]
    masks: PackedMasks


def examine_genuine(
    crops: CropSet, conditions: Sequence[Condition], examiner: CropExaminer, on_set: Callable[[], None]
) -> dict[str, Examined]:
    """Examines genuine crops once a condition, whatever the number of methods."""
    found = {}
    for condition in conditions:
        found[condition.name] = examiner.examine(crops, condition)
        on_set()
    return found


def examine_methods(
    genuine_rows: tuple[DatasetRow, ...],
    genuine: dict[str, Examined],
    forged_sets: Iterable[ForgedSet],
    conditions: Sequence[Condition],
    examiner: CropExaminer,
    on_set: Callable[[], None],
) -> list[ExaminedMethod]:
    """Examines the forged crops of every method under every condition.

    Args:
        genuine_rows, genuine: the genuine crops, examined under the same conditions.
        forged_sets: made one after the other, so that the pictures of one method are held at a time.
    """
    found = []
    for forged_set in forged_sets:
        masks = PackedMasks(forged_set.crops)
        index = forged_set.genuine_index
        chosen = list(range(len(genuine_rows)) if index is None else index)
        for condition in conditions:
            seen = genuine[condition.name]
            found.append(
                ExaminedMethod(
                    method=forged_set.method,
                    is_stored=forged_set.is_stored,
                    was_trained=forged_set.was_trained,
                    n_unforgeable=forged_set.n_unforgeable,
                    condition=condition.name,
                    genuine=Examined(seen.scores[chosen], seen.attention[chosen]),
                    genuine_rows=tuple(genuine_rows[k] for k in chosen),
                    forged=examiner.examine(forged_set.crops, condition),
                    forged_rows=forged_set.crops.rows,
                    masks=masks,
                )
            )
            on_set()
    return found


def iou_threshold_of(examined: Iterable[ExaminedMethod]) -> float | None:
    """The IoU threshold that suits the trained methods best; see `choose_iou_threshold`."""
    maps: list[Attention] = []
    owners: list[tuple[PackedMasks, int]] = []
    for entry in examined:
        if entry.was_trained:
            for k in entry.masks.known:
                maps.append(entry.forged.attention[k])
                owners.append((entry.masks, k))
    return choose_iou_threshold(maps, lambda k: owners[k][0][owners[k][1]])


def measure_row(entry: ExaminedMethod, iou_threshold: float | None, seed: int) -> EvaluationRow:
    """Every figure of one method under one compression.

    Args:
        seed: of the resamples.
    """
    genuine, forged = entry.genuine.scores, entry.forged.scores
    ids = tuple(row.source_id for row in entry.genuine_rows)
    forged_ids = tuple(row.source_id for row in entry.forged_rows)
    curve = roc_curves(genuine, forged)
    intervals = separation_intervals(genuine, forged, ids, forged_ids, seed)
    return EvaluationRow(
        method=entry.method,
        condition=entry.condition,
        was_trained=entry.was_trained,
        is_stored=entry.is_stored,
        auc=float(curve.areas()[0]),
        auc_interval=intervals.auc,
        accuracy=float(curve.balanced_accuracies()[0]),
        accuracy_interval=intervals.accuracy,
        eer=float(curve.equal_error_rates()[0]),
        eer_interval=intervals.eer,
        tpr=float(curve.true_positive_rates_at(LOW_FALSE_POSITIVE_RATE)[0]),
        tpr_interval=intervals.tpr,
        genuine=tuple(genuine.tolist()),
        forged=tuple(forged.tolist()),
        source_ids=ids,
        groups=tuple(row.group for row in entry.genuine_rows),
        forged_source_ids=forged_ids,
        n_unforgeable=entry.n_unforgeable,
        attention=_attention_figures(entry, iou_threshold, seed),
    )


def genuine_scores(rows: Sequence[DatasetRow], genuine: dict[str, Examined]) -> tuple[GenuineScores, ...]:
    """The scores of all genuine crops, as they are kept."""
    return tuple(
        GenuineScores(
            condition=condition,
            scores=tuple(seen.scores.tolist()),
            source_ids=tuple(row.source_id for row in rows),
            groups=tuple(row.group for row in rows),
            collections=tuple(row.collection for row in rows),
        )
        for condition, seen in genuine.items()
    )


def _attention_figures(
    entry: ExaminedMethod, iou_threshold: float | None, seed: int
) -> AttentionFigures | None:
    known = entry.masks.known
    if not known:
        return None
    found = [localise(entry.forged.attention[k], entry.masks[k], iou_threshold) for k in known]
    ids = [entry.forged_rows[k].source_id for k in known]
    pixel_auc = np.array([each.pixel_auc for each in found])
    pointing = np.array([each.is_pointing for each in found], np.float64)
    energy = np.array([each.energy for each in found])
    iou = np.array([each.iou for each in found if each.iou is not None])
    return AttentionFigures(
        n=len(found),
        n_without_mask=len(entry.forged_rows) - len(found),
        pixel_auc=float(pixel_auc.mean()),
        pixel_auc_interval=mean_interval(pixel_auc, ids, seed),
        iou=float(iou.mean()) if len(iou) else None,
        iou_interval=mean_interval(iou, ids, seed) if len(iou) else None,
        pointing=float(pointing.mean()),
        pointing_interval=mean_interval(pointing, ids, seed),
        energy=float(energy.mean()),
        energy_interval=mean_interval(energy, ids, seed),
        area=float(np.mean([each.area for each in found])),
        rim_peaks=float(np.mean([each.is_peak_on_rim for each in found])),
    )
