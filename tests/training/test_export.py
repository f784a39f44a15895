"""From a run to weights that a scan accepts, with a card whose numbers are the measured ones."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from forensic_cli.config import DeviceName, ModelSettings
from forensic_cli.errors import UsageError
from forensic_cli.model.inference import Examiner
from forensic_cli.model.weights import load_catalogue, read_verified
from tests.training.test_stage1 import TINY
from train.data.dataset import Split, read_dataset
from train.evaluate import evaluate_run, read_evaluation, table
from train.export import FALSE_POSITIVE_RATE, export
from train.forge.export import forge_to_files
from train.stage1 import train_stage1
from train.validation import CONDITIONS


@pytest.fixture(scope="module")
def run(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    recipe = replace(TINY, warmup_images=0, n_images=8, batch_size=8)
    train_stage1(dataset, folder, recipe, accelerator="cpu")
    evaluate_run(dataset, folder, "validation", 3)
    return folder


def test_every_method_is_measured_under_every_compression(run: Path) -> None:
    rows = read_evaluation(run, "validation").rows
    assert {(row.method, row.condition) for row in rows} == {
        (method, condition.name) for method in ("self-blend", "expression-warp") for condition in CONDITIONS
    }
    assert {row.method for row in rows if not row.was_trained} == {"expression-warp"}
    assert all(len(row.genuine) == len(row.forged) == 3 for row in rows)
    text = table(rows)
    assert "expression-warp (held out)" in text
    assert "H.264 CRF 35" in text


def test_exported_weights_are_accepted_by_a_scan_and_say_how_they_were_made(
    dataset: Path, run: Path, tmp_path: Path
) -> None:
    card = export(dataset, run, "tiny", tmp_path)
    catalogue = load_catalogue(tmp_path)
    assert catalogue.card() == card
    read_verified(catalogue, card)
    examiner = Examiner(ModelSettings(str(tmp_path), True, DeviceName.CPU, 4))
    assert len(examiner.read([np.zeros((256, 256, 3), np.uint8)])) == 1
    facts = dict(card.training)
    assert facts["Training data"].startswith("6 real photographs of 6 identities (variants)")
    assert facts["Held out"] == "expression-warp"
    assert {row.domain for row in card.error_rates} == {"in-domain", "out-of-domain"}


def test_threshold_holds_its_false_positive_rate_on_validation(
    dataset: Path, run: Path, tmp_path: Path
) -> None:
    card = export(dataset, run, "tiny", tmp_path)
    rows = [row for row in read_evaluation(run, "validation").rows if row.was_trained]
    genuine = np.concatenate([np.array(row.genuine) for row in rows])
    assert (genuine >= card.forged_threshold).mean() <= FALSE_POSITIVE_RATE
    assert card.no_support_threshold <= card.forged_threshold


def test_a_name_is_exported_once(dataset: Path, run: Path, tmp_path: Path) -> None:
    export(dataset, run, "tiny", tmp_path)
    with pytest.raises(UsageError, match="already"):
        export(dataset, run, "tiny", tmp_path)
    export(dataset, run, "tiny-2", tmp_path)
    assert load_catalogue(tmp_path).default_name == "tiny-2"
    assert len(load_catalogue(tmp_path).cards) == 2


def test_a_run_that_was_not_evaluated_cannot_be_exported(dataset: Path, tmp_path: Path) -> None:
    recipe = replace(TINY, warmup_images=0, n_images=4)
    train_stage1(dataset, tmp_path / "run", recipe, accelerator="cpu")
    with pytest.raises(UsageError) as caught:
        export(dataset, tmp_path / "run", "x", tmp_path / "w")
    assert "train evaluate" in caught.value.hint


def test_a_run_is_not_measured_on_another_dataset(dataset: Path, run: Path, tmp_path: Path) -> None:
    from train.data.dataset import write_dataset

    write_dataset(tmp_path, read_dataset(dataset)[:-1])
    with pytest.raises(UsageError, match="another dataset"):
        evaluate_run(tmp_path, run, "validation", 2)


def test_the_training_split_is_never_evaluated(dataset: Path, run: Path) -> None:
    with pytest.raises(UsageError, match="cannot be evaluated"):
        evaluate_run(dataset, run, "train", 2)


def test_forge_writes_forgeries_with_binary_masks_and_a_table(dataset: Path, tmp_path: Path) -> None:
    n = forge_to_files(dataset, tmp_path / "f", ("self-blend", "poisson-swap"), 3, Split.TEST.value, 1)
    assert n == 6
    with (tmp_path / "f" / "forgeries.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    splits = {row.path: row.split for row in read_dataset(dataset)}
    for row in rows:
        portrait = cv2.imread(str(dataset / row["portrait"]))
        forged = cv2.imread(str(tmp_path / "f" / row["file"]))
        mask = cv2.imread(str(tmp_path / "f" / row["mask"]), cv2.IMREAD_GRAYSCALE)
        assert portrait is not None
        assert forged is not None
        assert mask is not None
        assert set(np.unique(mask)) == {0, 255}
        np.testing.assert_array_equal(forged[mask == 0], portrait[mask == 0])
        assert splits[row["portrait"]] is splits[row["donor"]] is Split.TEST


def test_forging_twice_with_one_seed_gives_the_same_files(dataset: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        forge_to_files(dataset, tmp_path / name, ("self-blend",), 2, "train", 5)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 5
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)
