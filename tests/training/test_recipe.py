"""Recipes are validated before an hour is spent on them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from forensic_cli.errors import UsageError
from train.recipe import (
    Initialisation,
    Schedule,
    Source,
    Stage1Recipe,
    load_stage1,
    shipped_recipes,
    stage1_from_dict,
)
from train.stage1 import learning_rate
from train.stage2_recipe import load_stage2

STAGE2_RECIPES = ("face-v1-stage2", "face-v2-stage2", "stage2")


@pytest.mark.parametrize("name", shipped_recipes())
def test_every_shipped_recipe_is_valid_and_called_after_its_file(name: str) -> None:
    load = load_stage2 if name in STAGE2_RECIPES else load_stage1
    assert load(name).name == name


def test_a_recipe_of_the_other_stage_is_refused_by_its_keys() -> None:
    with pytest.raises(UsageError, match=r"Unknown keys: .*lambda_attention"):
        load_stage1("stage2")
    with pytest.raises(UsageError, match=r"Unknown keys: .*held_out"):
        load_stage2("face-v1")


def test_defaults_are_the_papers() -> None:
    recipe = Stage1Recipe("paper")
    assert (recipe.lr, recipe.batch_size, recipe.schedule) == (1e-3, 64, Schedule.CONSTANT)
    assert (recipe.alpha_rec, recipe.alpha_latent, recipe.beta_pixel) == (1.0, 1.0, 1.0)
    assert (recipe.beta_perceptual, recipe.beta_adversarial) == (1.0, 0.01)
    second = load_stage2("stage2")
    assert (second.lr, second.lr_drop_every_epochs, second.lr_drop_factor) == (1e-4, 3, 0.1)
    assert (second.lambda_latent, second.lambda_attention, second.batch_size) == (0.5, 1.0, 64)


def test_the_papers_recipe_has_every_loss_and_its_initialisation() -> None:
    recipe = load_stage1("paper")
    assert (recipe.alpha_rec, recipe.beta_pixel, recipe.beta_perceptual, recipe.beta_adversarial) == (
        1,
        1,
        1,
        0.01,
    )
    assert (recipe.initialisation, recipe.schedule) == (Initialisation.DCGAN, Schedule.CONSTANT)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = 'x'\nbatch_size = 7", "as many real as forged"),
        ("name = 'x'\nlr = 0", "Learning rates must be above 0"),
        ("name = 'x'\nlearning_rate = 1", "Unknown keys: learning_rate"),
        ("name = 'x'\n[methods]\nself-blend = 0.5", "sum to 0.5"),
        ("name = 'x'\n[methods]\ndeepfake = 1", "no forging method"),
        ("name = 'x'\nheld_out = ['self-blend']", "trained on and held out"),
        ("name = 'x'\n[codecs]\nvp9 = 1", "wrong kind"),
        ("name = 'x'\nn_images = 'many'", "wrong kind"),
        ("name = 'x'\nwarmup_patch_px = 100", "does not fit the encoder"),
        ("name = ", "not valid TOML"),
    ],
)
def test_bad_recipes_say_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        load_stage1(str(path))


def test_unknown_recipe_lists_the_shipped_ones() -> None:
    with pytest.raises(UsageError) as caught:
        load_stage1("best")
    assert "face-v0" in caught.value.hint


def test_a_recipe_survives_json() -> None:
    import json
    from dataclasses import asdict

    recipe = load_stage1("face-v0")
    assert stage1_from_dict(json.loads(json.dumps(asdict(recipe)))) == recipe


def test_learning_rate_is_constant_as_in_the_paper_unless_asked() -> None:
    recipe = Stage1Recipe("x", n_images=1000)
    assert {learning_rate(recipe, n) for n in range(0, 1001, 100)} == {1e-3}


def test_cosine_starts_late_and_ends_at_its_share() -> None:
    recipe = Stage1Recipe(
        "x", n_images=1000, warmup_images=128, schedule=Schedule.COSINE, final_lr_share=0.02
    )
    rates = [learning_rate(recipe, n) for n in range(0, 1129)]
    assert rates[128 + 400] == 1e-3
    assert rates[-1] == pytest.approx(2e-5)
    assert all(a >= b for a, b in pairwise(rates))


def test_a_collections_own_methods_can_be_held_out_by_name() -> None:
    held = Stage1Recipe("x", source=Source.STORED, held_out=("NeuralTextures",))
    assert held.held_out == ("NeuralTextures",)
    with pytest.raises(UsageError, match="no forging method 'NeuralTextures'"):
        Stage1Recipe("x", source=Source.FORGE, held_out=("NeuralTextures",))
