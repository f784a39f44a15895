"""`train calibrate`: whom it uses, what it saves, and how it reaches the model card."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from forensic_cli.cli.app import app
from forensic_cli.errors import UsageError
from forensic_cli.faces.crop import sharpness
from forensic_cli.model.calibration import Calibration
from forensic_cli.model.lae import Encoder, LocalityAwareAutoEncoder, initialise
from forensic_cli.provenance.files import hash_evidence
from forensic_cli.types import RgbImage
from tests.training.conftest import variant
from train.calibration import calibrate, units
from train.calibration import forged_units as module_of_forged_units
from train.calibration.calibrate import calibrate_run, cross_validated, read_calibration
from train.calibration.card import calibration_for_card, calibration_limits
from train.calibration.conditions import UNIT_CONDITIONS, UnitCondition
from train.calibration.forged_units import forged_units
from train.calibration.logistic import fit_logistic
from train.calibration.units import MIN_UNITS, Units, score_units
from train.checkpoint import Progress, save_checkpoint
from train.data.crops import write_landmarks
from train.data.dataset import DATASET_NAME, DatasetRow, Split, read_dataset, select, write_dataset
from train.data.pairs import Pair, make_pair
from train.forge.portrait import Portrait
from train.forge.visible import UnforgeableError
from train.recipe import Stage1Recipe
from train.run_folder import RunFolder

N_PEOPLE = 32
METHODS = ("self-blend", "part-swap")
HELD_OUT = ("poisson-swap",)
RECIPE = Stage1Recipe("tiny", methods=dict.fromkeys(METHODS, 0.5), held_out=HELD_OUT)
# Two in photographs and two as donors, say.
CHOOSING = frozenset({"person-3", "person-9", "person-20", "person-33"})


@pytest.fixture(scope="module")
def people(portrait: Portrait, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people to train, 32 to validate; the first of those twice."""
    folder = tmp_path_factory.mktemp("people")
    (folder / "crops").mkdir()
    rows, landmarks = [], {}
    for number in range(N_PEOPLE + 3):
        person = variant(portrait, number)
        identity = "person-2" if number == N_PEOPLE + 2 else person.source_id
        path = f"crops/{number:06d}.png"
        cv2.imwrite(str(folder / path), cv2.cvtColor(person.image, cv2.COLOR_RGB2BGR))
        sha256 = hashlib.sha256((folder / path).read_bytes()).hexdigest()
        split = Split.TRAIN if number < 2 else Split.VALIDATION
        rows.append(DatasetRow(path, "real", "", "", identity, "variants", "", split, sha256, "0" * 64))
        landmarks[path] = person.landmarks
    write_dataset(folder, rows)
    write_landmarks(folder, landmarks)
    return folder


@pytest.fixture(scope="module")
def run(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder whose best checkpoint is a seeded, untrained network."""
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "run")
    facts = {"dataset_sha256": hash_evidence(people / DATASET_NAME).sha256}
    folder.begin(asdict(RECIPE), facts, resume=False)
    folder.add_choosing(CHOOSING)
    network = LocalityAwareAutoEncoder()
    initialise(network, torch.Generator().manual_seed(1))
    save_checkpoint(folder.best, {"model": network}, {}, Progress())
    return folder.path


@pytest.fixture(scope="module", autouse=True)
def forged_scores_rise() -> Iterator[None]:
    """A score that an untrained network cannot give.

    What is tested is what happens to scores, not how well a network separates: every unit's pictures
    come as genuine, forged, forged by a held-out method, and score around -1, 1 and 0.
    """

    def score(encoder: Encoder, images: torch.Tensor, device: torch.device) -> np.ndarray:
        assert images.shape[1:] == (3, 256, 256)
        noise = np.random.default_rng(int(images[0].sum())).normal(0, 1, len(images))
        return np.resize([-1.0, 1.0, 0.0], len(images)) + noise

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(units, "score_images", score)
        yield


@pytest.fixture(scope="module")
def found(people: Path) -> Units:
    """The calibration set of the 32 people."""
    return scored(people)


@pytest.fixture(scope="module")
def calibrated(people: Path, run: Path) -> Calibration:
    return calibrate_run(people, run)


def validation_rows(people: Path) -> list[DatasetRow]:
    return select(read_dataset(people), Split.VALIDATION)


def scored(people: Path, **changes: object) -> Units:
    recipe = replace(RECIPE, **changes)
    return score_units(forged_units(people, read_dataset(people), recipe, CHOOSING), Encoder())


def test_nobody_who_was_trained_on_or_chose_the_checkpoint_is_calibrated_on(
    people: Path, found: Units
) -> None:
    everybody = {row.source_id for row in validation_rows(people)}
    assert set(found.identities) == everybody - CHOOSING
    assert (found.n_choosing, found.n_left_out) == (len(CHOOSING), 0)


def test_a_person_with_two_photographs_is_one_unit(people: Path, found: Units) -> None:
    of_two = [row for row in validation_rows(people) if row.source_id == "person-2"]
    assert len(of_two) == 2
    assert len(set(found.identities)) == len(found.identities)
    assert "person-2" in found.identities


def test_methods_and_conditions_come_equally_often(found: Units) -> None:
    conditions = Counter(condition.name for condition in found.conditions)
    assert len(conditions) == len(UNIT_CONDITIONS) == 8
    assert max(conditions.values()) - min(conditions.values()) <= 1
    assert set(found.methods) == set(METHODS)
    assert set(found.held_out) == set(HELD_OUT)


def test_a_unit_is_genuine_forged_and_forged_otherwise(found: Units) -> None:
    assert len(found.genuine) == len(found.forged) == len(found.forged_held_out) == len(found.identities)
    assert found.genuine.mean() < found.forged_held_out.mean() < found.forged.mean()
    assert len(found.sharpness) == 2 * len(found.identities)


def test_too_few_people_are_a_usage_error(people: Path) -> None:
    choosing = frozenset(f"person-{number}" for number in range(2, N_PEOPLE))
    draw = forged_units(people, read_dataset(people), RECIPE, choosing)
    with pytest.raises(UsageError, match=f"of the others 2 have .* a calibration needs {MIN_UNITS}"):
        score_units(draw, Encoder())


def test_photographs_that_a_method_cannot_forge_are_left_out_and_counted(
    people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resisting = {"person-5", "person-17"}

    def forge(portrait: Portrait, *rest: object) -> Pair:
        if portrait.source_id in resisting:
            raise UnforgeableError(portrait.source_id)
        return make_pair(portrait, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(module_of_forged_units, "make_pair", forge)
    found = scored(people)
    assert resisting.isdisjoint(found.identities)
    assert found.n_left_out == 2
    everybody = {row.source_id for row in validation_rows(people)}
    assert len(found.people) + found.n_choosing + found.n_left_out == len(everybody)


def test_a_run_that_does_not_say_who_chose_its_checkpoint_is_refused(
    people: Path, run: Path, tmp_path: Path
) -> None:
    copy = RunFolder(Path(shutil.copytree(run, tmp_path / "run")))
    copy.choosing.unlink()
    with pytest.raises(UsageError, match="does not say who chose"):
        calibrate_run(people, copy.path)


def test_a_small_face_is_compressed_at_its_own_size(astronaut: RgbImage) -> None:
    crop = cv2.resize(astronaut[:400, :400], (256, 256)).astype(np.uint8)
    compression = UNIT_CONDITIONS[1].compression
    large = UnitCondition(compression).apply(crop)
    small = UnitCondition(compression, 80).apply(crop)
    assert large.shape == small.shape == (256, 256, 3)
    assert sharpness(small) < 0.3 * sharpness(large)


def test_no_unit_is_measured_by_a_line_that_was_fitted_on_it(found: Units) -> None:
    ratios = cross_validated(found)
    for number in (0, 7):
        fold = np.arange(len(found.genuine)) % 5 != number % 5
        line = fit_logistic(found.genuine[fold], found.forged[fold])
        assert ratios.genuine[number] == pytest.approx(line.log_lr(found.genuine[number : number + 1])[0])
        assert ratios.held_out[number] == pytest.approx(
            line.log_lr(found.forged_held_out[number : number + 1])[0]
        )


def test_the_record_says_what_was_measured_on_whom(calibrated: Calibration, found: Units) -> None:
    line = fit_logistic(found.genuine, found.forged)
    assert (calibrated.slope, calibrated.intercept) == (line.slope, line.intercept)
    assert calibrated.n_genuine == calibrated.n_forged == calibrated.n_identities == len(found.identities)
    assert calibrated.faults == ()
    assert calibrated.log10_lr_min < 0 < calibrated.log10_lr_max
    assert 0 < calibrated.cllr_min <= calibrated.cllr < 1
    assert calibrated.validated.codings == ("lossless", "jpeg", "h264")
    assert calibrated.validated.sharpness[0] < calibrated.validated.sharpness[1]
    assert "each once genuine and once forged here" in calibrated.data
    assert "as a donor: the 4 who did were left out." in calibrated.data
    assert "went on from" not in calibrated.data
    in_domain = {row.condition: row for row in calibrated.rows if row.domain == "in-domain"}
    per_condition = [in_domain[condition.name].n_genuine for condition in UNIT_CONDITIONS]
    assert sum(per_condition) == calibrated.n_genuine
    (held_out,) = [row for row in calibrated.rows if row.condition == "all held-out methods"]
    assert held_out.domain == "out-of-domain"
    assert held_out.cllr > calibrated.cllr


def test_without_held_out_methods_nothing_is_said_of_them(
    people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        units, "score_images", lambda encoder, images, device: np.resize([-1.0, 1.0, 0.5, 0.0], len(images))
    )
    alone = scored(people, held_out=())
    assert len(alone.forged) == len(alone.identities)
    assert len(alone.forged_held_out) == len(cross_validated(alone).held_out) == 0


def test_the_run_folder_keeps_the_calibration_and_its_plots(calibrated: Calibration, run: Path) -> None:
    assert read_calibration(run) == calibrated
    for name in (calibrate.TIPPETT_NAME, calibrate.ENTROPY_NAME):
        picture = cv2.imread(str(run / name))
        assert picture is not None
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 4


def test_a_calibration_of_another_checkpoint_is_refused(
    calibrated: Calibration, run: Path, tmp_path: Path
) -> None:
    document = json.loads((run / "calibration.json").read_text())
    (tmp_path / "calibration.json").write_text(json.dumps({**document, "checkpoint_sha256": "0" * 64}))
    (tmp_path / "best.safetensors").write_bytes(RunFolder(run).best.read_bytes())
    with pytest.raises(UsageError, match="another checkpoint") as caught:
        read_calibration(tmp_path)
    assert "train calibrate" in caught.value.hint
    del document["calibration"]["slope"]
    (tmp_path / "calibration.json").write_text(json.dumps(document))
    with pytest.raises(UsageError, match="cannot be read"):
        read_calibration(tmp_path)


def test_the_card_names_the_plots_after_the_weights(calibrated: Calibration, run: Path) -> None:
    on_card, plots = calibration_for_card(run, "face-v9")
    assert on_card == replace(
        calibrated, tippett_file="face-v9-tippett.png", entropy_file="face-v9-entropy.png"
    )
    assert plots == {
        "face-v9-tippett.png": (run / "tippett.png").read_bytes(),
        "face-v9-entropy.png": (run / "entropy.png").read_bytes(),
    }
    assert any("single crops of photographs" in limit for limit in calibration_limits(on_card, False))


def test_a_run_without_a_calibration_gives_none(tmp_path: Path) -> None:
    assert calibration_for_card(tmp_path, "x") == (None, {})
    (limit,) = calibration_limits(None, False)
    assert "not calibrated" in limit


def test_a_lost_plot_is_a_usage_error(calibrated: Calibration, run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    (copy / "tippett.png").unlink()
    with pytest.raises(UsageError, match=r"tippett\.png"):
        calibration_for_card(copy, "x")


def test_the_command_prints_every_figure_and_calibrates_to_the_same_bytes_again(
    people: Path, run: Path, calibrated: Calibration
) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    words = ["train", "calibrate", str(people), "--run", str(run)]
    text = CliRunner().invoke(app, words, catch_exceptions=False).stdout
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    assert f"log LR = {calibrated.slope:.4f} * score" in text
    assert f"bounded to {calibrated.log10_lr_min:.2f} and {calibrated.log10_lr_max:.2f}" in text
    for row in calibrated.rows:
        assert row.condition in text


def test_scores_that_do_not_separate_are_refused(
    people: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        units, "score_images", lambda encoder, images, device: -np.resize([-1.0, 1.0, 0.0], len(images))
    )
    with pytest.raises(UsageError, match="cannot be calibrated"):
        calibrate_run(people, run)
