"""Forgeries: exact masks, the same pixels from the same seed, and something to see."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.errors import UsageError
from tests.training.conftest import variant
from train.forge.methods import METHODS, method_named
from train.forge.portrait import Portrait, altered, composite
from train.forge.visible import forge_visibly

EVERY_METHOD = pytest.mark.parametrize("name", list(METHODS))


@EVERY_METHOD
@pytest.mark.parametrize("seed", range(4))
def test_outside_its_mask_a_forgery_is_the_photograph(portrait: Portrait, name: str, seed: int) -> None:
    forgery = METHODS[name].forge(portrait, variant(portrait, 1), np.random.default_rng(seed))
    outside = forgery.mask == 0
    np.testing.assert_array_equal(forgery.image[outside], portrait.image[outside])
    assert set(np.unique(forgery.mask)) <= {0, 1}
    assert forgery.image.shape == portrait.image.shape
    assert forgery.image.dtype == forgery.mask.dtype == np.uint8
    assert forgery.method == name


@EVERY_METHOD
def test_most_of_a_visible_forgerys_mask_is_altered(portrait: Portrait, name: str) -> None:
    forgery = forge_visibly(name, portrait, variant(portrait, 1), np.random.default_rng(5))
    inside = forgery.mask > 0
    changed = (forgery.image != portrait.image).any(axis=-1)
    assert 0.005 < inside.mean() < 0.95
    # What the closing of single-pixel gaps adds is little.
    assert changed[inside].mean() > 0.95
    assert inside[changed].all()


@EVERY_METHOD
def test_the_same_seed_makes_the_same_pixels_and_another_seed_others(portrait: Portrait, name: str) -> None:
    donor = variant(portrait, 2)
    first, again = (METHODS[name].forge(portrait, donor, np.random.default_rng(9)) for _ in range(2))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.mask, again.mask)
    if name != "poisson-swap":
        other = METHODS[name].forge(portrait, donor, np.random.default_rng(10))
        assert (other.image != first.image).any()


@EVERY_METHOD
def test_a_donor_matters_exactly_where_the_method_says_so(portrait: Portrait, name: str) -> None:
    one, two = (
        METHODS[name].forge(portrait, variant(portrait, k), np.random.default_rng(3)).image for k in (3, 4)
    )
    assert (one != two).any() == METHODS[name].needs_donor


def test_a_swap_carries_the_donors_eyes_onto_the_portraits(portrait: Portrait) -> None:
    from train.forge.geometry import warp_onto

    donor = variant(portrait, 5)
    warped = warp_onto(donor.image, donor.landmarks, portrait.landmarks, portrait.image.shape[0])
    # The donor is the portrait, sheared and tinted: warped back, grey eyes lie where they were.
    x, y = portrait.landmarks[36:48].mean(axis=0).astype(int)
    patch = np.s_[y - 20 : y + 20, x - 50 : x + 50]
    back, original = (image[patch].mean(axis=-1).ravel() for image in (warped, portrait.image))
    assert np.corrcoef(back, original)[0, 1] > 0.9


def test_unknown_methods_are_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        method_named("deepfake")
    assert "self-blend" in caught.value.hint


def test_a_method_that_changes_nothing_is_an_error_not_a_label(
    portrait: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from train.forge.portrait import Forgery

    idle = replace(
        METHODS["self-blend"],
        forge=lambda p, d, r: Forgery(p.image, np.ones(p.image.shape[:2], np.uint8), "self-blend"),
    )
    monkeypatch.setitem(METHODS, "self-blend", idle)
    with pytest.raises(ValueError, match="as it was eight times"):
        forge_visibly("self-blend", portrait, portrait, np.random.default_rng(0))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.floats(0, 1))
def test_a_blend_keeps_the_background_where_alpha_is_zero(seed: int, cut: float) -> None:
    rng = np.random.default_rng(seed)
    background, foreground = rng.integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    alpha = rng.random((8, 8)).astype(np.float32)
    alpha[alpha < cut] = 0
    blended = composite(background, foreground, alpha)
    np.testing.assert_array_equal(blended[alpha == 0], background[alpha == 0])
    np.testing.assert_array_equal(composite(background, foreground, np.ones((8, 8), np.float32)), foreground)


def test_a_mask_is_what_changed_with_single_pixels_closed_and_the_border_kept() -> None:
    before = np.zeros((9, 9, 3), np.uint8)
    after = before.copy()
    after[:, :5] = 1
    after[4, 2] = 0
    expected = np.zeros((9, 9), np.uint8)
    expected[:, :5] = 1
    np.testing.assert_array_equal(altered(before, after), expected)
    np.testing.assert_array_equal(altered(before, before), np.zeros((9, 9), np.uint8))


def test_a_poisson_swap_has_no_cut_edge(portrait: Portrait) -> None:
    """Across the mask's border, the forgery steps no more than the photograph does."""
    forgery = METHODS["poisson-swap"].forge(portrait, variant(portrait, 2), np.random.default_rng(1))
    mask = forgery.mask.astype(bool)
    border = mask[:, :-1] != mask[:, 1:]

    def step(image: np.ndarray) -> float:
        return float(np.abs(np.diff(image.astype(int), axis=1)).mean(axis=-1)[border].mean())

    assert step(forgery.image) < step(portrait.image) + 2
