"""Several processes see what one would see, and compute what one would compute."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from train.distributed import ShardedRange, SharedBatchNorm2d, share_batch_norm

RECIPE = """
name = "two"
n_images = 16
batch_size = 8
lr = 1e-3
precision = "32-true"
n_workers = 0
validate_every = 1000
checkpoint_every = 1000
ema_decay = 0.0
source = "forge"
beta_perceptual = 0.0
beta_adversarial = 0.01
held_out = []
[methods]
self-blend = 1.0
"""


@given(st.integers(0, 50), st.integers(1, 6), st.integers(1, 5), st.integers(1, 4))
def test_the_processes_together_see_every_item_of_every_step_once(
    start: int, n_steps: int, n_own: int, world_size: int
) -> None:
    n_items = n_own * world_size
    stop = start + n_steps * n_items
    parts = [list(ShardedRange(start, stop, n_items, rank, world_size)) for rank in range(world_size)]
    for step in range(n_steps):
        seen = sorted(k for part in parts for k in part[step * n_own : (step + 1) * n_own])
        assert seen == list(range(start + step * n_items, start + (step + 1) * n_items))
    assert all(len(part) == n_steps * n_own for part in parts)


def test_a_batch_that_cannot_be_shared_evenly_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be shared"):
        ShardedRange(0, 10, 5, 0, 2)


def test_shared_batch_norm_keeps_the_names_in_a_checkpoint() -> None:
    plain = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    names = list(plain.state_dict())
    shared = share_batch_norm(plain, world_size=2, is_cuda=False)
    assert isinstance(shared[1], SharedBatchNorm2d)
    assert list(shared.state_dict()) == names


def _train(dataset: Path, run: Path, recipe: Path, n_processes: int) -> list[dict[str, float]]:
    words = ["train", "stage1", str(dataset), "--run", str(run), "--recipe", str(recipe), "--device", "cpu"]
    program = Path(sys.executable).with_name("lae-forensics")
    subprocess.run(
        [str(program), *words, "--devices", str(n_processes)], check=True, capture_output=True, timeout=500
    )
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_two_processes_train_like_one_with_the_whole_batch(dataset: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "two.toml"
    recipe.write_text(RECIPE)
    one = _train(dataset, tmp_path / "one", recipe, 1)
    two = _train(dataset, tmp_path / "two", recipe, 2)
    assert [line["n_images"] for line in two] == [line["n_images"] for line in one] == [8, 16]
    # Before any step the losses are the same to rounding. Adam's first step divides every gradient by its
    # own size: where that is nearly zero, rounding decides the sign, and later losses differ a little, by up
    # to 1.6% on one processor. Gradients that are not shared move the latent loss by 14%, or, of the
    # discriminator, its own by 5% and the adversarial one to four times as much [both tried].
    for name in ("total", "latent", "pixel", "adversarial", "discriminator"):
        assert two[0][name] == pytest.approx(one[0][name], rel=1e-4)
        assert two[1][name] == pytest.approx(one[1][name], rel=3e-2, abs=1e-2)
