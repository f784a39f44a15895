"""`train evaluate`: how well a run separates and localises, on a split of its own or on target sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import hash_evidence
from train.data.dataset import DATASET_NAME, DatasetRow, Split, read_dataset, select
from train.data.sources import has_stored_fakes, trained_methods
from train.evaluation.crop_sets import ForgedSet, forged_here, genuine_set, stored_fakes
from train.evaluation.examine import CropExaminer
from train.evaluation.false_alarms import false_alarms
from train.evaluation.figure import require_matplotlib
from train.evaluation.gallery import Gallery
from train.evaluation.measure import (
    examine_genuine,
    examine_methods,
    genuine_scores,
    iou_threshold_of,
    measure_row,
)
from train.evaluation.plots import save_plots
from train.evaluation.records import (
    Evaluation,
    EvaluationRow,
    read_evaluation,
    save_evaluation,
)
from train.evaluation.target import Target
from train.evaluation.thresholds import FALSE_POSITIVE_RATE, score_thresholds
from train.recipe import Source
from train.trained_run import TrainedRun, load_run
from train.validation import CONDITIONS, Condition

# What target sets are measured under unless asked for more: the lightest and the heaviest compression.
LIGHT_CONDITIONS = (CONDITIONS[0], CONDITIONS[-1])

OnProgress = Callable[[int, int], None]


def _quietly(done: int, total: int) -> None:
    pass


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """What is examined: `forged` makes its sets one after the other."""

    folder: Path
    real: Sequence[DatasetRow]
    forged: Iterator[ForgedSet]
    n_sets: int
    conditions: tuple[Condition, ...]
    n_trained_on: int = 0


def evaluate_run(
    dataset: Path,
    run_path: Path,
    split: str,
    n: int,
    on_progress: OnProgress = _quietly,
    again: bool = False,
    threshold: float | None = None,
    has_plots: bool = True,
) -> Evaluation:
    """Measures every method under every compression on a split of the run's own dataset.

    A run that trained on forgeries made on the fly is measured on such forgeries, by its trained and its
    held-out methods; fakes that lie in the dataset are measured in any case. Writes
    evaluation-<split>.json and plots-<split>/ into the run folder.

    Args:
        n: photographs of each method and condition; also the most stored fakes of each.
        again: measure on the test split although the run was measured on it before.
        threshold: at or above it a genuine crop is a false alarm; by default the validation split's.
        has_plots: draw them too.

    Raises:
        UsageError: see `load_run`; or the split is `train` or unknown; or test was opened before, or is
            opened before validation was measured.
    """
    if split not in {Split.VALIDATION.value, Split.TEST.value}:
        raise UsageError(f"--split {split} cannot be evaluated.", "Give validation or test.")
    run = load_run(run_path, dataset)
    is_test = split == Split.TEST.value
    path = run.folder.evaluation(split)
    if is_test and path.exists() and not again:
        raise UsageError(
            f"{run_path} was measured on the test split before: {path.name} is there.",
            "Test data are opened once. Add --again if the numbers choose nothing.",
        )
    validation = read_evaluation(run_path, Split.VALIDATION.value) if is_test else None
    rows = read_dataset(dataset)
    of_split = [row for row in rows if row.split == split]
    real = select(rows, Split(split))
    seed = run.recipe.seed + 1
    # The photographs that `forged_here` forges, in its order.
    chosen = [real[int(k)] for k in np.random.default_rng(seed).permutation(len(real))[:n]]
    trains_on_stored = run.recipe.source is Source.STORED or (
        run.recipe.source is Source.AUTO and has_stored_fakes(rows)
    )
    here = () if trains_on_stored else (*run.recipe.methods, *run.recipe.held_out)
    stored = sorted({row.method for row in of_split if row.label == "fake"})
    trained = trained_methods(rows, run.recipe) if trains_on_stored else tuple(run.recipe.methods)

    def forged_sets() -> Iterator[ForgedSet]:
        for method in here:
            yield forged_here(dataset, real, method, method in trained, n, seed)
        for method in stored:
            was_trained = trains_on_stored and method in trained
            yield stored_fakes(dataset, of_split, method, was_trained, n, seed)

    material = _Material(dataset, chosen, forged_sets(), len(here) + len(stored), CONDITIONS)
    return _evaluate(run, split, material, validation, threshold, on_progress, has_plots)


def evaluate_target(
    dataset: Path,
    run_path: Path,
    target: Target,
    conditions: tuple[Condition, ...] = LIGHT_CONDITIONS,
    on_progress: OnProgress = _quietly,
    threshold: float | None = None,
    has_plots: bool = True,
) -> Evaluation:
    """Measures a set from elsewhere: all of its splits, every method of its fakes. It chooses nothing.

    Crops cut from files that the run was trained on are left out and counted. Writes
    evaluation-target-<name>.json and plots-target-<name>/ into the run folder.

    Args:
        dataset: that the run was trained on.
        threshold: at or above it a genuine crop is a false alarm; by default the validation split's.
        has_plots: draw them too.

    Raises:
        UsageError: see `load_run`; validation was not measured yet; or the target has no real crops.
    """
    run = load_run(run_path, dataset)
    validation = read_evaluation(run_path, Split.VALIDATION.value)
    trained_on = {row.origin_sha256 for row in read_dataset(dataset) if row.split is Split.TRAIN}
    rows = read_dataset(target.folder)
    fresh = [row for row in rows if row.origin_sha256 not in trained_on]
    real = [row for row in fresh if row.label == "real"]
    fakes = [row for row in fresh if row.label == "fake"]
    if not real:
        raise UsageError(
            f"{target.folder} holds no real crops that the run was not trained on.",
            "Add real photographs: without them there are no false alarms to count.",
        )
    methods = sorted({row.method for row in fakes})
    seed = run.recipe.seed + 1
    sets = (stored_fakes(target.folder, fakes, method, False, None, seed) for method in methods)
    material = _Material(target.folder, real, sets, len(methods), conditions, len(rows) - len(fresh))
    return _evaluate(run, target.split, material, validation, threshold, on_progress, has_plots)


def _evaluate(
    run: TrainedRun,
    split: str,
    material: _Material,
    validation: Evaluation | None,
    threshold: float | None,
    on_progress: OnProgress,
    has_plots: bool,
) -> Evaluation:
    """Examines, measures, saves and draws.

    Args:
        validation: what was measured before; None where this is the validation split itself, which then
            sets the thresholds.
    """
    if has_plots:
        require_matplotlib()
    seed = run.recipe.seed + 1
    total = (1 + material.n_sets) * len(material.conditions)
    n_done = 0

    def on_set() -> None:
        nonlocal n_done
        n_done += 1
        on_progress(n_done, total)

    examiner = CropExaminer(run.encoder, run.attention_form)
    crops = genuine_set(material.folder, material.real)
    gallery = Gallery(crops, examiner, material.n_sets, seed)
    genuine = examine_genuine(crops, material.conditions, examiner, on_set)
    examined = examine_methods(
        crops.rows, genuine, gallery.watch(material.forged), material.conditions, examiner, on_set
    )
    iou_threshold = iou_threshold_of(examined) if validation is None else validation.iou_threshold
    rows = tuple(measure_row(entry, iou_threshold, seed) for entry in examined)
    score_threshold, rule = _score_threshold(rows if validation is None else validation.rows, threshold)
    scores = genuine_scores(crops.rows, genuine)
    evaluation = Evaluation(
        split=split,
        checkpoint_sha256=hash_evidence(run.folder.best).sha256,
        dataset_sha256=hash_evidence(material.folder / DATASET_NAME).sha256,
        n_photographs=len(crops.rows),
        n_trained_on=material.n_trained_on,
        attention_form=run.attention_form,
        iou_threshold=iou_threshold,
        score_threshold=score_threshold,
        score_threshold_rule=rule,
        rows=rows,
        genuine=scores,
        false_alarms=false_alarms(scores, score_threshold),
    )
    if has_plots:
        save_plots(run.folder.path / f"plots-{split}", evaluation, gallery.examples)
    # Last: it is what says that the split was measured.
    save_evaluation(run.folder.path, evaluation)
    return evaluation


def _score_threshold(validation: Sequence[EvaluationRow], given: float | None) -> tuple[float, str]:
    if given is not None:
        return given, "as given"
    value = score_thresholds(validation).forged
    return value, f"of validation, at most {FALSE_POSITIVE_RATE:.0%} in each compression"
