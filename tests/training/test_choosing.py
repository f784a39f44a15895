"""A run writes down itself whose faces chose its checkpoint."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from forensic_cli.errors import UsageError
from tests.training.test_stage1 import CPU, TINY
from tests.training.test_stage2 import STAGE2
from train.data.dataset import Split, read_dataset, select
from train.data.sources import choosing_sets
from train.forge.export import ExportSettings, forge_dataset
from train.mask_source import MaskSource
from train.recipe import Source
from train.run_folder import RunFolder
from train.stage1 import train_stage1
from train.stage2 import train_stage2
from train.trained_run import load_run
from train.validation import drawn, n_choosing

STAGE1 = replace(TINY, warmup_images=0, n_images=4, methods={"landmark-swap": 1.0})
ONE_EPOCH = replace(STAGE2, n_epochs=1, epoch_images=4)


@pytest.fixture(scope="module")
def run(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "one"
    train_stage1(dataset, folder, STAGE1, hardware=CPU)
    return folder


def test_who_was_photographed_and_who_was_donor_are_both_written_down(dataset: Path, run: Path) -> None:
    real = select(read_dataset(dataset), Split.VALIDATION)
    shown = {
        row.source_id
        for photograph, donor, _ in drawn(real, n_choosing(len(real)), STAGE1.seed)
        for row in (photograph, donor)
    }
    assert json.loads(RunFolder(run).choosing.read_text()) == sorted(shown)
    assert load_run(run, dataset).choosing() == shown


def test_with_stored_fakes_those_in_the_pairs_are_written_down(dataset: Path, tmp_path: Path) -> None:
    forge_dataset(dataset, tmp_path / "data", ExportSettings(("lip-recolour",), 12))
    recipe = replace(STAGE1, source=Source.STORED)
    train_stage1(tmp_path / "data", tmp_path / "run", recipe, hardware=CPU)
    rows = read_dataset(tmp_path / "data")
    found = load_run(tmp_path / "run", tmp_path / "data").choosing()
    assert found == {
        name for pairs in choosing_sets(tmp_path / "data", rows, recipe) for name in pairs.people
    }
    assert found
    assert found < {row.source_id for row in rows if row.split is Split.VALIDATION}


def test_stage_2_adds_whoever_chose_the_checkpoint_that_it_started_from(
    dataset: Path, run: Path, tmp_path: Path
) -> None:
    start = Path(shutil.copytree(run, tmp_path / "one"))
    own = load_run(start, dataset).choosing()
    RunFolder(start).add_choosing({"somebody-before"})
    train_stage2(dataset, start, tmp_path / "two", ONE_EPOCH, MaskSource(dataset), hardware=CPU)
    assert load_run(tmp_path / "two", dataset).choosing() == own | {"somebody-before"}


def test_a_resumed_run_forgets_nobody(dataset: Path, run: Path, tmp_path: Path) -> None:
    resumed = Path(shutil.copytree(run, tmp_path / "run"))
    own = load_run(resumed, dataset).choosing()
    RunFolder(resumed).add_choosing({"somebody-before"})
    train_stage1(dataset, resumed, STAGE1, resume=True, hardware=CPU)
    assert load_run(resumed, dataset).choosing() == own | {"somebody-before"}


@pytest.fixture
def silent(run: Path, tmp_path: Path) -> Path:
    """A run of a version that did not write it down."""
    folder = Path(shutil.copytree(run, tmp_path / "old"))
    RunFolder(folder).choosing.unlink()
    return folder


def test_a_run_that_does_not_say_is_read_until_somebody_asks(dataset: Path, silent: Path) -> None:
    trained = load_run(silent, dataset)
    with pytest.raises(UsageError, match="does not say who chose") as caught:
        trained.choosing()
    assert "Train it again" in caught.value.hint


def test_a_run_that_does_not_say_is_not_made_to_by_resuming_it(dataset: Path, silent: Path) -> None:
    train_stage1(dataset, silent, STAGE1, resume=True, hardware=CPU)
    assert not RunFolder(silent).choosing.exists()


def test_stage_2_refuses_to_start_from_a_run_that_does_not_say(
    dataset: Path, silent: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="does not say who chose"):
        train_stage2(dataset, silent, tmp_path / "two", ONE_EPOCH, MaskSource(dataset), hardware=CPU)
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize("content", ["{", '{"people": []}', "[1, 2]"])
def test_a_spoilt_record_is_refused(silent: Path, content: str) -> None:
    folder = RunFolder(silent)
    folder.choosing.write_text(content)
    with pytest.raises(UsageError) as caught:
        folder.read_choosing()
    assert "again" in caught.value.hint
