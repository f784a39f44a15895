"""Stage 1, small: it learns, it resumes to the same curve, it never mixes runs up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from forensic_cli.errors import UsageError
from train.checkpoint import load_encoder, read_progress
from train.recipe import Stage1Recipe
from train.run_folder import RunFolder
from train.stage1 import Stage1Objective, StepReport, train_stage1

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
)


class Killed(BaseException):
    """Stands for kill -9: nothing in the program may catch it and tidy up."""


def curve(run: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in RunFolder(run).metrics.read_text().splitlines()]


@pytest.fixture(scope="module")
def finished(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "whole"
    train_stage1(dataset, run, TINY, accelerator="cpu")
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
        train_stage1(dataset, run, TINY, accelerator="cpu", on_step=kill)
    # A line that was being written when the machine died.
    with RunFolder(run).metrics.open("a") as file:
        file.write('{"n_images": 99')
    train_stage1(dataset, run, TINY, resume=True, accelerator="cpu")
    for ours, theirs in zip(curve(run), curve(finished), strict=True):
        assert ours["n_images"] == theirs["n_images"]
        assert ours["latent"] == pytest.approx(theirs["latent"], abs=1e-6)
    mine, reference = (load_file(RunFolder(path).last) for path in (run, finished))
    assert mine.keys() == reference.keys()
    for name in mine:
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
        loss = objective(images, labels)["total"]
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[0] > 0.9
    assert losses[-1] < 0.4


def test_whole_crops_train_encoder_and_decoder_patches_the_encoder_alone() -> None:
    objective = Stage1Objective(TINY)
    labels = torch.tensor([1.0, 0.0])
    objective(torch.zeros(2, 3, 64, 64, dtype=torch.uint8), labels)["total"].backward()
    decoder = objective.autoencoder.decoder
    assert all(parameter.grad is None for parameter in decoder.parameters())
    terms = objective(torch.zeros(2, 3, 256, 256, dtype=torch.uint8), labels)
    terms["total"].backward()
    assert any(float(parameter.grad.abs().sum()) > 0 for parameter in decoder.parameters())
    total, parts = terms["total"].detach(), (terms["latent"] + terms["pixel"]).detach()
    assert float(total) == pytest.approx(float(parts), rel=1e-5)


def test_a_run_folder_is_never_overwritten(dataset: Path, finished: Path) -> None:
    with pytest.raises(UsageError) as caught:
        train_stage1(dataset, finished, TINY, accelerator="cpu")
    assert "--resume" in caught.value.hint


def test_another_recipe_cannot_resume_a_run(dataset: Path, finished: Path) -> None:
    with pytest.raises(UsageError, match="another recipe or dataset"):
        train_stage1(dataset, finished, replace(TINY, lr=5e-4), resume=True, accelerator="cpu")


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"model/encoder.latent.weight": torch.zeros(2, 2)}, tmp_path / "x.safetensors")
    with pytest.raises(UsageError, match="cannot be used"):
        load_encoder(tmp_path / "x.safetensors")
