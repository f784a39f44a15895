"""`train calibrate` of a run that was trained on the dataset's own fakes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from forensic_cli.errors import UsageError
from forensic_cli.model.lae import Encoder, LocalityAwareAutoEncoder, initialise
from forensic_cli.provenance.files import hash_evidence
from forensic_cli.types import RgbImage
from train.calibration import units
from train.calibration.calibrate import calibrate_run, cross_validated
from train.calibration.card import calibration_limits
from train.calibration.conditions import CONDITIONS_OF_CODING, UNIT_CONDITIONS
from train.calibration.logistic import fit_logistic
from train.calibration.stored_units import stored_units
from train.calibration.units import MIN_UNITS, Units, score_units
from train.checkpoint import Progress, save_checkpoint
from train.data.dataset import DATASET_NAME, DatasetRow, Split, read_dataset, write_dataset
from train.recipe import Source, Stage1Recipe
from train.run_folder import RunFolder

N_PEOPLE = 48
HELD_OUT = "poisson-swap"
RECIPE = Stage1Recipe("tiny", source=Source.STORED, held_out=(HELD_OUT,))
CHOOSING = frozenset({"person-00", "person-01", "person-02"})
# Some have no fake by a trained method, of them one a held-out fake; one has no genuine crop of its own.
WITHOUT_FAKE = {f"person-{number}" for number in range(40, N_PEOPLE)}
HELD_OUT_ALONE, WITHOUT_REAL = "person-41", "person-05"
TRAINED = ("deep", "swap")
# Every kind of crop has a grey of its own, which no compression hides.
GREY = {"": 60, "deep": 180, "swap": 180, HELD_OUT: 120}


def _of_everybody() -> Iterator[tuple[str, str, Split]]:
    """(identity, method, split) of every crop; method "" is real."""
    for method in ("", *TRAINED, HELD_OUT):
        yield "trainee", method, Split.TRAIN
    for number in range(N_PEOPLE):
        identity = f"person-{number:02d}"
        if identity != WITHOUT_REAL:
            yield identity, "", Split.VALIDATION
        if identity not in WITHOUT_FAKE:
            yield from ((identity, method, Split.VALIDATION) for method in TRAINED)
        if number % 2 and (identity == HELD_OUT_ALONE or identity not in WITHOUT_FAKE):
            yield identity, HELD_OUT, Split.VALIDATION


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 people to validate, whose crops are noise round a grey; person-07 was forged twice alike."""
    folder = tmp_path_factory.mktemp("stored")
    (folder / "crops").mkdir()
    rows = []
    crops = [*_of_everybody(), ("person-07", "deep", Split.VALIDATION)]
    real_of = {crop[0]: f"crops/{number:03d}.png" for number, crop in enumerate(crops) if not crop[1]}
    for number, (identity, method, split) in enumerate(crops):
        path = f"crops/{number:03d}.png"
        noise = np.random.default_rng(number).normal(GREY[method], 20, (320, 320, 3))
        cv2.imwrite(str(folder / path), noise.clip(0, 255).astype(np.uint8))
        sha256 = hashlib.sha256((folder / path).read_bytes()).hexdigest()
        label = "fake" if method else "real"
        # Every other fake names no pair: its partner is found by the source.
        pair = real_of.get(identity, "") if method and number % 2 else ""
        rows.append(
            DatasetRow(path, label, method, "", identity, "noise", "", split, sha256, "0" * 64, "", pair)
        )
    write_dataset(folder, rows)
    return folder


@pytest.fixture(scope="module")
def run(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder whose best checkpoint is a seeded, untrained network."""
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "run")
    facts = {"dataset_sha256": hash_evidence(dataset / DATASET_NAME).sha256}
    folder.begin(asdict(RECIPE), facts, resume=False)
    folder.add_choosing(CHOOSING)
    network = LocalityAwareAutoEncoder()
    initialise(network, torch.Generator().manual_seed(1))
    save_checkpoint(folder.best, {"model": network}, {}, Progress())
    return folder.path


@pytest.fixture(scope="module", autouse=True)
def score_is_brightness() -> Iterator[None]:
    """Genuine tracks score about -1, fakes by trained methods 1, by the held-out method 0."""

    def score(tracks: Sequence[Sequence[RgbImage]], encoder: Encoder, device: torch.device) -> np.ndarray:
        grey = np.array([np.mean([image.mean() for image in track]) for track in tracks])
        noise = np.random.default_rng(int(tracks[0][0].sum())).normal(0, 0.7, len(tracks))
        return (grey - 120) / 60 + noise

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(units, "score_tracks", score)
        yield


@pytest.fixture(scope="module")
def found(dataset: Path) -> Units:
    return scored(dataset, read_dataset(dataset))


def scored(dataset: Path, rows: list[DatasetRow], choosing: frozenset[str] = CHOOSING) -> Units:
    return score_units(stored_units(dataset, rows, RECIPE, choosing), Encoder())


def test_every_person_of_the_split_is_a_unit_or_is_counted(found: Units) -> None:
    everybody = {f"person-{number:02d}" for number in range(N_PEOPLE)}
    assert set(Counter(found.identities).values()) == {len(CONDITIONS_OF_CODING)}
    assert set(found.identities) == everybody - CHOOSING - WITHOUT_FAKE
    assert len(found.people) + found.n_choosing + found.n_left_out == N_PEOPLE
    assert found.n_choosing == len(CHOOSING)
    assert found.is_stored


def test_a_genuine_crop_is_of_the_person_who_was_forged_where_there_is_one(found: Units) -> None:
    others = {
        identity: partner
        for identity, partner in zip(found.identities, found.partners, strict=True)
        if identity != partner
    }
    assert set(others) == {WITHOUT_REAL}
    assert others[WITHOUT_REAL] in WITHOUT_FAKE


def test_methods_and_conditions_come_equally_often(found: Units) -> None:
    conditions = Counter(condition.name for condition in found.conditions)
    assert len(conditions) == len(UNIT_CONDITIONS) == 8
    for own in CONDITIONS_OF_CODING.values():
        often = [conditions[condition.name] for condition in own]
        assert max(often) - min(often) <= 1
    # Four people have one method, the next four the other, each in three codings.
    assert [found.methods[k] for k in (0, 12, 24, 36)] == ["deep", "swap", "deep", "swap"]
    assert set(found.methods) == set(TRAINED)


def test_genuine_forged_and_held_out_scores_are_of_such_crops(found: Units) -> None:
    assert found.genuine.mean() == pytest.approx(-1, abs=0.4)
    assert found.forged.mean() == pytest.approx(1, abs=0.4)
    assert found.forged_held_out.mean() == pytest.approx(0, abs=0.4)
    assert found.sharpness.shape == (len(found.identities), 2)


def test_held_out_fakes_are_those_of_the_units_own_people(found: Units) -> None:
    assert set(found.held_out) == {HELD_OUT}
    jpeg = found.of_coding("jpeg")
    people = [found.identities[jpeg.units[number]] for number in jpeg.held_out_units]
    odd = {f"person-{number:02d}" for number in range(1, N_PEOPLE, 2)}
    assert set(people) == odd & set(found.identities)
    assert HELD_OUT_ALONE not in people
    assert len(people) == len(set(people)) == len(jpeg.forged_held_out)
    assert len(found.forged_held_out) == len(CONDITIONS_OF_CODING) * len(people)


def test_no_held_out_fake_is_measured_by_a_line_that_saw_its_person(found: Units) -> None:
    own = found.of_coding("h264")
    ratios = cross_validated(own)
    assert len(ratios.held_out) == len(own.forged_held_out)
    for place in (0, len(own.forged_held_out) - 1):
        fold = np.arange(len(own.genuine)) % 5 != own.held_out_units[place] % 5
        line = fit_logistic(own.genuine[fold], own.forged[fold])
        assert ratios.held_out[place] == pytest.approx(line.log_lr(own.forged_held_out[place : place + 1])[0])


def test_a_method_in_neither_list_of_the_recipe_is_one_that_was_not_trained_on(dataset: Path) -> None:
    rows = [
        replace(row, method="unheard-of") if row.method == HELD_OUT else row for row in read_dataset(dataset)
    ]
    without_trainee = [row for row in rows if row.split is not Split.TRAIN or row.method != "unheard-of"]
    found = scored(dataset, without_trainee)
    assert set(found.methods) == set(TRAINED)
    assert set(found.held_out) == {"unheard-of"}


def test_without_held_out_fakes_nothing_is_said_of_them(dataset: Path) -> None:
    found = scored(dataset, [row for row in read_dataset(dataset) if row.method != HELD_OUT])
    assert len(found.forged) == len(found.identities)
    assert len(found.forged_held_out) == len(cross_validated(found.of_coding("h264")).held_out) == 0


def test_too_few_people_are_a_usage_error(dataset: Path) -> None:
    choosing = frozenset(f"person-{number:02d}" for number in range(40 - MIN_UNITS + 1))
    with pytest.raises(UsageError, match=f"of the others 19 have a stored fake .* needs {MIN_UNITS}"):
        scored(dataset, read_dataset(dataset), choosing)
    everybody = frozenset(f"person-{number:02d}" for number in range(N_PEOPLE))
    with pytest.raises(UsageError, match="of the others 0 have"):
        scored(dataset, read_dataset(dataset), everybody)


def test_the_record_says_that_these_are_the_datasets_own_fakes(
    dataset: Path, run: Path, found: Units
) -> None:
    record = calibrate_run(dataset, run)
    n = len(set(found.identities))
    n_tracks = n * len(CONDITIONS_OF_CODING)
    assert (record.n_genuine, record.n_forged, record.n_identities) == (n_tracks, n_tracks, n + 1)
    assert record.forging_methods == TRAINED
    assert record.data.startswith(f"{n} of the dataset's own fakes, of {n} people of the validation split")
    assert f"{n - 1} of the same people, 1 of somebody else" in record.data
    assert (
        f"{len(found.held_out) // len(CONDITIONS_OF_CODING)} of these people were forged by a method not trained on"
        in record.data
    )
    assert "the 3 who did were left out." in record.data
    assert f"{found.n_left_out} more were left out, since the dataset has no fake" in record.data
    (held_out,) = [row for row in record.rows if row.condition == f"{HELD_OUT}, all conditions"]
    assert (held_out.domain, held_out.n_forged) == ("out-of-domain", len(found.held_out))
    assert held_out.cllr > record.cllr
    limits = " ".join(calibration_limits(record, is_stored=True))
    assert "forgeries by deep, swap, as the dataset has them" in limits
    assert "this program" not in limits


def test_the_same_run_is_calibrated_to_the_same_bytes_again(dataset: Path, run: Path) -> None:
    calibrate_run(dataset, run)
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    calibrate_run(dataset, run)
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
