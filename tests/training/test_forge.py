"""`train forge`: a complete dataset of real and forged crops, the same from the same seed."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from forensic_cli.errors import UsageError
from train.cli import app
from train.data.crops import LANDMARKS_NAME, read_landmarks, read_picture, read_portrait
from train.data.dataset import DATASET_NAME, DatasetRow, Split, draw_donor, read_dataset, write_dataset
from train.data.stored import read_mask
from train.forge.degrade import Codec, Degradation, compression_named, degrade
from train.forge.export import FACTS_NAME, FORGERIES_NAME, ExportReport, ExportSettings, forge_dataset
from train.forge.export_worker import Storage
from train.forge.plan import share_out
from train.forge.portrait import Forgery
from train.forge.visible import forge_visibly

SETTINGS = ExportSettings(("landmark-swap", "lip-recolour"), n=5, seed=1)


@pytest.fixture(scope="module")
def forged(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ExportReport]:
    folder = tmp_path_factory.mktemp("forged") / "new"
    return folder, forge_dataset(dataset, folder, SETTINGS)


def _fakes(folder: Path) -> list[DatasetRow]:
    return [row for row in read_dataset(folder) if row.label == "fake"]


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_dataset_holds_the_real_crops_and_every_forgery_with_its_facts(
    dataset: Path, forged: tuple[Path, ExportReport]
) -> None:
    folder, _ = forged
    real = {row.path: row for row in read_dataset(dataset)}
    assert [row for row in read_dataset(folder) if row.label == "real"] == list(real.values())
    fakes = _fakes(folder)
    assert [(row.path, row.method, row.family) for row in fakes] == [
        (f"fake/{method}/{k:05d}.png", method, family)
        for method, family in (("landmark-swap", "face"), ("lip-recolour", "attribute"))
        for k in range(5)
    ]
    for row in fakes:
        portrait = real[row.pair]
        assert row.mask == row.path.replace("fake/", "masks/")
        assert row.sha256 == hashlib.sha256((folder / row.path).read_bytes()).hexdigest()
        for name in ("source_id", "collection", "group", "split", "origin_sha256"):
            assert getattr(row, name) == getattr(portrait, name)
    assert (folder / LANDMARKS_NAME).read_bytes() == (dataset / LANDMARKS_NAME).read_bytes()


def test_a_mask_says_exactly_where_a_fake_may_differ_from_its_pair(
    forged: tuple[Path, ExportReport],
) -> None:
    folder, _ = forged
    for row in _fakes(folder):
        mask = cv2.imread(str(folder / row.mask), cv2.IMREAD_UNCHANGED)
        assert mask is not None
        assert mask.shape == (320, 320)
        assert set(np.unique(mask)) == {0, 255}
        real, fake = read_picture(folder / row.pair), read_picture(folder / row.path)
        np.testing.assert_array_equal(real[mask == 0], fake[mask == 0])
        assert (real[mask > 0] != fake[mask > 0]).any()


def test_donors_are_other_people_of_the_same_split(dataset: Path, forged: tuple[Path, ExportReport]) -> None:
    real = {row.path: row for row in read_dataset(dataset)}
    with (forged[0] / FORGERIES_NAME).open(newline="") as file:
        records = list(csv.DictReader(file))
    assert len(records) == 10
    for record in records:
        portrait = real[record["portrait"]]
        assert record["split"] == portrait.split
        assert bool(record["donor"]) == (record["method"] == "landmark-swap")
        if record["donor"]:
            donor = real[record["donor"]]
            assert donor.split is portrait.split
            assert donor.source_id != portrait.source_id


def test_forgeries_csv_is_enough_to_make_a_forgery_again(
    dataset: Path, forged: tuple[Path, ExportReport]
) -> None:
    rows = read_dataset(dataset)
    landmarks = read_landmarks(dataset)
    with (forged[0] / FORGERIES_NAME).open(newline="") as file:
        record = next(csv.DictReader(file))
    portrait = next(row for row in rows if row.path == record["portrait"])
    rng = np.random.default_rng([int(number) for number in record["seed"].split()])
    donor = draw_donor([row for row in rows if row.split is portrait.split], portrait, rng)
    assert donor.path == record["donor"]
    again = forge_visibly(
        record["method"],
        read_portrait(dataset, portrait, landmarks),
        read_portrait(dataset, donor, landmarks),
        rng,
    )
    np.testing.assert_array_equal(again.image, read_picture(forged[0] / record["file"]))


def test_each_photograph_of_a_split_is_forged_once_before_any_is_forged_twice(
    dataset: Path, tmp_path: Path
) -> None:
    settings = ExportSettings(("lip-recolour",), n=9, split=Split.TRAIN)
    report = forge_dataset(dataset, tmp_path / "f", settings)
    portraits = [row.pair for row in _fakes(tmp_path / "f")]
    assert report.n_resisted == 0
    assert len(set(portraits[:6])) == 6
    assert len(set(portraits[6:])) == 3


def test_forgeries_are_shared_out_in_proportion_and_every_split_gets_one() -> None:
    sizes = {Split.TRAIN: 80, Split.VALIDATION: 15, Split.TEST: 5}
    assert share_out(100, sizes) == sizes
    assert share_out(4, sizes) == {Split.TRAIN: 2, Split.VALIDATION: 1, Split.TEST: 1}
    assert share_out(1, {Split.TEST: 5}) == {Split.TEST: 1}
    with pytest.raises(UsageError, match="do not reach 3 splits"):
        share_out(2, sizes)


def test_the_report_adds_up(dataset: Path, tmp_path: Path, forged: tuple[Path, ExportReport]) -> None:
    folder, report = forged
    assert report.n_forged == {
        (method, split): n
        for method in SETTINGS.methods
        for split, n in ((Split.TRAIN, 3), (Split.VALIDATION, 1), (Split.TEST, 1))
    }
    # A dataset that holds fakes already: they are left out, and counted.
    again = forge_dataset(folder, tmp_path / "f", replace(SETTINGS, split=Split.TEST, n=1))
    assert again.n_source_rows == 22
    assert (sum(again.n_real.values()), again.n_other_splits, again.n_source_fakes) == (3, 9, 10)
    assert len(read_dataset(tmp_path / "f")) == 3 + 2


def test_the_files_are_the_same_whatever_the_number_of_processes(
    dataset: Path, tmp_path: Path, forged: tuple[Path, ExportReport]
) -> None:
    forge_dataset(dataset, tmp_path / "two", SETTINGS, n_jobs=2)
    assert _contents(tmp_path / "two") == _contents(forged[0])


def test_a_methods_pixels_depend_on_the_seed_and_not_on_the_other_methods(
    dataset: Path, tmp_path: Path, forged: tuple[Path, ExportReport]
) -> None:
    forge_dataset(dataset, tmp_path / "alone", replace(SETTINGS, methods=("lip-recolour",)))
    forge_dataset(dataset, tmp_path / "other", replace(SETTINGS, methods=("lip-recolour",), seed=2))
    together, alone, other = (
        {row.path: row.sha256 for row in _fakes(folder) if row.method == "lip-recolour"}
        for folder in (forged[0], tmp_path / "alone", tmp_path / "other")
    )
    assert together == alone
    assert all(other[path] != alone[path] for path in alone)


def test_real_crops_are_hard_links_and_copies_where_there_are_none(
    dataset: Path, tmp_path: Path, forged: tuple[Path, ExportReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, report = forged
    assert report.n_real == {Storage.LINKED: 12}
    assert (folder / "crops/000000.png").samefile(dataset / "crops/000000.png")

    def refuse(self: Path, target: Path) -> None:
        raise OSError("no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    copied = forge_dataset(dataset, tmp_path / "copied", SETTINGS)
    assert copied.n_real == {Storage.COPIED: 12}
    assert _contents(tmp_path / "copied") == _contents(folder)


def _copy_with(dataset: Path, to: Path, path: str, content: bytes, *, is_recorded: bool) -> Path:
    """A copy of a dataset in which one crop has another content."""
    shutil.copytree(dataset, to)
    (to / path).write_bytes(content)
    if is_recorded:
        digest = hashlib.sha256(content).hexdigest()
        write_dataset(
            to, [replace(row, sha256=digest) if row.path == path else row for row in read_dataset(to)]
        )
    return to


def _encoded_otherwise(path: Path) -> bytes:
    picture = cv2.imread(str(path))
    assert picture is not None
    return cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()


def test_a_real_crop_of_another_encoder_is_encoded_as_the_forgeries_are(
    dataset: Path, tmp_path: Path, forged: tuple[Path, ExportReport]
) -> None:
    path = "crops/000004.png"
    content = _encoded_otherwise(dataset / path)
    source = _copy_with(dataset, tmp_path / "source", path, content, is_recorded=True)
    report = forge_dataset(source, tmp_path / "f", SETTINGS)
    assert report.n_real == {Storage.LINKED: 11, Storage.ENCODED: 1}
    assert (tmp_path / "f" / path).read_bytes() == (forged[0] / path).read_bytes() != content
    assert (source / path).read_bytes() == content
    assert read_dataset(tmp_path / "f") == read_dataset(forged[0])


def test_an_altered_crop_ends_the_export_and_leaves_no_dataset(dataset: Path, tmp_path: Path) -> None:
    content = _encoded_otherwise(dataset / "crops/000004.png")
    source = _copy_with(dataset, tmp_path / "source", "crops/000004.png", content, is_recorded=False)
    for n_jobs in (1, 2):
        out = tmp_path / f"out-{n_jobs}"
        with pytest.raises(UsageError, match=r"000004\.png is not the file") as caught:
            forge_dataset(source, out, SETTINGS, n_jobs)
        assert "Restore it" in caught.value.hint
        assert not (out / DATASET_NAME).exists()


@pytest.mark.parametrize("compression", ["jpeg:60", "h264:23"])
def test_compression_hits_real_and_forged_alike(
    dataset: Path, tmp_path: Path, forged: tuple[Path, ExportReport], compression: str
) -> None:
    chain = compression_named(compression)
    out = tmp_path / "f"
    report = forge_dataset(dataset, out, replace(SETTINGS, compression=chain))
    assert report.n_real == {Storage.ENCODED: 12}
    for row in read_dataset(out):
        before = read_picture(forged[0] / row.path)
        np.testing.assert_array_equal(read_picture(out / row.path), degrade(before, chain))
        assert row.sha256 == hashlib.sha256((out / row.path).read_bytes()).hexdigest()
    # What was forged is known from before the compression.
    for row in _fakes(out):
        np.testing.assert_array_equal(read_mask(out, row), read_mask(forged[0], row))
    assert json.loads((out / FACTS_NAME).read_text())["compression"]["quality"] == chain.quality


def test_compressions_are_read_from_their_names() -> None:
    assert compression_named("none") == Degradation()
    assert compression_named("jpeg:75") == Degradation(codec=Codec.JPEG, quality=75)
    assert compression_named("h264:0") == Degradation(codec=Codec.H264, quality=0)
    for wrong in ("", "jpeg", "none:1", "jpeg:0", "jpeg:101", "h264:52", "h264:-1", "h264:2.5", "webp:80"):
        with pytest.raises(UsageError) as caught:
            compression_named(wrong)
        assert "h264:23" in caught.value.hint


def test_a_photograph_that_resists_is_replaced_and_counted(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.forge import plan

    settings = ExportSettings(("lip-recolour",), n=4, split=Split.TRAIN)
    forge_dataset(dataset, tmp_path / "before", settings)
    stubborn = _fakes(tmp_path / "before")[1].source_id

    def forge(name, portrait, donor, rng) -> Forgery:
        if portrait.source_id == stubborn:
            raise plan.UnforgeableError("resists")
        return forge_visibly(name, portrait, donor, rng)

    monkeypatch.setattr(plan, "forge_visibly", forge)
    report = forge_dataset(dataset, tmp_path / "after", settings)
    before, after = (_fakes(tmp_path / name) for name in ("before", "after"))
    assert report.n_resisted >= 1
    assert len(after) == 4
    assert stubborn not in {row.source_id for row in after}
    assert [row.sha256 for row in after if row.path != before[1].path] == [
        row.sha256 for row in before if row.path != before[1].path
    ]


def test_a_method_that_every_photograph_resists_is_an_error(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.forge import plan

    def forge(name, portrait, donor, rng) -> Forgery:
        raise plan.UnforgeableError("resists")

    monkeypatch.setattr(plan, "forge_visibly", forge)
    with pytest.raises(UsageError, match="left 16 photographs of train as they were"):
        forge_dataset(dataset, tmp_path / "f", SETTINGS)
    with pytest.raises(UsageError, match="did not finish") as caught:
        forge_dataset(dataset, tmp_path / "f", SETTINGS)
    assert "delete this one" in caught.value.hint


def test_what_cannot_be_made_is_refused_before_anything_is_written(
    dataset: Path, tmp_path: Path, forged: tuple[Path, ExportReport]
) -> None:
    with pytest.raises(UsageError, match="is not empty"):
        forge_dataset(dataset, forged[0], SETTINGS)
    for settings, message in (
        (replace(SETTINGS, methods=("deepfake",)), "no forging method 'deepfake'"),
        (replace(SETTINGS, methods=("lip-recolour", "lip-recolour")), "named twice"),
        (replace(SETTINGS, n=2), "do not reach 3 splits"),
    ):
        with pytest.raises(UsageError, match=message):
            forge_dataset(dataset, tmp_path / "f", settings)
    assert not (tmp_path / "f").exists()


def test_a_split_of_one_identity_is_left_out_and_alone_refused(dataset: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(dataset, source)
    rows = read_dataset(source)
    lonely = [row for row in rows if row.split is Split.TEST][:1]
    write_dataset(source, [row for row in rows if row.split is not Split.TEST] + lonely)
    report = forge_dataset(source, tmp_path / "f", SETTINGS)
    assert report.n_other_splits == 1
    assert {row.split for row in read_dataset(tmp_path / "f")} == {Split.TRAIN, Split.VALIDATION}
    with pytest.raises(UsageError, match="split test does not hold"):
        forge_dataset(source, tmp_path / "g", replace(SETTINGS, split=Split.TEST))


def test_the_command_forges_and_prints_counts_that_add_up(dataset: Path, tmp_path: Path) -> None:
    words = ["forge", str(dataset), "--out", str(tmp_path / "f"), "--method", "lip-recolour", "--n", "4"]
    result = CliRunner().invoke(app, [*words, "--jobs", "1"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "2 train + 1 validation + 1 test = 4 forgeries by 1 method" in result.stderr
    assert "12 hard-linked = 12 real crops" in result.stderr
    assert len(_fakes(tmp_path / "f")) == 4


def test_the_command_refuses_an_unknown_split(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no split 'training'"):
        CliRunner().invoke(
            app,
            ["forge", str(dataset), "--out", str(tmp_path / "f"), "--split", "training"],
            catch_exceptions=False,
        )
