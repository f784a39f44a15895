"""`train calibrate`: whom it uses, what it saves, and how it reaches the model card."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
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
from train.calibration.conditions import CONDITIONS_OF_CODING, UNIT_CONDITIONS, UnitCondition
from train.calibration.forged_units import forged_units
from train.calibration.logistic import fit_logistic
from train.calibration.units import MIN_UNITS, Units, score_units
from train.calibration.units import score_tracks as SCORE_TRACKS  # before a fixture replaces it
from train.checkpoint import Progress, save_checkpoint
from train.data.crops import write_landmarks
from train.data.dataset import DATASET_NAME, DatasetRow, Split, read_dataset, select, write_dataset
from train.data.pairs import Pair, make_pair
from train.forge.portrait import Portrait
from train.forge.visible import UnforgeableError
from train.recipe import Stage1Recipe
from train.run_folder import RunFolder

N_PEOPLE = 32
CODINGS = ("lossless", "jpeg", "h264")
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

    What is tested is what happens to scores, not how well a network separates: every unit's tracks
    come as genuine, forged, forged by a held-out method, and score around -1, 1 and 0; those of several
    crops half as much more.
    """

    def score(tracks: Sequence[Sequence[RgbImage]], encoder: Encoder, device: torch.device) -> np.ndarray:
        assert all(image.shape == (256, 256, 3) for track in tracks for image in track)
        noise = np.random.default_rng(int(tracks[0][0].sum())).normal(0, 1, len(tracks))
        more = [0.5 * (len(track) > 1) for track in tracks]
        return np.resize([-1.0, 1.0, 0.0], len(tracks)) + noise + more

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(units, "score_tracks", score)
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
    assert Counter(found.identities)["person-2"] == len(CODINGS)


def test_everybody_is_seen_once_in_each_coding(found: Units) -> None:
    seen = zip(found.identities, (condition.coding for condition in found.conditions), strict=True)
    assert sorted(seen) == sorted((who, coding) for who in set(found.identities) for coding in CODINGS)
    assert found.codings == CODINGS


def test_methods_and_conditions_come_equally_often(found: Units) -> None:
    conditions = Counter(condition.name for condition in found.conditions)
    assert len(conditions) == len(UNIT_CONDITIONS) == 8
    for own in CONDITIONS_OF_CODING.values():
        often = [conditions[condition.name] for condition in own]
        assert max(often) - min(often) <= 1
    methods = Counter(zip(found.methods, found.conditions, strict=True))
    assert len(methods) == len(METHODS) * len(UNIT_CONDITIONS)
    assert set(found.held_out) == set(HELD_OUT)


def test_a_unit_is_genuine_forged_and_forged_otherwise(found: Units) -> None:
    assert len(found.genuine) == len(found.forged) == len(found.forged_held_out) == len(found.identities)
    assert found.genuine.mean() < found.forged_held_out.mean() < found.forged.mean()
    assert found.sharpness.shape == (len(found.identities), 2)


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


@pytest.fixture(scope="module")
def crop(astronaut: RgbImage) -> RgbImage:
    return cv2.resize(astronaut[:400, :400], (256, 256)).astype(np.uint8)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_small_face_is_compressed_at_its_own_size(crop: RgbImage, coding: str) -> None:
    compression = CONDITIONS_OF_CODING[coding][0].compression
    large, small = UnitCondition(compression).track(crop, 1), UnitCondition(compression, 80).track(crop, 1)
    assert len(large) == len(small) == (5 if coding == "h264" else 1)
    assert {image.shape for image in (*large, *small)} == {(256, 256, 3)}
    assert sharpness(small[0]) < 0.3 * sharpness(large[0])


def test_a_video_track_is_a_real_clip_that_ends_in_the_picture(crop: RgbImage) -> None:
    condition = CONDITIONS_OF_CODING["h264"][0]
    track = condition.track(crop, 7)
    apart = [float(np.abs(image.astype(int) - crop).mean()) for image in track]
    assert apart[-1] == min(apart) < 6
    assert apart[0] > 1.5 * apart[-1]
    assert all(np.array_equal(a, b) for a, b in zip(track, condition.track(crop, 7), strict=True))


def test_a_tracks_score_is_that_of_its_crops_pooled(crop: RgbImage) -> None:
    encoder = Encoder().eval()
    initialise(encoder, torch.Generator().manual_seed(3))
    tracks = [[crop], [crop[:, ::-1], crop[::-1], crop]]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(units, "score_images", lambda encoder, images, device: np.arange(len(images)) ** 2.0)
        assert SCORE_TRACKS(tracks, encoder, torch.device("cpu")).tolist() == [0.0, (1 + 4 + 9) / 3]


@pytest.mark.parametrize("coding", CODINGS)
def test_no_unit_is_measured_by_a_line_that_was_fitted_on_it(found: Units, coding: str) -> None:
    own = found.of_coding(coding)
    ratios = cross_validated(own)
    for number in (0, 7):
        fold = np.arange(len(own.genuine)) % 5 != number % 5
        line = fit_logistic(own.genuine[fold], own.forged[fold])
        assert ratios.genuine[number] == pytest.approx(line.log_lr(own.genuine[number : number + 1])[0])
        assert ratios.held_out[number] == pytest.approx(
            line.log_lr(own.forged_held_out[number : number + 1])[0]
        )


def test_the_ratios_of_the_codings_come_back_to_their_units(found: Units) -> None:
    ratios = {coding: cross_validated(found.of_coding(coding)) for coding in CODINGS}
    whole = found.joined(ratios)
    for coding in CODINGS:
        own = found.of_coding(coding)
        assert len(own.units) == len(set(found.identities))
        assert {found.conditions[k].coding for k in own.units} == {coding}
        assert np.array_equal(whole.forged[own.units], ratios[coding].forged)
        assert np.array_equal(whole.held_out[own.held_out_tracks], ratios[coding].held_out)


def test_the_record_says_what_was_measured_on_whom(calibrated: Calibration, found: Units) -> None:
    assert calibrated.n_genuine == calibrated.n_forged == len(found.identities)
    assert calibrated.n_identities == len(set(found.identities))
    assert calibrated.faults == ()
    assert tuple(line.coding for line in calibrated.lines) == calibrated.validated.codings == CODINGS
    for line in calibrated.lines:
        own = found.of_coding(line.coding)
        fitted = fit_logistic(own.genuine, own.forged)
        assert (line.slope, line.intercept) == (fitted.slope, fitted.intercept)
        assert line.log10_lr_min < 0 < line.log10_lr_max
        assert line.n_genuine == line.n_forged == calibrated.n_identities
        assert 0 < line.cllr_min <= line.cllr < 1
    lossless, _, video = calibrated.lines
    # Videos scored half more, so that the same score says less of them.
    assert video.log10_lr(0.0).value < lossless.log10_lr(0.0).value
    assert (lossless.crops_per_track, video.crops_per_track) == (1, 5)
    assert 0 < calibrated.cllr_min <= calibrated.cllr < 1
    assert all(line.sharpness[0] < line.sharpness[1] for line in calibrated.lines)
    assert video.sharpness[1] < lossless.sharpness[1]
    assert calibrated.cllr_min == pytest.approx(np.mean([line.cllr_min for line in calibrated.lines]))
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
        units, "score_tracks", lambda tracks, encoder, device: np.resize([-1.0, 1.0, 0.5, 0.0], len(tracks))
    )
    alone = scored(people, held_out=())
    assert len(alone.forged) == len(alone.identities)
    assert len(alone.forged_held_out) == len(cross_validated(alone.of_coding("jpeg")).held_out) == 0


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
    del document["calibration"]["lines"]
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
    assert any("face tracks made of photographs" in limit for limit in calibration_limits(on_card, False))


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
    for line in calibrated.lines:
        assert f"log LR = {line.slope:.4f} * score" in text
        assert f"bounded to {line.log10_lr_min:.2f} and {line.log10_lr_max:.2f}" in text
    for row in calibrated.rows:
        assert row.condition in text


def test_a_coding_in_which_scores_do_not_separate_gets_no_line(
    people: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = units.score_tracks

    def score(tracks: Sequence[Sequence[RgbImage]], encoder: Encoder, device: torch.device) -> np.ndarray:
        turned = np.array([-1.0 if len(track) > 1 else 1.0 for track in tracks])
        return turned * before(tracks, encoder, device)

    monkeypatch.setattr(units, "score_tracks", score)
    made = calibrate_run(people, Path(shutil.copytree(run, tmp_path / "run")))
    assert tuple(line.coding for line in made.lines) == made.validated.codings == ("lossless", "jpeg")
    assert made.n_genuine == 2 * made.n_identities
    assert "no ratio for what was coded as h264 last" in made.data
    assert not any("H.264" in condition for condition in made.conditions)
    assert not any("H.264" in row.condition for row in made.rows)
    assert 0 < made.cllr < 1
    assert made.faults == ()


def test_scores_that_do_not_separate_are_refused(
    people: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        units, "score_tracks", lambda tracks, encoder, device: -np.resize([-1.0, 1.0, 0.0], len(tracks))
    )
    with pytest.raises(UsageError, match="cannot be calibrated"):
        calibrate_run(people, run)
