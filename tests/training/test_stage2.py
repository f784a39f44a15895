"""Stage 2: the objective by hand, the schedule, the arms, rounds, resumption."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.errors import UsageError
from forensic_cli.model.lae import Encoder, attention_map, initialise, normalise
from train.annotate.imported import exact_masks
from train.data.dataset import Split, read_dataset, select
from train.fabric import Hardware
from train.forge.export import ExportSettings, forge_dataset
from train.loop import StepReport
from train.losses import attention_loss, latent_loss
from train.mask_source import MaskSource
from train.objective2 import AttentionScale, Stage2Objective, unit_mean_attention
from train.recipe import Source, Stage1Recipe
from train.run_folder import RunFolder
from train.stage1 import train_stage1
from train.stage2 import learning_rate, train_stage2
from train.stage2_recipe import AttentionForm, AttentionNorm, Stage2Recipe, stage2_from_dict
from train.trained_run import load_run

CPU = Hardware("cpu")
STAGE1 = Stage1Recipe(
    "tiny",
    n_images=8,
    batch_size=4,
    precision="32-true",
    n_workers=0,
    validate_every=1000,
    checkpoint_every=1000,
    source=Source.STORED,
    beta_perceptual=0.0,
    beta_adversarial=0.0,
    held_out=(),
)
STAGE2 = Stage2Recipe(
    "tiny2",
    n_epochs=2,
    epoch_images=8,
    batch_size=4,
    annotated_batch_size=2,
    n_workers=0,
    ema_decay=0.0,
    validate_every=1000,
)


class Killed(BaseException):
    """Stands for kill -9: nothing in the program may catch it and tidy up."""


@pytest.fixture(scope="module")
def forged(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forged") / "data"
    forge_dataset(dataset, folder, ExportSettings(("landmark-swap",), 12))
    return folder


@pytest.fixture(scope="module")
def stage1_run(forged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "one"
    train_stage1(forged, run, STAGE1, hardware=CPU)
    return run


def curve(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in RunFolder(run).metrics.read_text().splitlines()]


def small_encoder() -> Encoder:
    encoder = Encoder((4, 4, 8, 8))
    initialise(encoder, torch.Generator().manual_seed(0))
    for parameter in encoder.parameters():
        parameter.data *= 3
    return encoder


def test_the_loss_is_eq_11() -> None:
    encoder = small_encoder().eval()
    recipe = replace(STAGE2, lambda_latent=0.5, lambda_attention=1.0, attention_norm=AttentionNorm.RAW)
    objective = Stage2Objective(encoder, recipe).eval()
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (2, 3, 64, 64), generator=generator).to(torch.uint8)
    annotated = torch.randint(0, 256, (3, 3, 64, 64), generator=generator).to(torch.uint8)
    masks = torch.randint(0, 2, (3, 64, 64), generator=generator).to(torch.uint8)
    labels = torch.tensor([1.0, 0.0])
    terms = objective(images, labels, annotated, masks)
    latent = latent_loss(encoder(normalise(images)).z, labels)
    attention = attention_map(encoder, encoder(normalise(annotated))) / 64
    expected = 0.5 * latent + attention_loss(attention, masks)
    torch.testing.assert_close(terms["total"], expected)


def test_annotated_fakes_of_the_batch_itself_give_the_same_loss_as_further_ones() -> None:
    objective = Stage2Objective(small_encoder(), STAGE2).eval()
    images = torch.randint(0, 256, (2, 3, 64, 64), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
    labels, masks = torch.tensor([1.0, 0.0]), torch.ones(1, 64, 64, dtype=torch.uint8)
    chosen = objective(images, labels, torch.tensor([False, True]), masks)
    further = objective(images, labels, images[1:], masks)
    torch.testing.assert_close(chosen["attention"], further["attention"])


def test_no_known_mask_in_a_batch_means_no_attention_term() -> None:
    objective = Stage2Objective(small_encoder(), STAGE2).eval()
    images = torch.zeros(2, 3, 64, 64, dtype=torch.uint8)
    nothing = torch.zeros(0, 64, 64, dtype=torch.uint8)
    terms = objective(images, torch.tensor([1.0, 0.0]), torch.tensor([False, False]), nothing)
    assert set(terms) == {"total", "latent"}
    assert torch.isfinite(terms["total"])


@given(st.floats(-3, 3), st.floats(0.1, 5))
@settings(max_examples=20, deadline=None)
def test_normalised_attention_stays_in_the_masks_range(shift: float, spread: float) -> None:
    attention = torch.linspace(-1, 1, 32).view(2, 4, 4) * spread + shift
    for norm in (AttentionNorm.RELU_MAX, AttentionNorm.SIGMOID):
        scaled = AttentionScale(norm)(attention)
        assert float(scaled.min()) >= 0
        assert float(scaled.max()) <= 1 + 1e-6
    torch.testing.assert_close(AttentionScale(AttentionNorm.RAW)(attention), attention)


def test_relu_max_brings_every_image_with_positive_attention_to_one() -> None:
    attention = torch.tensor([[[2.0, -1.0]], [[-3.0, -1.0]]])
    scaled = AttentionScale(AttentionNorm.RELU_MAX)(attention)
    torch.testing.assert_close(scaled, torch.tensor([[[1.0, 0.0]], [[0.0, 0.0]]]))


def test_the_map_is_divided_by_its_units_so_that_its_mean_is_tied_to_a_f() -> None:
    """GAP(M_c) = z_c - b_c, so without biases the map's mean is the mean of z_c squared."""
    encoder = small_encoder().eval()
    torch.nn.init.zeros_(encoder.latent.bias)
    encoding = encoder(normalise(torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)))
    fake_half = encoding.z.chunk(2, dim=1)[1]
    mean = unit_mean_attention(encoder, encoding, AttentionForm.SIGNED).mean(dim=(1, 2))
    torch.testing.assert_close(mean, fake_half.square().mean(dim=1), rtol=1e-4, atol=1e-6)


def test_the_rate_is_divided_by_ten_every_three_epochs_and_every_round_starts_anew() -> None:
    recipe = Stage2Recipe("x", n_epochs=6)
    rates = [learning_rate(recipe, 100, 100 * epoch) for epoch in range(8)]
    assert rates == pytest.approx([1e-4] * 3 + [1e-5] * 3 + [1e-4] * 2)


def test_stage2_trains_the_encoder_alone_from_the_best_of_stage1(
    forged: Path, stage1_run: Path, tmp_path: Path
) -> None:
    run = tmp_path / "two"
    progress = train_stage2(forged, stage1_run, run, STAGE2, MaskSource(forged), hardware=CPU)
    assert progress.n_images == 16
    lines = curve(run)
    assert all(line["attention"] > 0 for line in lines)
    assert lines[-1]["total"] == pytest.approx(0.5 * lines[-1]["latent"] + lines[-1]["attention"], rel=1e-4)
    begun, trained = load_run(stage1_run, forged), load_run(run, forged)
    assert trained.recipe == begun.recipe
    assert trained.stage2 == STAGE2
    assert trained.masks == {"origin": "exact", "n": "every forgery"}
    moved = (trained.encoder.latent.weight - begun.encoder.latent.weight).abs().max()
    assert 0 < float(moved) < 0.01
    start = json.loads(RunFolder(run).start.read_text())
    assert {"auc", "attention/energy", "attention/pointing"} <= set(start)
    assert set(lines[-1]["validation"]) == set(start)


def test_the_control_arm_sees_the_same_images_and_no_mask(
    forged: Path, stage1_run: Path, tmp_path: Path
) -> None:
    control = replace(STAGE2, lambda_attention=0.0)
    train_stage2(forged, stage1_run, tmp_path / "control", control, MaskSource(forged), hardware=CPU)
    train_stage2(forged, stage1_run, tmp_path / "attention", STAGE2, MaskSource(forged), hardware=CPU)
    ours, theirs = curve(tmp_path / "control"), curve(tmp_path / "attention")
    assert "attention" not in ours[0]
    # The first step sees the same images with the same weights; then the arms part.
    assert ours[0]["latent"] == pytest.approx(theirs[0]["latent"], abs=1e-6)
    assert ours[-1]["latent"] != theirs[-1]["latent"]
    assert load_run(tmp_path / "control", forged).masks is None


def test_a_killed_stage2_resumes_to_the_same_curve(forged: Path, stage1_run: Path, tmp_path: Path) -> None:
    selecting = MaskSource(forged, n=4, n_rounds=2)

    def kill(report: StepReport) -> None:
        if report.n_images >= 24:
            raise Killed

    train_stage2(forged, stage1_run, tmp_path / "whole", STAGE2, selecting, hardware=CPU)
    with pytest.raises(Killed):
        train_stage2(forged, stage1_run, tmp_path / "killed", STAGE2, selecting, hardware=CPU, on_step=kill)
    train_stage2(forged, stage1_run, tmp_path / "killed", STAGE2, selecting, resume=True, hardware=CPU)
    whole, killed = curve(tmp_path / "whole"), curve(tmp_path / "killed")
    assert [line["n_images"] for line in killed] == [line["n_images"] for line in whole]
    for name in ("latent", "attention"):
        assert [line[name] for line in killed] == pytest.approx([line[name] for line in whole], abs=1e-5)


def test_every_round_adds_masks_that_the_model_of_that_round_selects(
    forged: Path, stage1_run: Path, tmp_path: Path
) -> None:
    run = tmp_path / "rounds"
    progress = train_stage2(
        forged, stage1_run, run, STAGE2, MaskSource(forged, n=4, n_rounds=2), hardware=CPU
    )
    assert progress.n_images == 2 * 16
    first, second = (json.loads(RunFolder(run).annotated(k).read_text()) for k in (0, 1))
    assert len(first) == 2
    assert len(second) == 4
    assert second[:2] == first
    train = {row.path for row in select(read_dataset(forged), Split.TRAIN, "fake")}
    assert set(second) <= train


def test_painted_masks_are_what_the_attention_loss_sees(
    forged: Path, stage1_run: Path, tmp_path: Path
) -> None:
    paths = [row.path for row in select(read_dataset(forged), Split.TRAIN, "fake")][:3]
    exact = exact_masks(forged, paths)
    inverted = tuple(replace(entry, mask=(1 - entry.mask).astype(np.uint8)) for entry in exact)
    losses = []
    for name, masks in (("exact", tuple(exact)), ("inverted", inverted)):
        source = MaskSource(forged, painted=masks)
        train_stage2(forged, stage1_run, tmp_path / name, STAGE2, source, hardware=CPU)
        losses.append(curve(tmp_path / name)[0])
    assert losses[0]["latent"] == pytest.approx(losses[1]["latent"], abs=1e-6)
    assert losses[0]["attention"] != pytest.approx(losses[1]["attention"], rel=1e-3)


def test_rounds_with_painted_masks_are_refused_with_the_way_to_do_it(forged: Path) -> None:
    paths = [row.path for row in select(read_dataset(forged), Split.TRAIN, "fake")][:1]
    painted = tuple(exact_masks(forged, paths))
    with pytest.raises(UsageError, match="selected already") as caught:
        MaskSource(forged, painted=painted, n_rounds=2)
    assert "train select" in caught.value.hint


def test_another_dataset_than_stage_1s_is_refused(dataset: Path, stage1_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="another dataset"):
        train_stage2(dataset, stage1_run, tmp_path / "x", STAGE2, MaskSource(dataset), hardware=CPU)


@pytest.mark.parametrize(
    "fault",
    [{"n_epochs": 0}, {"batch_size": 3}, {"lambda_latent": -1.0}, {"attention_norm": "log"}, {"epochs": 3}],
)
def test_a_recipe_out_of_range_is_refused(fault: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        stage2_from_dict({"name": "x", **fault})
