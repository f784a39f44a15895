"""Evaluation from end to end, on the tiny dataset and an encoder of seeded noise."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from forensic_cli.cli.app import app
from forensic_cli.errors import UsageError
from forensic_cli.model.lae import Encoder, initialise
from forensic_cli.provenance.files import hash_evidence
from tests.training.test_stage1 import TINY
from train.data.crops import read_picture
from train.data.dataset import DATASET_NAME, DatasetRow, Split, read_dataset, select, write_dataset
from train.evaluate import LIGHT_CONDITIONS, evaluate_run, evaluate_target
from train.evaluation.false_alarms import false_alarms
from train.evaluation.records import Evaluation, GenuineScores, read_evaluation
from train.evaluation.table import table
from train.evaluation.target import Target, target_from_option
from train.evaluation.thresholds import FALSE_POSITIVE_RATE, score_thresholds
from train.metrics import auc
from train.recipe import Source
from train.trained_run import load_run
from train.validation import CONDITIONS, FixedPairs, attention_figures

FORGED_WINDOW = np.s_[150:200, 120:190]
PLOTS = ("roc.png", "scores.png", "heatmaps.png")


def make_run(folder: Path, dataset: Path, **changes: object) -> Path:
    """A run folder as training leaves it, with an encoder that was not trained."""
    folder.mkdir(parents=True)
    encoder = Encoder()
    initialise(encoder, torch.Generator().manual_seed(3))
    save_file(
        {f"model/encoder.{key}": value for key, value in encoder.state_dict().items()},
        folder / "best.safetensors",
    )
    recipe = replace(TINY, source=Source.FORGE, **changes)
    sha256 = hash_evidence(dataset / DATASET_NAME).sha256
    document = {"config": asdict(recipe), "dataset_sha256": sha256}
    (folder / "config.json").write_text(json.dumps(document))
    return folder


def with_fakes(dataset: Path, folder: Path, splits: set[Split], has_masks: bool = True) -> Path:
    """A copy of the dataset with a fake of every crop of some splits: a part of the face turned negative."""
    shutil.copytree(dataset, folder)
    rows = read_dataset(folder)
    mask = np.zeros((320, 320), np.uint8)
    mask[FORGED_WINDOW] = 255
    cv2.imwrite(str(folder / "mask.png"), mask)
    for row in list(rows):
        if row.split not in splits:
            continue
        picture = read_picture(folder / row.path)
        picture[FORGED_WINDOW] = 255 - picture[FORGED_WINDOW]
        path = row.path.replace("crops/", "crops/fake-")
        cv2.imwrite(str(folder / path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        sha256 = hash_evidence(folder / path).sha256
        rows.append(
            DatasetRow(
                path,
                "fake",
                "negative",
                "tests",
                row.source_id,
                "variants",
                row.group,
                row.split,
                sha256,
                sha256,
                "mask.png" if has_masks else "",
                row.path,
            )
        )
    write_dataset(folder, rows)
    return folder


@pytest.fixture(scope="module")
def stored(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny dataset, with fakes of its validation and test crops."""
    return with_fakes(dataset, tmp_path_factory.mktemp("stored") / "data", {Split.VALIDATION, Split.TEST})


@pytest.fixture(scope="module")
def run(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / "run", stored)


@pytest.fixture(scope="module")
def validation(stored: Path, run: Path) -> Evaluation:
    return evaluate_run(stored, run, "validation", 3)


@pytest.fixture(scope="module")
def elsewhere(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set whose files the run has not seen, except those that it was trained on."""
    folder = with_fakes(dataset, tmp_path_factory.mktemp("elsewhere") / "set", set(Split), has_masks=False)
    rows = read_dataset(folder)
    write_dataset(folder, [replace(row, origin_sha256=row.sha256) for row in rows])
    return folder


def test_rows_are_forged_here_held_out_and_stored(validation: Evaluation) -> None:
    kinds = {(row.method, row.was_trained, row.is_stored) for row in validation.rows}
    assert kinds == {
        ("self-blend", True, False),
        ("expression-warp", False, False),
        ("negative", False, True),
    }
    assert len(validation.rows) == 3 * len(CONDITIONS)
    for row in validation.rows:
        assert len(row.genuine) == len(row.source_ids) == len(row.groups) == 3
        assert len(row.forged) == len(row.forged_source_ids) == 3
        assert row.auc == pytest.approx(auc(np.array(row.genuine), np.array(row.forged)))
        assert row.auc_interval is not None
        assert 0 <= row.auc_interval[0] <= row.auc_interval[1] <= 1


def test_scores_are_those_of_the_pairs_that_training_validates_on(
    stored: Path, run: Path, validation: Evaluation
) -> None:
    loaded = load_run(run, stored)
    real = select(read_dataset(stored), Split.VALIDATION)
    condition = CONDITIONS[1]
    pairs = FixedPairs(stored, real, "self-blend", condition, 3, loaded.recipe.seed + 1)
    expected = pairs.score(loaded.encoder, torch.device("cpu"))
    row = next(
        row for row in validation.rows if (row.method, row.condition) == ("self-blend", condition.name)
    )
    np.testing.assert_allclose(row.genuine, expected.genuine, atol=1e-5)
    np.testing.assert_allclose(row.forged, expected.forged, atol=1e-5)
    identities = {entry.path: entry.source_id for entry in real}
    assert set(row.source_ids) == set(identities.values())
    assert row.source_ids == row.forged_source_ids


def test_genuine_crops_are_the_same_for_every_method(validation: Evaluation) -> None:
    for condition in CONDITIONS:
        scores = {row.genuine for row in validation.rows if row.condition == condition.name}
        assert scores == {entry.scores for entry in validation.genuine if entry.condition == condition.name}


def test_attention_is_measured_against_exact_and_stored_masks(validation: Evaluation) -> None:
    assert validation.iou_threshold is not None
    for row in validation.rows:
        assert row.attention is not None
        assert (row.attention.n, row.attention.n_without_mask) == (3, 0)
        assert 0 <= row.attention.energy <= 1
    negative = next(row.attention for row in validation.rows if row.is_stored)
    assert negative is not None
    assert negative.area == pytest.approx(50 * 70 / 256**2)


def test_what_was_saved_is_what_was_measured(run: Path, validation: Evaluation) -> None:
    assert read_evaluation(run, "validation") == validation
    assert validation.checkpoint_sha256 == hash_evidence(run / "best.safetensors").sha256
    for name in PLOTS:
        picture = cv2.imread(str(run / "plots-validation" / name))
        assert picture is not None
        assert picture.std() > 5


def test_measuring_again_gives_the_same_bytes(
    stored: Path, run: Path, validation: Evaluation, tmp_path: Path
) -> None:
    again = Path(shutil.copytree(run, tmp_path / "run"))
    (again / "evaluation-validation.json").unlink()
    shutil.rmtree(again / "plots-validation")
    evaluate_run(stored, again, "validation", 3, has_plots=False)
    name = "evaluation-validation.json"
    assert (again / name).read_bytes() == (run / name).read_bytes()
    assert not (again / "plots-validation").exists()


def test_without_matplotlib_the_remedy_comes_before_the_work(
    stored: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.evaluation.figure.find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        evaluate_run(stored, run, "validation", 3)
    assert "--no-plots" in caught.value.hint


def test_false_alarm_threshold_is_that_of_the_model_card(validation: Evaluation) -> None:
    assert validation.score_threshold == score_thresholds(validation.rows).forged
    assert sum(entry.n_alarms for entry in validation.false_alarms if entry.kind == "all") <= (
        FALSE_POSITIVE_RATE * 3 * len(CONDITIONS)
    )


def test_test_needs_validation_first_and_takes_its_thresholds(
    stored: Path, run: Path, validation: Evaluation, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        evaluate_run(stored, make_run(tmp_path / "fresh", stored), "test", 3)
    assert "--split validation" in caught.value.hint
    own = Path(shutil.copytree(run, tmp_path / "run"))
    tested = evaluate_run(stored, own, "test", 2, has_plots=False)
    assert tested.iou_threshold == validation.iou_threshold
    assert tested.score_threshold == validation.score_threshold
    assert tested.n_photographs == 2
    with pytest.raises(UsageError, match="before"):
        evaluate_run(stored, own, "test", 2)
    assert evaluate_run(stored, own, "test", 1, again=True, has_plots=False).n_photographs == 1


def test_a_target_set_is_measured_whole_without_what_the_run_was_trained_on(
    dataset: Path, stored: Path, run: Path, validation: Evaluation, elsewhere: Path, tmp_path: Path
) -> None:
    # The run's training photographs get origins of their own, which one of the target's crops shares.
    own_data = tmp_path / "own"
    shutil.copytree(stored, own_data)
    rows = read_dataset(own_data)
    write_dataset(own_data, [replace(row, origin_sha256=row.sha256) for row in rows])
    own = make_run(tmp_path / "run", own_data)
    evaluate_run(own_data, own, "validation", 1, has_plots=False)
    found = evaluate_target(own_data, own, Target("set", elsewhere))
    n_train = len(select(read_dataset(own_data), Split.TRAIN))
    assert found.n_trained_on == n_train
    assert found.n_photographs == 12 - n_train
    assert [row.condition for row in found.rows] == [condition.name for condition in LIGHT_CONDITIONS]
    assert all(len(row.forged) == 12 and row.attention is None for row in found.rows)
    assert read_evaluation(own, "target-set") == found
    text = table(found)
    assert f"left out: {n_train} crops" in text
    assert "held out" not in text


def test_a_target_of_real_photographs_has_false_alarms_alone(
    stored: Path, run: Path, validation: Evaluation, dataset: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(dataset, tmp_path / "real"))
    groups = ("north", "south")
    rows = [
        replace(row, origin_sha256=row.sha256, group=groups[k % 2])
        for k, row in enumerate(read_dataset(dataset))
    ]
    write_dataset(folder, rows)
    own = Path(shutil.copytree(run, tmp_path / "run"))
    found = evaluate_target(stored, own, Target("real", folder), CONDITIONS[:1], threshold=-1e9)
    assert found.rows == ()
    assert {(entry.kind, entry.name, entry.n, entry.rate) for entry in found.false_alarms} == {
        ("all", "all", 12, 1.0),
        ("collection", "variants", 12, 1.0),
        ("group", "north", 6, 1.0),
        ("group", "south", 6, 1.0),
    }
    assert found.score_threshold_rule == "as given"
    assert sorted(path.name for path in (own / "plots-target-real").iterdir()) == ["scores.png"]
    assert "group south" in table(found)


def test_a_target_does_without_validation_no_more_than_test_does(
    stored: Path, elsewhere: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        evaluate_target(stored, make_run(tmp_path / "run", stored), Target("set", elsewhere))


@pytest.mark.parametrize("text", ["folder", "=folder", "a=", "../a=folder", "a/b=folder"])
def test_a_target_needs_a_plain_name_and_a_folder(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        target_from_option(text)
    assert "NAME=FOLDER" in caught.value.hint


def test_a_run_on_stored_fakes_is_measured_on_them(dataset: Path, tmp_path: Path) -> None:
    data = with_fakes(dataset, tmp_path / "data", set(Split))
    own = make_run(tmp_path / "run", data)
    document = json.loads((own / "config.json").read_text())
    document["config"] |= {"source": "stored", "held_out": []}
    (own / "config.json").write_text(json.dumps(document))
    found = evaluate_run(data, own, "validation", 2, has_plots=False)
    assert {(row.method, row.was_trained, row.is_stored) for row in found.rows} == {("negative", True, True)}
    assert found.iou_threshold is not None


def test_an_evaluation_by_another_checkpoint_is_refused(
    stored: Path, run: Path, validation: Evaluation, tmp_path: Path
) -> None:
    own = Path(shutil.copytree(run, tmp_path / "run"))
    save_file({"x": torch.zeros(1)}, own / "best.safetensors")
    with pytest.raises(UsageError, match="another checkpoint"):
        read_evaluation(own, "validation")


def test_false_alarms_are_counted_by_group_and_collection() -> None:
    genuine = GenuineScores(
        "none", (0.0, 1.0, 2.0, 3.0), ("a", "b", "c", "d"), ("x", "x", "y", ""), ("p", "p", "p", "q")
    )
    found = {(each.kind, each.name): each for each in false_alarms([genuine], threshold=1.0)}
    assert {key: (each.n, each.n_alarms, each.mean_score) for key, each in found.items()} == {
        ("all", "all"): (4, 3, 1.5),
        ("collection", "p"): (3, 2, 1.0),
        ("collection", "q"): (1, 1, 3.0),
        ("group", "x"): (2, 1, 0.5),
        ("group", "y"): (1, 1, 2.0),
    }
    # Wilson's interval of 3 out of 4.
    assert found["all", "all"].interval == pytest.approx((0.3006, 0.9544), abs=1e-3)


def test_the_table_fits_a_terminal_and_holds_every_figure(validation: Evaluation) -> None:
    text = table(validation)
    assert max(len(line) for line in text.splitlines()) <= 115
    for word in (
        "expression-warp (held out), 3 genuine + 3 forged",
        "negative, stored (held out)",
        "TPR at 1% FPR",
        "pointing game",
        "FALSE ALARMS",
        "collection variants",
    ):
        assert word in text
    row = validation.rows[0]
    assert f"{row.auc:.3f}" in text
    assert f"IoU threshold {validation.iou_threshold:.4g}" in text


def test_attention_in_training_agrees_with_the_evaluations(
    stored: Path, run: Path, validation: Evaluation
) -> None:
    loaded = load_run(run, stored)
    real = select(read_dataset(stored), Split.VALIDATION)
    pairs = FixedPairs(stored, real, "self-blend", CONDITIONS[0], 3, loaded.recipe.seed + 1)
    found = attention_figures(loaded.encoder, [pairs], "paper", torch.device("cpu"))
    row = validation.rows[0]
    assert (row.method, row.condition) == ("self-blend", CONDITIONS[0].name)
    assert row.attention is not None
    assert found["attention/pixel_auc"] == pytest.approx(row.attention.pixel_auc, abs=1e-4)
    assert found["attention/energy"] == pytest.approx(row.attention.energy, abs=1e-4)
    assert found["attention/area"] == pytest.approx(row.attention.area)


def test_the_command_measures_targets_alone_when_only_they_are_named(
    stored: Path, run: Path, validation: Evaluation, elsewhere: Path, tmp_path: Path
) -> None:
    own = Path(shutil.copytree(run, tmp_path / "run"))
    before = (own / "evaluation-validation.json").stat().st_mtime_ns
    words = [
        "train",
        "evaluate",
        stored,
        "--run",
        own,
        "--target",
        f"set={elsewhere}",
        "--conditions",
        "all",
        "--no-plots",
    ]
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0
    assert "target-set: 12 genuine photographs" in result.stdout
    assert "JPEG 75" in result.stdout
    assert (own / "evaluation-target-set.json").exists()
    assert (own / "evaluation-validation.json").stat().st_mtime_ns == before
