"""The loader: nothing but the forgery tells real from forged."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from forensic_cli.errors import UsageError
from train.data.crops import read_portrait
from train.data.dataset import Split, read_dataset, select
from train.data.pairs import (
    ForgedPairs,
    ForgeSettings,
    Pair,
    PatchesOfPairs,
    batch_of,
    batch_of_patches,
    cut_patches,
    make_pair,
    mirrored,
)
from train.forge.codecs import h264_clip, h264_intra, jpeg, moving_towards
from train.forge.degrade import Codec, Degradation, degrade, draw_degradation
from train.forge.portrait import LEFT_EYE, RIGHT_EYE, Portrait
from train.metrics import auc

SETTINGS = ForgeSettings(
    {"self-blend": 0.5, "landmark-swap": 0.5}, {Codec.NONE: 0.2, Codec.JPEG: 0.4, Codec.H264: 0.4}
)


@pytest.fixture
def pairs(dataset: Path) -> ForgedPairs:
    return ForgedPairs(dataset, select(read_dataset(dataset), Split.TRAIN), SETTINGS, seed=4)


def test_item_k_is_the_same_whoever_makes_it(dataset: Path, pairs: ForgedPairs) -> None:
    again = ForgedPairs(dataset, pairs.rows, SETTINGS, seed=4)
    _ = again[100]
    for k in (0, 7, 1000):
        np.testing.assert_array_equal(pairs[k].real, again[k].real)
        np.testing.assert_array_equal(pairs[k].fake, again[k].fake)
        np.testing.assert_array_equal(pairs[k].mask, again[k].mask)


def test_another_seed_or_item_makes_another_pair(dataset: Path, pairs: ForgedPairs) -> None:
    other = ForgedPairs(dataset, pairs.rows, SETTINGS, seed=5)
    assert (pairs[0].fake != other[0].fake).any()
    assert (pairs[0].fake != pairs[6].fake).any()


def test_every_photograph_is_seen_once_an_epoch(pairs: ForgedPairs, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    from train.data import pairs as module

    original = module.read_portrait
    monkeypatch.setattr(
        module,
        "read_portrait",
        lambda folder, row, points: (seen.append(row.path), original(folder, row, points))[1],
    )
    for k in range(6):
        _ = pairs[k]
    assert sorted(seen[::2]) == sorted(row.path for row in pairs.rows)
    donors = dict(zip(seen[::2], seen[1::2], strict=True))
    assert all(portrait != donor for portrait, donor in donors.items())


def test_undegraded_pairs_differ_inside_the_mask_alone(portrait: Portrait) -> None:
    plain = Degradation()
    for seed in range(8):
        pair = make_pair(portrait, mirrored(portrait), SETTINGS, np.random.default_rng(seed), plain)
        differs = (pair.real != pair.fake).any(axis=-1)
        assert not differs[pair.mask == 0].any()


def test_both_versions_get_the_same_noise(portrait: Portrait) -> None:
    noisy = Degradation(noise_sigma=5.0, noise_seed=3)
    pair = make_pair(portrait, portrait, SETTINGS, np.random.default_rng(1), noisy)
    outside = pair.mask == 0
    np.testing.assert_array_equal(pair.real[outside], pair.fake[outside])


def test_mirroring_twice_gives_the_portrait_back(portrait: Portrait) -> None:
    twice = mirrored(mirrored(portrait))
    np.testing.assert_array_equal(twice.image, portrait.image)
    np.testing.assert_allclose(twice.landmarks, portrait.landmarks, atol=1e-4)


def test_mirroring_keeps_left_and_right_eye_where_the_scheme_has_them(portrait: Portrait) -> None:
    points = mirrored(portrait).landmarks
    assert points[list(RIGHT_EYE), 0].mean() < points[list(LEFT_EYE), 0].mean()
    # The mouth's first corner is the picture's left one.
    assert points[48, 0] < points[54, 0]
    assert points[0, 0] < points[16, 0]


def test_batch_holds_the_real_half_first_with_the_papers_labels(pairs: ForgedPairs) -> None:
    batch = batch_of([pairs[k] for k in range(3)])
    assert batch["images"].shape == (6, 3, 256, 256)
    assert batch["labels"].tolist() == [1, 1, 1, 0, 0, 0]
    assert int(batch["masks"][:3].sum()) == 0
    assert all(int(mask.sum()) > 0 for mask in batch["masks"][3:])
    np.testing.assert_array_equal(batch["images"][0].permute(1, 2, 0), pairs[0].real)


def test_every_patch_lies_over_the_forgery(pairs: ForgedPairs) -> None:
    for patch in cut_patches(pairs[2], 10, 96, np.random.default_rng(0)):
        assert patch.real.shape == patch.fake.shape == (96, 96, 3)
        assert patch.mask.any()


def test_patches_are_seeded_and_batch_like_pairs(pairs: ForgedPairs) -> None:
    patches = PatchesOfPairs(pairs, 4, 128, seed=5)
    np.testing.assert_array_equal(patches[3][2].fake, patches[3][2].fake)
    batch = batch_of_patches([patches[0], patches[1]])
    assert batch["images"].shape == (16, 3, 128, 128)
    assert batch["labels"].sum() == 8


@pytest.mark.parametrize("codec", list(Codec))
def test_degrading_keeps_shape_and_is_repeatable(portrait: Portrait, codec: Codec) -> None:
    image = np.ascontiguousarray(portrait.image[:256, :256])
    rng = np.random.default_rng(6)
    for _ in range(4):
        chain = draw_degradation(rng, {codec: 1.0})
        once, twice = degrade(image, chain), degrade(image, chain)
        assert once.shape == image.shape
        assert once.dtype == np.uint8
        np.testing.assert_array_equal(once, twice)


@pytest.mark.parametrize(("encode", "good", "bad"), [(jpeg, 95, 20), (h264_intra, 15, 45)])
def test_worse_quality_loses_more(portrait: Portrait, encode, good: int, bad: int) -> None:
    image = np.ascontiguousarray(portrait.image[:256, :256])

    def error(quality: int) -> float:
        return float(np.abs(encode(image, quality).astype(int) - image).mean())

    assert 0 < error(good) < error(bad)
    assert error(good) < 6


def _features(image: np.ndarray) -> dict[str, float]:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    across = np.abs(np.diff(grey, axis=1)).mean(axis=0)
    return {
        "brightness": grey.mean(),
        "contrast": grey.std(),
        "sharpness": cv2.Laplacian(grey, cv2.CV_64F).var(),
        "blockiness": across[7::8].mean() - across.mean(),
        "saturation": float(np.ptp(image.astype(int), axis=-1).mean()),
    }


def test_no_trivial_feature_separates_real_from_forged(dataset: Path) -> None:
    rows = select(read_dataset(dataset), Split.TRAIN)
    pairs = ForgedPairs(dataset, rows, replace(SETTINGS, window_jitter=True), seed=8)
    made = [pairs[k] for k in range(90)]
    for name in _features(made[0].real):
        real, fake = (np.array([_features(x)[name] for x in side]) for side in (
            [pair.real for pair in made], [pair.fake for pair in made],
        ))  # fmt: skip
        # 90 against 90: an AUC of 0.5 has a standard error of 0.043.
        assert abs(auc(real, fake) - 0.5) < 0.15, name


def test_one_identity_cannot_swap(dataset: Path) -> None:
    rows = select(read_dataset(dataset), Split.TRAIN)[:1]
    with pytest.raises(UsageError, match="one identity"):
        _ = ForgedPairs(dataset, rows, SETTINGS, seed=1)[0]


def test_missing_landmarks_name_the_remedy(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        ForgedPairs(tmp_path, select(read_dataset(dataset), Split.TRAIN), SETTINGS, seed=1)
    assert "train prepare" in caught.value.hint


def test_patches_of_a_pair_without_a_known_mask_lie_anywhere(pairs: ForgedPairs) -> None:
    class Unknown:
        def __getitem__(self, k: int) -> Pair:
            return replace(pairs[k], mask=np.zeros((256, 256), np.uint8), has_mask=False)

    patches = PatchesOfPairs(Unknown(), 4, 128, seed=5)[0]
    assert len(patches) == 4
    assert all(patch.real.shape == (128, 128, 3) for patch in patches)


def test_photographs_are_varied_alike_in_both_versions(dataset: Path) -> None:
    """Outside the mask the two versions stay equal, however the photograph was altered."""
    rows = select(read_dataset(dataset), Split.TRAIN)
    varied = replace(SETTINGS, codecs={Codec.NONE: 1.0}, is_varied=True)
    altered, n_changed = ForgedPairs(dataset, rows, varied, seed=3), 0
    plain = ForgedPairs(dataset, rows, replace(varied, is_varied=False), seed=3)
    for k in range(8):
        rng = np.random.default_rng(k)
        portrait = read_portrait(dataset, rows[k % len(rows)], altered.landmarks)
        donor = read_portrait(dataset, rows[(k + 1) % len(rows)], altered.landmarks)
        pair = make_pair(portrait, donor, varied, rng, Degradation())
        outside = pair.mask == 0
        assert (pair.real[outside] == pair.fake[outside]).all()
        n_changed += not np.array_equal(altered[k].real, plain[k].real)
    assert 2 <= n_changed <= 8


def test_every_pair_of_a_block_is_reused_equally_often_and_not_at_once(pairs: ForgedPairs) -> None:
    patches = PatchesOfPairs(pairs, 4, 64, seed=5, reuse=3)
    for block in range(2):
        numbers = [patches.number_of_pair(k) for k in range(block * 768, (block + 1) * 768)]
        assert sorted(numbers) == sorted([*range(block * 256, (block + 1) * 256)] * 3)
        at_once = sum(one == next_one for one, next_one in pairwise(numbers))
        assert at_once < 10


def test_a_reused_pair_gives_other_patches_and_the_same_ones_to_a_resumed_run(pairs: ForgedPairs) -> None:
    patches = PatchesOfPairs(pairs, 2, 64, seed=5, reuse=3)
    first = patches.number_of_pair(0)
    again = next(k for k in range(1, 768) if patches.number_of_pair(k) == first)
    one, other = patches[0], patches[again]
    assert one[0].method == other[0].method
    assert any((a.real != b.real).any() for a, b in zip(one, other, strict=True))
    resumed = PatchesOfPairs(pairs, 2, 64, seed=5, reuse=3)[again]
    for a, b in zip(other, resumed, strict=True):
        np.testing.assert_array_equal(a.fake, b.fake)
        np.testing.assert_array_equal(a.mask, b.mask)


def test_a_clip_ends_with_the_picture_and_is_compressed_by_prediction(portrait: Portrait) -> None:
    image = np.ascontiguousarray(portrait.image[:256, :256])
    frames = moving_towards(image, 4, seed=2)
    np.testing.assert_array_equal(frames[-1], image)
    assert len(frames) == 4
    assert (frames[0] != image).any()
    last = h264_clip(image, 30, 4, seed=2)
    assert last.shape == image.shape
    assert (last != h264_intra(image, 30)).any()
    assert np.abs(last.astype(int) - image).mean() < 8
    np.testing.assert_array_equal(last, h264_clip(image, 30, 4, seed=2))


def test_every_link_of_the_chain_does_something_and_repeats(portrait: Portrait) -> None:
    image = np.ascontiguousarray(portrait.image[:256, :256])
    for chain in (
        Degradation(shrink=0.5),
        Degradation(blur_sigma_px=1.0),
        Degradation(gamma=1.3),
        Degradation(is_grey=True),
        Degradation(noise_sigma=4.0),
        Degradation(sharpening=0.8),
        Degradation(overlay_seed=3),
        Degradation(first_jpeg_quality=40),
        Degradation(codec=Codec.H264, quality=30, n_frames=3, motion_seed=1),
    ):
        changed = degrade(image, chain)
        assert (changed != image).any(), chain
        np.testing.assert_array_equal(changed, degrade(image, chain))
