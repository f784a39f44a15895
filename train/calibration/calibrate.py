"""`train calibrate`: fits, measures, bounds and saves the calibration of a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from forensic_cli.errors import UsageError
from forensic_cli.model.calibration import Calibration, calibration_from_dict
from forensic_cli.provenance.files import hash_evidence, write_atomically
from train.calibration.bounds import empirical_bounds
from train.calibration.forged_units import forged_units
from train.calibration.logistic import fit_logistic
from train.calibration.plots import entropy_png, tippett_png
from train.calibration.record import ENTROPY_NAME, N_FOLDS, TIPPETT_NAME, CodingFit, calibration_record
from train.calibration.stored_units import stored_units
from train.calibration.units import CodedScores, LogRatios, Units, score_units
from train.data.dataset import read_dataset
from train.recipe import Source
from train.run_folder import RunFolder
from train.trained_run import load_run

CALIBRATION_NAME = "calibration.json"


def calibrate_run(
    dataset: Path, run_path: Path, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> Calibration:
    """Calibrates a run's best checkpoint on people of the validation split who did not choose it.

    A run that was trained on the dataset's own fakes is calibrated on such fakes, any other on
    forgeries that are made here. Writes calibration.json, tippett.png and entropy.png into the run
    folder.

    Args:
        dataset: that the run was trained on.
        run_path: of the run.

    Raises:
        UsageError: see `load_run` and `RunFolder.read_choosing`; too few people are left, or the scores
            do not separate at all.
    """
    run = load_run(run_path, dataset)
    draw_units = stored_units if run.recipe.source is Source.STORED else forged_units
    draw = draw_units(dataset, read_dataset(dataset), run.recipe, run.choosing())
    units = score_units(draw, run.encoder, on_progress)
    fits = fit_each_coding(units)
    units = units.only(tuple(fits))
    calibration = calibration_record(units, fits, run.recipe.start_from)
    document = {
        "checkpoint_sha256": hash_evidence(run.folder.best).sha256,
        "calibration": asdict(calibration),
    }
    ratios = units.joined({coding: own.ratios for coding, own in fits.items()})
    bounded = units.joined({coding: own.bounded for coding, own in fits.items()})
    bounds = [own.bounds for own in fits.values()]
    plots = {
        TIPPETT_NAME: tippett_png(ratios.genuine, ratios.forged, ratios.held_out, bounds),
        ENTROPY_NAME: entropy_png(bounded.genuine, bounded.forged),
    }
    for name, content in plots.items():
        write_atomically(run_path / name, content)
    # Last: it is what says that there is a calibration.
    write_atomically(run_path / CALIBRATION_NAME, (json.dumps(document, indent=2) + "\n").encode())
    return calibration


def read_calibration(run_path: Path) -> Calibration | None:
    """What `calibrate_run` saved, or None where the run was not calibrated.

    Raises:
        UsageError: it is malformed, or was made with another checkpoint than the run's best.
    """
    path = run_path / CALIBRATION_NAME
    if not path.exists():
        return None
    remedy = "Run `lae-forensics train calibrate` again."
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        calibration = calibration_from_dict(document["calibration"])
        checkpoint_sha256 = document["checkpoint_sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", remedy) from error
    if checkpoint_sha256 != hash_evidence(RunFolder(run_path).best).sha256:
        raise UsageError(f"{path} was made with another checkpoint than the run's best.", remedy)
    return calibration


def fit_each_coding(units: Units) -> dict[str, CodingFit]:
    """Calibrates each coding in which forged tracks score above genuine ones, in every fold.

    The others get no line, and items that were coded so no likelihood ratio.

    Raises:
        UsageError: there is no such coding.
    """
    fits: dict[str, CodingFit] = {}
    fault: UsageError | None = None
    for coding in units.codings:
        try:
            fits[coding] = fit(units.of_coding(coding))
        except UsageError as error:
            fault = error
    if not fits and fault is not None:
        raise fault
    return fits


def fit(units: CodedScores) -> CodingFit:
    """Calibrates the units of one coding.

    Raises:
        UsageError: forged tracks do not score above genuine ones.
    """
    ratios = cross_validated(units)
    return CodingFit(
        fit_logistic(units.genuine, units.forged), ratios, empirical_bounds(ratios.genuine, ratios.forged)
    )


def cross_validated(units: CodedScores) -> LogRatios:
    """Log ratios of every unit by lines that were fitted without it.

    The units of a coding are of different people, so that folds of units are folds of identities.

    Raises:
        UsageError: in a fold, forged crops do not score above genuine ones.
    """
    ratios = LogRatios(
        np.empty_like(units.genuine), np.empty_like(units.forged), np.empty_like(units.forged_held_out)
    )
    fold = np.arange(len(units.genuine)) % N_FOLDS
    fold_of_held_out = fold[units.held_out_units]
    for number in range(N_FOLDS):
        inside, outside = fold == number, fold != number
        line = fit_logistic(units.genuine[outside], units.forged[outside])
        ratios.genuine[inside] = line.log_lr(units.genuine[inside])
        ratios.forged[inside] = line.log_lr(units.forged[inside])
        held_out = fold_of_held_out == number
        ratios.held_out[held_out] = line.log_lr(units.forged_held_out[held_out])
    return ratios
