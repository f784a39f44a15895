"""The comparator: found, checked, frozen; never random weights in silence."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from forensic_cli.errors import UsageError
from train.discriminator import Discriminator
from train.losses import adversarial_loss, discriminator_loss, perceptual_loss
from train.objective1 import Stage1Objective
from train.perceptual import Comparator, default_path, load_comparator
from train.recipe import Stage1Recipe

RECIPE = Stage1Recipe("all-losses", ema_decay=0.0)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A seeded stand-in for VGG16's file, with its names and shapes, and its SHA-256."""
    torch.manual_seed(0)
    comparator = Comparator()
    path = tmp_path_factory.mktemp("vgg") / "vgg16-seeded.pth"
    state = {f"features.{name}": value for name, value in comparator.features.state_dict().items()}
    torch.save({**state, "classifier.0.weight": torch.zeros(1)}, path)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_comparator_ends_after_the_tenth_convolution_and_its_relu(weights: tuple[Path, str]) -> None:
    comparator = load_comparator(*weights)
    convolutions = [layer for layer in comparator.features if isinstance(layer, torch.nn.Conv2d)]
    assert len(convolutions) == 10
    assert isinstance(comparator.features[-1], torch.nn.ReLU)
    assert comparator(torch.zeros(1, 3, 256, 256)).shape == (1, 512, 28, 28)


def test_it_is_frozen_and_stays_in_evaluation_mode(weights: tuple[Path, str]) -> None:
    comparator = load_comparator(*weights)
    holder = torch.nn.Sequential(comparator).train()
    assert not holder[0].training
    assert not any(parameter.requires_grad for parameter in comparator.parameters())


def test_missing_weights_name_the_file_and_both_remedies(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read") as caught:
        load_comparator(tmp_path / "absent.pth")
    assert "--perceptual-weights" in caught.value.hint
    assert "beta_perceptual = 0" in caught.value.hint


def test_other_weights_than_the_recipe_names_are_refused(weights: tuple[Path, str]) -> None:
    with pytest.raises(UsageError, match="expected 397923af"):
        load_comparator(weights[0])


def test_a_file_with_the_right_hash_that_is_no_vgg16_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"features.0.weight": torch.zeros(3)}, path)
    with pytest.raises(UsageError, match="holds no VGG16"):
        load_comparator(path, hashlib.sha256(path.read_bytes()).hexdigest())


def test_torchvisions_own_place_is_looked_in_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    torch.hub.set_dir(str(tmp_path / "hub"))
    assert default_path() == tmp_path / "hub" / "checkpoints" / "vgg16-397923af.pth"


def test_all_four_terms_of_the_paper_make_the_loss(weights: tuple[Path, str]) -> None:
    objective = Stage1Objective(RECIPE, load_comparator(*weights))
    objective.set_judge(Discriminator(1))
    labels = torch.tensor([1.0, 0.0])
    images = torch.randint(0, 256, (2, 3, 256, 256), dtype=torch.uint8)
    terms = objective(images, labels)
    assert set(terms) == {"total", "latent", "pixel", "perceptual", "adversarial", "reconstruction"}
    expected = terms["latent"] + terms["pixel"] + terms["perceptual"] + 0.01 * terms["adversarial"]
    torch.testing.assert_close(terms["total"], expected)


def test_without_a_comparator_a_recipe_with_the_perceptual_loss_does_not_start() -> None:
    with pytest.raises(ValueError, match="comparator"):
        Stage1Objective(RECIPE)


def test_the_generators_step_leaves_the_discriminator_alone_and_the_reverse() -> None:
    objective = Stage1Objective(replace(RECIPE, beta_perceptual=0.0))
    judge = Discriminator(1)
    objective.set_judge(judge)
    images = torch.randint(0, 256, (2, 3, 256, 256), dtype=torch.uint8)
    assert not any(name.startswith("_judge") for name, _ in objective.named_modules())
    terms = objective(images, torch.tensor([1.0, 0.0]))
    terms["adversarial"].backward()
    assert all(parameter.grad is None for parameter in judge.parameters())
    assert any(
        float(parameter.grad.abs().sum()) > 0 for parameter in objective.autoencoder.decoder.parameters()
    )
    objective.zero_grad(set_to_none=True)
    reconstruction = terms["reconstruction"].detach()
    discriminator_loss(judge(images.float() / 127.5 - 1), judge(reconstruction)).backward()
    assert all(parameter.grad is None for parameter in objective.parameters())
    assert all(parameter.grad is not None for parameter in judge.parameters())


def test_the_discriminator_reaches_one_logit_an_image() -> None:
    judge = Discriminator(1)
    assert judge(torch.zeros(2, 3, 256, 256)).shape == (2,)
    kernels = [layer.kernel_size for layer in judge.stages if isinstance(layer, torch.nn.Conv2d)]
    assert kernels == [(4, 4)] * 7


def test_the_losses_of_eq_5_and_6_have_their_known_values() -> None:
    assert float(perceptual_loss(torch.zeros(1, 2), torch.tensor([[1.0, 3.0]]))) == 2.0
    undecided = torch.zeros(4)
    assert float(adversarial_loss(undecided)) == pytest.approx(0.6931, abs=1e-4)
    assert float(discriminator_loss(undecided, undecided)) == pytest.approx(1.3863, abs=1e-4)
    assert float(discriminator_loss(undecided + 20, undecided - 20)) == pytest.approx(0, abs=1e-6)
    assert float(adversarial_loss(undecided - 20)) == pytest.approx(20, abs=1e-4)
