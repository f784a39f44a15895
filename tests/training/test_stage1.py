"""Stage 1, small: it learns, it resumes to the same curve, it never mixes runs up."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from forensic_cli.cli.app import app
from forensic_cli.errors import UsageError
from train.checkpoint import architecture_beside, load_encoder, read_progress
from train.fabric import Hardware
from train.loop import StepReport
from train.objective1 import Stage1Objective
from train.recipe import Source, Stage1Recipe, load_stage1
from train.run_folder import RunFolder
from train.stage1 import train_stage1

TINY = Stage1Recipe(
    "tiny",
    warmup_images=16,
    warmup_batch_size=8,
    warmup_patch_px=64,
    n_images=24,
    batch_size=4,
    lr=1e-3,
    precision="32-true",
    n_workers=0,
    validate_every=1000,
    checkpoint_every=8,
    ema_decay=0.9,
    methods={"self-blend": 1.0},
    held_out=("expression-warp",),
    source=Source.FORGE,
    beta_perceptual=0.0,
    beta_adversarial=0.0,
)
CPU = Hardware("cpu")


class Killed(BaseException):
    """Stands for kill -9: nothing in the program may catch it and tidy up."""


TINY_TOML = """
name = "tiny"
warmup_images = 16
warmup_batch_size = 8
warmup_patch_px = 64
n_images = 24
batch_size = 4
lr = 1e-3
precision = "32-true"
n_workers = 0
validate_every = 1000
checkpoint_every = 8
ema_decay = 0.9
held_out = ["expression-warp"]
source = "forge"
beta_perceptual = 0.0
beta_adversarial = 0.0
[methods]
self-blend = 1.0
"""
WITH_ALL_LOSSES = replace(
    TINY, warmup_images=0, n_images=16, beta_adversarial=0.01, checkpoint_every=8, ema_decay=0.0
)


def curve(run: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in RunFolder(run).metrics.read_text().splitlines()]


@pytest.fixture(scope="module")
def finished(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "whole"
    train_stage1(dataset, run, TINY, hardware=CPU)
    return run


def test_a_run_ends_with_its_images_validated_and_saved(finished: Path) -> None:
    records = curve(finished)
    assert [record["n_images"] for record in records] == [8, 16, *range(20, 44, 4)]
    assert "pixel" not in records[0]
    assert "pixel" in records[2]
    assert set(records[-1]["validation"]) == {"auc", "accuracy", "auc/self-blend"}
    assert read_progress(RunFolder(finished).last).n_images == 40
    assert RunFolder(finished).best.exists()


@pytest.mark.parametrize("n_before", [12, 28])
def test_a_killed_run_resumes_to_the_same_curve_and_weights(
    dataset: Path, finished: Path, tmp_path: Path, n_before: int
) -> None:
    run = tmp_path / "killed"

    def kill(report: StepReport) -> None:
        if report.n_images >= n_before:
            raise Killed

    with pytest.raises(Killed):
        train_stage1(dataset, run, TINY, hardware=CPU, on_step=kill)
    # A line that was being written when the machine died.
    with RunFolder(run).metrics.open("a") as file:
        file.write('{"n_images": 99')
    train_stage1(dataset, run, TINY, resume=True, hardware=CPU)
    for ours, theirs in zip(curve(run), curve(finished), strict=True):
        assert ours["n_images"] == theirs["n_images"]
        assert ours["latent"] == pytest.approx(theirs["latent"], abs=1e-6)
    mine, reference = (load_file(RunFolder(path).last) for path in (run, finished))
    assert mine.keys() == reference.keys()
    # The loader draws a seed of its own from torch whenever it is started; nothing else does.
    for name in (name for name in mine if not name.startswith("rng/")):
        torch.testing.assert_close(mine[name], reference[name], atol=1e-6, rtol=1e-5)


def test_the_averaged_encoder_is_the_one_that_is_exported(finished: Path) -> None:
    tensors = load_file(RunFolder(finished).best)
    exported = load_encoder(RunFolder(finished).best).state_dict()
    name = "features.0.weight"
    torch.testing.assert_close(exported[name], tensors[f"averaged/module.{name}"])
    assert not torch.equal(exported[name], tensors[f"model/encoder.{name}"])


def test_the_objective_can_be_learnt() -> None:
    """Bright against dark patches: what any forgery detector that trains at all must separate."""
    objective = Stage1Objective(TINY)
    optimiser = torch.optim.Adam(objective.parameters(), 1e-3)
    noise = torch.randint(0, 60, (16, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    labels = torch.arange(16).remainder(2).float()
    images = (noise + 150 * labels.long().view(-1, 1, 1, 1)).to(torch.uint8)
    losses = []
    for _ in range(60):
        optimiser.zero_grad()
        loss = objective(images, labels, is_whole=False)["total"]
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[0] > 0.9
    assert losses[-1] < 0.4


def test_whole_crops_train_encoder_and_decoder_patches_the_encoder_alone() -> None:
    objective = Stage1Objective(TINY)
    labels = torch.tensor([1.0, 0.0])
    objective(torch.zeros(2, 3, 64, 64, dtype=torch.uint8), labels, False)["total"].backward()
    decoder = objective.autoencoder.decoder
    assert all(parameter.grad is None for parameter in decoder.parameters())
    terms = objective(torch.zeros(2, 3, 256, 256, dtype=torch.uint8), labels)
    terms["total"].backward()
    assert any(float(parameter.grad.abs().sum()) > 0 for parameter in decoder.parameters())
    total, parts = terms["total"].detach(), (terms["latent"] + terms["pixel"]).detach()
    assert float(total) == pytest.approx(float(parts), rel=1e-5)


def test_a_run_folder_is_never_overwritten(dataset: Path, finished: Path) -> None:
    with pytest.raises(UsageError) as caught:
        train_stage1(dataset, finished, TINY, hardware=CPU)
    assert "--resume" in caught.value.hint


def test_another_recipe_cannot_resume_a_run(dataset: Path, finished: Path) -> None:
    with pytest.raises(UsageError, match="another recipe or dataset"):
        train_stage1(dataset, finished, replace(TINY, lr=5e-4), resume=True, hardware=CPU)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    save_file({"model/encoder.latent.weight": torch.zeros(2, 2)}, tmp_path / "x.safetensors")
    with pytest.raises(UsageError, match="cannot be used"):
        load_encoder(tmp_path / "x.safetensors")


def test_a_killed_run_resumes_the_discriminator_too(dataset: Path, tmp_path: Path) -> None:
    def kill(report: StepReport) -> None:
        if report.n_images >= 8:
            raise Killed

    train_stage1(dataset, tmp_path / "whole", WITH_ALL_LOSSES, hardware=CPU)
    with pytest.raises(Killed):
        train_stage1(dataset, tmp_path / "killed", WITH_ALL_LOSSES, hardware=CPU, on_step=kill)
    train_stage1(dataset, tmp_path / "killed", WITH_ALL_LOSSES, resume=True, hardware=CPU)
    whole, killed = curve(tmp_path / "whole"), curve(tmp_path / "killed")
    for name in ("total", "latent", "pixel", "adversarial", "discriminator"):
        assert [line[name] for line in killed] == pytest.approx([line[name] for line in whole], abs=1e-6)


def test_every_epoch_leaves_a_picture_of_crops_reconstructions_and_attention(finished: Path) -> None:
    pictures = sorted((finished / "pictures").glob("*.png"))
    # Six training photographs make an epoch of 12 images: it ends in 24 and in 36 of 40, and at the end.
    assert [path.name for path in pictures] == [
        "000000016.png",
        "000000024.png",
        "000000036.png",
        "000000040.png",
    ]
    picture = cv2.imread(str(pictures[-1]))
    assert picture is not None
    # A quarter of the validation people, but no fewer than two, choose the checkpoint.
    assert picture.shape == (2 * 128, 7 * 128, 3)
    columns = [picture[:, left : left + 128] for left in range(0, 7 * 128, 128)]
    genuine, reconstruction, _, forged, _, _, mask = columns
    assert all(int(column.std()) > 2 for column in (genuine, forged, mask))
    assert not np.array_equal(genuine, forged)
    assert not np.array_equal(genuine, reconstruction)
    assert {int(mask.min()), int(mask.max())} == {0, 255}


def test_the_run_goes_on_from_exported_weights(dataset: Path, finished: Path, tmp_path: Path) -> None:
    encoder = load_encoder(RunFolder(finished).best)
    save_file(encoder.state_dict(), tmp_path / "start.safetensors")
    begun = replace(
        TINY,
        warmup_images=0,
        n_images=4,
        lr=1e-9,
        ema_decay=0.0,
        start_from=str(tmp_path / "start.safetensors"),
    )
    train_stage1(dataset, tmp_path / "run", begun, hardware=CPU)
    after = load_encoder(RunFolder(tmp_path / "run").best)
    torch.testing.assert_close(after.latent.weight, encoder.latent.weight, atol=1e-6, rtol=0)
    facts = json.loads(RunFolder(tmp_path / "run").facts.read_text())
    assert (
        facts["start_from"]["sha256"]
        == hashlib.sha256((tmp_path / "start.safetensors").read_bytes()).hexdigest()
    )


def test_the_catalogue_beside_weights_says_of_which_architecture_they_are(
    weights_folder: Path, tmp_path: Path
) -> None:
    assert architecture_beside(weights_folder / "seeded.safetensors") == "lae"
    assert architecture_beside(weights_folder / "others.safetensors") == ""
    assert architecture_beside(tmp_path / "seeded.safetensors") == ""


@pytest.mark.parametrize(("recipe", "says_so"), [("face-v1", False), ("face-v2", True)])
def test_going_on_from_weights_of_another_architecture_is_said(
    weights_folder: Path, tmp_path: Path, recipe: str, says_so: bool
) -> None:
    start = weights_folder / "seeded.safetensors"
    words = ["train", "stage1", str(tmp_path / "nothing"), "--run", str(tmp_path / "run"), "--recipe", recipe]
    result = CliRunner().invoke(app, [*words, "--start-from", str(start)])
    assert result.exit_code != 0
    assert ("holds weights of 'lae', and this recipe trains 'lae-128'" in result.stderr) == says_so


def test_kill_9_at_any_moment_resumes_to_the_same_curve(
    dataset: Path, finished: Path, tmp_path: Path
) -> None:
    """A real process, really killed, between and during its writes."""
    run = tmp_path / "killed"
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(TINY_TOML)
    words = ["train", "stage1", str(dataset), "--run", str(run), "--recipe", str(recipe), "--device", "cpu"]
    command = [sys.executable, "-c", "from forensic_cli.cli.app import main; main()", *words]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    metrics = RunFolder(run).metrics
    while process.poll() is None and not (metrics.exists() and metrics.read_text().count("\n") >= 4):
        time.sleep(0.05)
    assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert metrics.read_text().count("\n") < len(curve(finished))
    train_stage1(dataset, run, load_stage1(str(recipe)), resume=True, hardware=CPU)
    ours, theirs = curve(run), curve(finished)
    assert [line["n_images"] for line in ours] == [line["n_images"] for line in theirs]
    assert [line["total"] for line in ours] == pytest.approx([line["total"] for line in theirs], abs=1e-5)
