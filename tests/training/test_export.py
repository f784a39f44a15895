"""From a run to weights that a scan accepts, with a card whose numbers are the measured ones."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from forensic_cli.config import DeviceName, ModelSettings
from forensic_cli.errors import UsageError
from forensic_cli.model.calibration import Calibration
from forensic_cli.model.inference import Examiner
from forensic_cli.model.lae import attention_map, normalise
from forensic_cli.model.weights import load_catalogue, read_verified
from tests.training.test_stage1 import CPU, TINY
from tests.training.test_stage2 import STAGE2
from train.data.dataset import Split, read_dataset, select, write_dataset
from train.evaluate import evaluate_run
from train.evaluation.records import read_evaluation
from train.evaluation.table import table
from train.evaluation.thresholds import FALSE_POSITIVE_RATE
from train.export import export
from train.forge.export import ExportSettings, forge_dataset
from train.mask_source import MaskSource
from train.recipe import Source
from train.run_folder import RunFolder
from train.stage1 import train_stage1
from train.stage2 import train_stage2
from train.stage2_recipe import AttentionForm, AttentionNorm
from train.trained_run import load_run
from train.validation import CONDITIONS, FixedPairs

BEFORE_STAGE_2 = "Before stage 2 the attention map is no map of the forgery"


@pytest.fixture(scope="module")
def run(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    recipe = replace(TINY, warmup_images=0, n_images=8, batch_size=8)
    train_stage1(dataset, folder, recipe, hardware=CPU)
    evaluate_run(dataset, folder, "validation", 3, has_plots=False)
    return folder


def test_every_method_is_measured_under_every_compression(run: Path) -> None:
    evaluation = read_evaluation(run, "validation")
    rows = evaluation.rows
    assert {(row.method, row.condition) for row in rows} == {
        (method, condition.name) for method in ("self-blend", "expression-warp") for condition in CONDITIONS
    }
    assert {row.method for row in rows if not row.was_trained} == {"expression-warp"}
    assert all(len(row.genuine) == len(row.forged) == 3 for row in rows)
    text = table(evaluation)
    assert "expression-warp (held out)" in text
    assert "H.264 CRF 40" in text


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
    assert facts["Stage"].startswith("1 (eq. 2); no attention loss")
    assert {row.domain for row in card.error_rates} == {"in-domain", "out-of-domain"}
    assert (card.attention_form, card.attention_norm) == ("paper", "raw")
    assert "forged by self-blend, each under" in card.threshold_rule
    limits = " ".join(card.limitations)
    assert BEFORE_STAGE_2 in limits
    assert "all forged by this program" in limits


def test_a_calibration_goes_into_the_card_with_its_plots_beside_the_weights(
    dataset: Path, run: Path, calibration: Calibration, tmp_path: Path
) -> None:
    assert export(dataset, run, "plain", tmp_path / "w").calibration is None
    calibrated = Path(shutil.copytree(run, tmp_path / "run"))
    checkpoint_sha256 = hashlib.sha256(RunFolder(calibrated).best.read_bytes()).hexdigest()
    document = {"checkpoint_sha256": checkpoint_sha256, "calibration": asdict(calibration)}
    (calibrated / "calibration.json").write_text(json.dumps(document))
    (calibrated / "test-tippett.png").write_bytes(b"tippett")
    (calibrated / "test-entropy.png").write_bytes(b"entropy")
    card = export(dataset, calibrated, "tiny", tmp_path / "w")
    assert card.calibration is not None
    assert card.calibration.lines == calibration.lines
    assert (tmp_path / "w" / card.calibration.tippett_file).read_bytes() == b"tippett"
    assert (tmp_path / "w" / card.calibration.entropy_file).read_bytes() == b"entropy"
    assert load_catalogue(tmp_path / "w").card("tiny") == card
    plain = load_catalogue(tmp_path / "w").card("plain")
    assert any("not calibrated" in limit for limit in plain.limitations)
    assert not any("not calibrated" in limit for limit in card.limitations)


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
    train_stage1(dataset, tmp_path / "run", recipe, hardware=CPU)
    with pytest.raises(UsageError) as caught:
        export(dataset, tmp_path / "run", "x", tmp_path / "w")
    assert "train evaluate" in caught.value.hint


def test_a_run_is_not_measured_on_another_dataset(dataset: Path, run: Path, tmp_path: Path) -> None:
    write_dataset(tmp_path, read_dataset(dataset)[:-1])
    with pytest.raises(UsageError, match="another dataset"):
        evaluate_run(tmp_path, run, "validation", 2)


def test_the_training_split_is_never_evaluated(dataset: Path, run: Path) -> None:
    with pytest.raises(UsageError, match="cannot be evaluated"):
        evaluate_run(dataset, run, "train", 2)


@pytest.fixture(scope="module")
def stage2_run(dataset: Path, run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "two"
    recipe = replace(
        STAGE2,
        epoch_images=4,
        attention_form=AttentionForm.SIGNED,
        attention_norm=AttentionNorm.RELU_MAX,
    )
    train_stage2(dataset, run, folder, recipe, MaskSource(dataset), hardware=CPU)
    evaluate_run(dataset, folder, "validation", 3, has_plots=False)
    return folder


def test_a_card_of_stage_2_says_so_and_how_the_attention_was_trained(
    dataset: Path, stage2_run: Path, tmp_path: Path
) -> None:
    card = export(dataset, stage2_run, "two", tmp_path)
    assert load_catalogue(tmp_path).card("two") == card
    assert (card.attention_form, card.attention_norm) == ("signed", "relu-max")
    facts = dict(card.training)
    assert facts["Stage"] == "1 (eq. 2) and 2 (eq. 11) with the exact mask of every forgery"
    assert "attention loss (eq. 9) x 1, map relu-max, form signed" in facts["Stage 2"]
    assert "encoder only, 2 epochs of 4 images" in facts["Stage 2"]
    # What stage 1 did is said of stage 1: its images, its two durations.
    assert facts["Images seen"].startswith("8 whole crops with all losses; the checkpoint after 8 ")
    assert facts["Hours"].count(" and ") == 1
    limits = " ".join(card.limitations)
    assert BEFORE_STAGE_2 not in limits
    assert (
        "trained on masks of forgeries, in stage 2. On forgeries by methods unlike those it may lie else"
        in (limits)
    )


def test_the_control_arm_is_not_called_stage_2_and_its_map_is_no_map_of_the_forgery(
    dataset: Path, run: Path, tmp_path: Path
) -> None:
    control = replace(STAGE2, n_epochs=1, epoch_images=4, lambda_attention=0.0)
    train_stage2(dataset, run, tmp_path / "control", control, MaskSource(dataset), hardware=CPU)
    evaluate_run(dataset, tmp_path / "control", "validation", 3, has_plots=False)
    card = export(dataset, tmp_path / "control", "control", tmp_path / "w")
    facts = dict(card.training)
    assert facts["Stage"].endswith("the control arm")
    assert "no attention loss; encoder only" in facts["Stage 2"]
    assert any(limit.startswith(BEFORE_STAGE_2) for limit in card.limitations)


def test_the_attention_scale_is_of_the_runs_own_form(dataset: Path, stage2_run: Path, tmp_path: Path) -> None:
    trained = load_run(stage2_run, dataset)
    real = select(read_dataset(dataset), Split.VALIDATION)
    batch = FixedPairs(dataset, real, "self-blend", CONDITIONS[0], 64, trained.recipe.seed + 2).batch
    images = batch["images"][len(batch["images"]) // 2 :]
    scales = {}
    with torch.inference_mode():
        encoding = trained.encoder(normalise(images))
        for form in ("signed", "paper"):
            attention = attention_map(trained.encoder, encoding, form).clamp_min(0).numpy()
            scales[form] = float(np.percentile(attention, 99))
    card = export(dataset, stage2_run, "two", tmp_path)
    assert card.attention_scale == pytest.approx(scales["signed"], rel=1e-3)
    assert card.attention_scale != pytest.approx(scales["paper"], rel=1e-2)


def test_a_run_on_stored_fakes_names_the_datasets_methods_and_claims_no_others(
    dataset: Path, tmp_path: Path
) -> None:
    data, folder = tmp_path / "data", tmp_path / "run"
    forge_dataset(dataset, data, ExportSettings(("lip-recolour", "telea-inpaint", "expression-warp"), 12))
    recipe = replace(TINY, warmup_images=0, n_images=8, batch_size=8, source=Source.STORED)
    train_stage1(data, folder, recipe, hardware=CPU)
    evaluate_run(data, folder, "validation", 3, has_plots=False)
    card = export(data, folder, "stored", tmp_path / "w")
    facts = dict(card.training)
    assert facts["Training data"] == (
        "6 real crops of 6 identities (variants), and 12 fakes of the dataset's own "
        "(6 lip-recolour, 6 telea-inpaint)"
    )
    assert facts["Methods"] == "the dataset's own fakes"
    assert "the dataset's own fakes by lip-recolour, telea-inpaint, each under" in card.threshold_rule
    limits = " ".join(card.limitations)
    assert (
        "the dataset's own fakes, by lip-recolour, telea-inpaint, and measured on expression-warp" in limits
    )
    assert "self-blend" not in f"{limits} {card.threshold_rule}"
    assert "by this program" not in limits
    assert card.attention_scale > 0
