"""Attention against masks, on maps whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from train.localisation import (
    can_be_localised,
    choose_iou_threshold,
    enlarge,
    iou_curve,
    is_peak_on_rim,
    localise,
)

MASK = np.zeros((256, 256), np.uint8)
MASK[64:128, 96:160] = 1


def test_a_map_that_equals_the_mask_is_perfect() -> None:
    found = localise(MASK.astype(np.float32), MASK, 0.5)
    assert (found.pixel_auc, found.iou, found.is_pointing, found.energy) == (1, 1, True, 1)
    assert found.area == pytest.approx(1 / 16)
    assert not found.is_peak_on_rim


def test_a_map_of_everything_but_the_mask_is_as_wrong_as_can_be() -> None:
    found = localise(1 - MASK.astype(np.float32), MASK, 0.5)
    assert (found.pixel_auc, found.iou, found.is_pointing, found.energy) == (0, 0, False, 0)


def test_an_even_map_is_worth_what_chance_is() -> None:
    found = localise(np.full((16, 16), 2.0, np.float32), MASK, 0.5)
    assert found.pixel_auc == pytest.approx(0.5)
    assert found.energy == pytest.approx(found.area)
    assert found.iou == pytest.approx(found.area)


def test_energy_counts_the_positive_part_alone_and_is_none_where_there_is_none() -> None:
    attention = np.where(MASK > 0, 3.0, -5.0).astype(np.float32)
    attention[0, 0] = 1.0
    assert localise(attention, MASK, None).energy == pytest.approx(3 * 4096 / (3 * 4096 + 1))
    assert localise(np.full((16, 16), -1.0, np.float32), MASK, None).energy == 0


def test_iou_is_intersection_over_union() -> None:
    attention = np.zeros((256, 256), np.float32)
    attention[64:128, 128:192] = 1
    # Half of each square is shared: 1/2 over 3/2.
    assert localise(attention, MASK, 1.0).iou == pytest.approx(1 / 3)
    assert localise(attention, MASK, None).iou is None


def test_the_iou_curve_is_the_iou_at_every_threshold() -> None:
    attention = np.random.default_rng(0).normal(size=(16, 16)).astype(np.float32)
    thresholds = np.array([-1.0, 0.0, float(attention.max()) / 2, 99.0])
    expected = [localise(attention, MASK, threshold).iou for threshold in thresholds]
    np.testing.assert_allclose(iou_curve(attention, MASK, thresholds), expected)
    assert expected[-1] == 0


def test_the_threshold_is_the_one_with_the_highest_mean_iou() -> None:
    rng = np.random.default_rng(0)
    maps = [rng.normal(0, 0.5, (16, 16)).astype(np.float32) for _ in range(2)]
    for attention in maps:
        attention[4:8, 6:10] += 2
    threshold = choose_iou_threshold(maps, lambda k: MASK)
    assert threshold is not None

    at_every_cell = np.sort(np.concatenate([attention.ravel() for attention in maps])).astype(np.float64)
    best = np.mean([iou_curve(attention, MASK, at_every_cell) for attention in maps], axis=0).max()
    chosen, naive = np.mean(
        [iou_curve(attention, MASK, np.array(sorted([0.0, threshold]))) for attention in maps], axis=0
    )[::-1]
    assert threshold > 0
    assert chosen == pytest.approx(best, abs=0.02)
    assert chosen > naive + 0.3


def test_without_maps_there_is_no_threshold() -> None:
    assert choose_iou_threshold([], lambda k: MASK) is None


def test_maps_are_enlarged_as_the_paper_does() -> None:
    attention = np.random.default_rng(1).normal(size=(16, 16)).astype(np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(attention)[None, None], (256, 256), mode="bilinear", align_corners=False
    )
    np.testing.assert_array_equal(enlarge(attention), expected[0, 0].numpy())


@pytest.mark.parametrize(
    ("cell", "is_on_rim"),
    [((0, 5), True), ((15, 15), True), ((7, 0), True), ((1, 1), False), ((14, 8), False)],
)
def test_a_peak_on_the_outermost_ring_is_noticed(cell: tuple[int, int], is_on_rim: bool) -> None:
    attention = np.zeros((16, 16), np.float32)
    attention[cell] = 1
    assert is_peak_on_rim(attention) is is_on_rim


def test_a_mask_of_nothing_or_everything_cannot_be_found() -> None:
    assert can_be_localised(MASK)
    assert not can_be_localised(np.zeros_like(MASK))
    assert not can_be_localised(np.ones_like(MASK))
