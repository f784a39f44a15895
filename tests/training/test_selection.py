"""Active selection finds planted channels, ranks by them, and is the same every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from forensic_cli.errors import UsageError
from forensic_cli.model.lae import normalise
from tests.training.forged import training_fakes, write_forged_dataset, write_run
from train.concepts import ConceptModel, Features, concept_channels, draw_random, rank
from train.data.crops import read_picture
from train.data.dataset import DatasetRow, Split, read_dataset, write_dataset
from train.selection import SelectionMethod, channel_means, select_candidates
from train.trained_run import TrainedRun, load_run

PLANTED = (3, 7)


def planted(n: int = 400, seed: int = 5) -> tuple[Features, np.ndarray]:
    """Noise of many scales in which channels 3 and 7 are raised on fakes, and channel 5 on real crops."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    scales = np.geomspace(1e-3, 1e3, 32)
    features = rng.normal(size=(n, 32))
    features[labels == 0] += 2.0 * np.isin(np.arange(32), PLANTED)
    features[labels == 1, 5] += 2.0
    return features * scales + 10 * scales, labels


@pytest.fixture(scope="module")
def forged_dataset(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_forged_dataset(dataset, tmp_path_factory.mktemp("forged"))


@pytest.fixture(scope="module")
def run(forged_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    folder = write_run(forged_dataset, tmp_path_factory.mktemp("runs") / "run")
    return load_run(folder, forged_dataset)


def test_channels_that_are_raised_on_fakes_are_the_concept_channels() -> None:
    features, labels = planted()
    model = concept_channels(features, labels, n_channels=2)
    assert set(model.channels) == set(PLANTED)


def test_a_channel_that_is_raised_on_real_crops_speaks_against_a_fake_and_is_no_concept() -> None:
    features, labels = planted()
    model = concept_channels(features, labels, l2=1.0, n_channels=32)
    assert model.weights[5] < 0
    assert 5 not in model.channels
    assert all(model.weights[channel] > 0 for channel in model.channels)


def test_p_is_the_probability_of_fake_not_of_real() -> None:
    features, labels = planted()
    probability = concept_channels(features, labels).probability_fake(features)
    assert probability[labels == 0].mean() > 0.8
    assert probability[labels == 1].mean() < 0.2


def test_the_channels_scale_does_not_matter() -> None:
    features, labels = planted()
    scale = np.geomspace(1e4, 1e-4, 32)
    assert concept_channels(features, labels).channels == concept_channels(features * scale, labels).channels


def test_the_penalty_shrinks_the_weights_and_does_not_depend_on_the_number_of_images() -> None:
    features, labels = planted()
    weak, strong = (concept_channels(features, labels, l2) for l2 in (1e-3, 1.0))
    assert np.abs(strong.weights).sum() < 0.5 * np.abs(weak.weights).sum()
    doubled = concept_channels(np.tile(features, (2, 1)), np.tile(labels, 2), 1.0)
    np.testing.assert_allclose(doubled.weights, strong.weights, atol=1e-3)


def test_a_channel_that_never_changes_has_no_weight() -> None:
    features, labels = planted()
    features[:, 0] = 0.0
    model = concept_channels(features, labels)
    assert model.weights[0] == 0
    assert np.isfinite(model.logits(features)).all()


def test_fakes_rank_by_the_mean_of_the_standardised_concept_channels() -> None:
    # Channel 1 has a hundred times the scale of channel 0: raw means would rank by it alone.
    model = ConceptModel(np.ones(2), 0.0, np.array([0.0, 0.0]), np.array([1.0, 100.0]), (0, 1))
    features = np.array([[3.0, 0.0], [0.0, 200.0], [1.0, 50.0]])
    assert rank(features, ["a", "b", "c"], model) == [0, 1, 2]
    np.testing.assert_allclose(model.activations(features).mean(axis=1), [1.5, 1.0, 0.75])


def test_equal_activations_rank_by_path() -> None:
    model = ConceptModel(np.ones(1), 0.0, np.zeros(1), np.ones(1), (0,))
    assert rank(np.array([[1.0], [2.0], [2.0], [1.0]]), ["d", "c", "b", "a"], model) == [2, 1, 3, 0]


def test_planted_fakes_rank_above_the_others() -> None:
    features, labels = planted()
    model = concept_channels(features, labels, n_channels=2)
    order = rank(features, [f"{k:03d}" for k in range(len(labels))], model)
    assert (labels[order[:50]] == 0).all()


def test_one_class_alone_or_no_penalty_is_refused() -> None:
    features, labels = planted()
    with pytest.raises(UsageError, match="both real and fake"):
        concept_channels(features, np.zeros_like(labels))
    with pytest.raises(UsageError, match="not above 0"):
        concept_channels(features, labels, l2=0.0)


def test_a_random_draw_depends_on_the_seed_and_not_on_the_order_of_the_rows() -> None:
    paths = [f"fake/{k:03d}.png" for k in range(50)]
    drawn = [paths[k] for k in draw_random(paths, 10, seed=1)]
    turned = paths[::-1]
    assert [turned[k] for k in draw_random(turned, 10, seed=1)] == drawn
    assert [paths[k] for k in draw_random(paths, 10, seed=2)] != drawn
    assert len(set(drawn)) == 10


def test_a_smaller_random_draw_is_the_beginning_of_a_larger_one() -> None:
    paths = [f"fake/{k:03d}.png" for k in range(50)]
    assert draw_random(paths, 40, seed=1)[:10] == draw_random(paths, 10, seed=1)


def test_channel_means_are_those_of_the_central_window_in_evaluation_mode(
    forged_dataset: Path, run: TrainedRun
) -> None:
    row = read_dataset(forged_dataset)[0]
    run.encoder.train()
    (means,) = channel_means(run.encoder, forged_dataset, [row])
    assert run.encoder.training
    run.encoder.eval()
    window = read_picture(forged_dataset / row.path)[32:288, 32:288]
    x = normalise(torch.from_numpy(window.copy()).permute(2, 0, 1)[None])
    with torch.inference_mode():
        expected = run.encoder.features(x).mean(dim=(0, 2, 3)).numpy()
    np.testing.assert_allclose(means, expected, atol=1e-5)


def test_candidates_are_the_most_active_fakes_of_the_training_split(
    forged_dataset: Path, run: TrainedRun
) -> None:
    selection = select_candidates(forged_dataset, run, 8)
    fakes = training_fakes(forged_dataset)
    chosen = [entry.dataset_path for entry in selection.candidates]
    assert set(chosen) <= set(fakes)
    assert [entry.rank for entry in selection.candidates] == list(range(1, 9))
    activations = [entry.activation for entry in selection.candidates]
    assert activations == sorted(activations, reverse=True)
    everything = select_candidates(forged_dataset, run, len(fakes))
    assert [entry.dataset_path for entry in everything.candidates][:8] == chosen
    assert selection.regression is not None
    assert (selection.regression.n_real, selection.regression.n_fake) == (6, 12)
    assert f"{activations[0]:+.2f} standard deviations" in selection.candidates[0].reason


def test_validation_and_test_crops_do_not_matter(
    forged_dataset: Path, run: TrainedRun, tmp_path: Path
) -> None:
    def moved(row: DatasetRow) -> DatasetRow:
        return row if row.split is Split.TRAIN else replace(row, path=f"gone/{row.path}")

    write_dataset(tmp_path, [moved(row) for row in read_dataset(forged_dataset)])
    for name in ("crops", "fake", "masks"):
        (tmp_path / name).symlink_to(forged_dataset / name)
    expected = select_candidates(forged_dataset, run, 5)
    assert [entry.dataset_path for entry in select_candidates(tmp_path, run, 5).candidates] == [
        entry.dataset_path for entry in expected.candidates
    ]


def test_selecting_twice_chooses_the_same(forged_dataset: Path, run: TrainedRun) -> None:
    for method in SelectionMethod:
        first, second = (select_candidates(forged_dataset, run, 6, method, seed=4) for _ in range(2))
        assert first == second


def test_a_random_selection_names_its_seed_and_asks_no_regression(
    forged_dataset: Path, run: TrainedRun
) -> None:
    selection = select_candidates(forged_dataset, run, 3, SelectionMethod.RANDOM, seed=9)
    assert selection.regression is None
    assert selection.candidates[0].reason == "drawn at random from 12 fakes, seed 9"


def test_a_cap_on_the_regression_is_counted_and_every_fake_is_still_ranked(
    forged_dataset: Path, run: TrainedRun
) -> None:
    selection = select_candidates(forged_dataset, run, 12, max_images=4)
    found = selection.regression
    assert found is not None
    assert (found.n_real, found.n_fake, found.n_left_out) == (4, 4, 10)
    assert {entry.dataset_path for entry in selection.candidates} == set(training_fakes(forged_dataset))


def test_a_dataset_without_fakes_names_the_commands_that_make_some(dataset: Path, run: TrainedRun) -> None:
    with pytest.raises(UsageError, match="no fakes") as caught:
        select_candidates(dataset, run, 1)
    assert "train forge" in caught.value.hint
    assert "train prepare" in caught.value.hint


def test_more_candidates_than_fakes_are_refused_with_their_number(
    forged_dataset: Path, run: TrainedRun
) -> None:
    with pytest.raises(UsageError, match="holds 12") as caught:
        select_candidates(forged_dataset, run, 13)
    assert "1 to 12" in caught.value.hint
