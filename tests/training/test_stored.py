"""The loader of stored fakes: a real partner for each, one window, one mirror, one degradation."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from forensic_cli.errors import UsageError
from forensic_cli.types import RgbImage
from train.data import stored
from train.data.crops import read_picture
from train.data.dataset import DatasetRow, Split, read_dataset, select
from train.data.pairs import Pair, batch_of
from train.data.stored import Partner, StoredPairs, read_mask
from train.forge.degrade import Codec, Degradation
from train.forge.export import ExportSettings, forge_dataset

CODECS = {Codec.NONE: 0.4, Codec.JPEG: 0.6}


@pytest.fixture(scope="module")
def forged(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forged") / "f"
    forge_dataset(dataset, folder, ExportSettings(("part-swap", "lip-recolour"), n=6))
    return folder


@pytest.fixture
def fakes(forged: Path) -> list[DatasetRow]:
    return select(read_dataset(forged), Split.TRAIN, "fake")


@pytest.fixture
def reals(forged: Path) -> list[DatasetRow]:
    return select(read_dataset(forged), Split.TRAIN)


def _is_same(one: Pair, other: Pair) -> bool:
    return (
        np.array_equal(one.real, other.real)
        and np.array_equal(one.fake, other.fake)
        and np.array_equal(one.mask, other.mask)
        and (one.method, one.has_mask) == (other.method, other.has_mask)
    )


@pytest.fixture
def undegraded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "draw_degradation", lambda rng, codecs: Degradation())


def test_item_k_is_the_same_whoever_makes_it_and_whatever_came_before(
    forged: Path, fakes: list[DatasetRow], reals: list[DatasetRow]
) -> None:
    pairs = StoredPairs(forged, fakes, reals, CODECS, seed=4)
    in_worker = pickle.loads(pickle.dumps(pairs))
    _ = in_worker[100]
    for k in (0, 7, 1000):
        assert _is_same(pairs[k], in_worker[k])


def test_another_seed_makes_other_pairs(
    forged: Path, fakes: list[DatasetRow], reals: list[DatasetRow]
) -> None:
    one, other = (StoredPairs(forged, fakes, reals, CODECS, seed) for seed in (4, 5))
    assert not any(_is_same(one[k], other[k]) for k in range(4))


def test_every_fake_comes_once_an_epoch_in_another_order_each_time(
    forged: Path, fakes: list[DatasetRow], reals: list[DatasetRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def spy(path: Path) -> RgbImage:
        seen.append(path.relative_to(forged).as_posix())
        return read_picture(path)

    monkeypatch.setattr(stored, "read_picture", spy)
    pairs = StoredPairs(forged, fakes, reals, CODECS, seed=4)
    for k in range(2 * len(fakes)):
        _ = pairs[k]
    epochs = [seen[: len(seen) // 2 : 2], seen[len(seen) // 2 :: 2]]
    assert sorted(epochs[0]) == sorted(epochs[1]) == [row.path for row in fakes]
    assert epochs[0] != epochs[1]
    named = {row.path: row.pair for row in fakes}
    assert all(named[fake] == real for fake, real in zip(seen[::2], seen[1::2], strict=True))


@pytest.mark.usefixtures("undegraded")
def test_a_true_pair_is_cut_and_mirrored_alike_and_its_mask_with_it(
    forged: Path, fakes: list[DatasetRow], reals: list[DatasetRow]
) -> None:
    pairs = StoredPairs(forged, fakes, reals, CODECS, seed=4)
    fixed = StoredPairs(forged, fakes, reals, CODECS, seed=4, window_jitter=False)
    n_moved = 0
    for k in range(12):
        pair = pairs[k]
        assert pair.real.shape == pair.fake.shape == (256, 256, 3)
        differs = (pair.real != pair.fake).any(axis=-1)
        assert differs.any()
        assert not differs[pair.mask == 0].any()
        # What a misplaced mask would not do: hug the change.
        assert differs[pair.mask > 0].mean() > 0.8
        n_moved += not np.array_equal(pair.fake, fixed[k].fake)
    assert n_moved == 12


@pytest.mark.usefixtures("undegraded")
def test_without_jitter_the_window_is_what_a_scan_sees(
    forged: Path, fakes: list[DatasetRow], reals: list[DatasetRow]
) -> None:
    pair = StoredPairs(forged, fakes[:1], reals, CODECS, seed=4, window_jitter=False)[0]
    np.testing.assert_array_equal(pair.fake, read_picture(forged / fakes[0].path)[32:288, 32:288])
    np.testing.assert_array_equal(pair.real, read_picture(forged / fakes[0].pair)[32:288, 32:288])
    assert pair.method == fakes[0].method


def test_both_versions_are_degraded_by_one_chain(
    forged: Path, fakes: list[DatasetRow], reals: list[DatasetRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    chains: list[Degradation] = []

    def spy(image: RgbImage, chain: Degradation) -> RgbImage:
        chains.append(chain)
        return image

    monkeypatch.setattr(stored, "degrade", spy)
    pairs = StoredPairs(forged, fakes, reals, CODECS, seed=4)
    for k in range(10):
        _ = pairs[k]
    assert chains[::2] == chains[1::2]
    assert len(set(chains)) == 10
    assert {chain.codec for chain in chains} == {Codec.NONE, Codec.JPEG}


def test_without_a_named_pair_the_partner_is_of_the_same_source_and_else_any(
    forged: Path, fakes: list[DatasetRow], reals: list[DatasetRow]
) -> None:
    orphans = [replace(row, pair="") for row in fakes]
    strangers = [replace(row, pair="", source_id="nobody", path=row.path) for row in fakes]
    rng = np.random.default_rng(2)
    pairs = StoredPairs(forged, [*fakes, *orphans, *strangers], reals, CODECS, seed=4)
    n = len(fakes)
    assert pairs.n_by_partner == {Partner.PAIR: n, Partner.SAME_SOURCE: n, Partner.ANY: n}
    for row in orphans:
        assert pairs.partner_of(row, rng).source_id == row.source_id
    drawn = {pairs.partner_of(strangers[0], rng).path for _ in range(60)}
    assert drawn == {row.path for row in reals}


@pytest.mark.usefixtures("undegraded")
def test_a_fake_without_a_mask_says_so_and_the_batch_too(
    forged: Path, fakes: list[DatasetRow], reals: list[DatasetRow]
) -> None:
    unknown = replace(fakes[0], mask="", pair="")
    pairs = [StoredPairs(forged, [row], reals, CODECS, seed=4)[0] for row in (unknown, fakes[0])]
    assert [pair.has_mask for pair in pairs] == [False, True]
    assert not pairs[0].mask.any()
    assert pairs[1].mask.any()
    batch = batch_of(pairs)
    # Of a real picture it is known that nothing was forged.
    assert batch["has_mask"].tolist() == [True, True, False, True]
    assert batch["labels"].tolist() == [1, 1, 0, 0]


def _painted(path: Path) -> None:
    cv2.imwrite(str(path), np.full((320, 320), 128, np.uint8))


def _small(path: Path) -> None:
    cv2.imwrite(str(path), np.full((256, 256), 255, np.uint8))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [(_painted, "besides 0 and 255"), (_small, "of another size"), (Path.touch, "missing, or of another")],
    ids=["grey", "small", "empty"],
)
def test_a_spoilt_mask_is_an_error_that_names_it(
    tmp_path: Path, fakes: list[DatasetRow], spoil: Callable[[Path], None], message: str
) -> None:
    (tmp_path / "masks").mkdir()
    spoil(tmp_path / "masks/a.png")
    with pytest.raises(UsageError, match=message) as caught:
        read_mask(tmp_path, replace(fakes[0], mask="masks/a.png"))
    assert "a.png" in caught.value.message
    assert "320 x 320" in caught.value.hint


def test_fakes_are_never_paired_across_splits(
    forged: Path, fakes: list[DatasetRow], reals: list[DatasetRow]
) -> None:
    others = select(read_dataset(forged), Split.TEST)
    with pytest.raises(UsageError, match="several splits: test, train"):
        StoredPairs(forged, fakes, others, CODECS, seed=4)
    leaking = replace(fakes[0], pair=others[0].path)
    with pytest.raises(UsageError, match="no real crop of split train"):
        StoredPairs(forged, [leaking], reals, CODECS, seed=4)


def test_nothing_to_pair_is_refused(forged: Path, fakes: list[DatasetRow], reals: list[DatasetRow]) -> None:
    with pytest.raises(UsageError, match="0 fakes and 6 real crops"):
        StoredPairs(forged, [], reals, CODECS, seed=4)
    with pytest.raises(UsageError, match="and 0 real crops"):
        StoredPairs(forged, fakes, [], CODECS, seed=4)
