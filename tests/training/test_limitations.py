"""What a card says that its weights cannot do follows from what was trained and measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from forensic_cli.model.lae import Encoder
from tests.training.test_card_markdown import EVALUATION, ROW
from train.forge.methods import METHODS, neural_methods
from train.limitations import limitations
from train.recipe import Source, Stage1Recipe
from train.run_folder import RunFolder
from train.trained_run import TrainedRun


@pytest.fixture
def run(tmp_path: Path) -> TrainedRun:
    return TrainedRun(RunFolder(tmp_path), Stage1Recipe("tiny", methods={"self-blend": 1.0}), Encoder())


def test_a_method_is_neural_where_a_network_draws_the_face() -> None:
    assert neural_methods(METHODS) == ("face-rerender", "decoder-swap")
    assert neural_methods(["deepfakes", "self-blend"]) == ()


def test_without_a_neural_forgery_the_card_says_that_there_was_none(run: TrainedRun) -> None:
    text = " ".join(limitations(run, ("self-blend",), EVALUATION))
    assert "No forgery made by a neural network was in the training or in these measurements" in text


@pytest.mark.parametrize(
    ("trained", "measured"), [("face-rerender", "poisson-swap"), ("self-blend", "decoder-swap")]
)
def test_a_neural_forgery_that_was_trained_on_or_measured_is_named(
    run: TrainedRun, trained: str, measured: str
) -> None:
    evaluation = replace(EVALUATION, rows=(replace(ROW, method=measured),))
    text = " ".join(limitations(run, (trained,), evaluation))
    (neural,) = neural_methods((trained, measured))
    assert f"only {neural} were in the training or in these measurements" in text
    assert "No forgery made by a neural network" not in text


def test_fakes_from_elsewhere_are_the_datasets_to_explain(run: TrainedRun) -> None:
    stored = replace(run, recipe=replace(run.recipe, source=Source.STORED))
    evaluation = replace(EVALUATION, rows=(replace(ROW, is_stored=True),))
    text = " ".join(limitations(stored, ("deep",), evaluation))
    assert "Trained on the dataset's own fakes, by deep, and measured on poisson-swap" in text
    assert "neural" not in text
