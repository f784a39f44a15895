"""Images a second: the model alone on data in memory, the whole training loop, and their ratio.

    python benchmarks/train_throughput.py DATASET [--recipe face-v1] [--steps 12] [--device cuda]

DATASET is made by `lae-forensics train prepare`. The ratio says how well the data path (decoding,
forging, compression in workers) keeps the device busy; 1 = the device never waits. Both figures come
from one run on one machine, in turns, so that other work on the machine hits both alike.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from dataclasses import replace
from pathlib import Path

import torch

from forensic_cli import __version__
from forensic_cli.provenance.run import processor_name
from train.data.dataset import read_dataset
from train.data.pairs import batch_of
from train.data.sources import training_pairs
from train.fabric import Hardware, make_loader, start_fabric
from train.recipe import Source, load_stage1
from train.stage1 import Stage1

_N_BEFORE = 2


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--recipe", default="face-v1")
    parser.add_argument("--steps", type=int, default=12, help="measured steps of each kind")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", help="instead of the recipe's")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def main() -> None:
    """Measures and prints."""
    arguments = _arguments()
    recipe = replace(
        load_stage1(arguments.recipe),
        batch_size=arguments.batch_size,
        start_from="",
        source=Source.FORGE,
        is_compiled=arguments.compile,
    )
    if arguments.precision:
        recipe = replace(recipe, precision=arguments.precision)
    fabric = start_fabric(Hardware(arguments.device), recipe.precision)
    stage = Stage1(fabric, recipe)
    pairs = training_pairs(arguments.dataset, read_dataset(arguments.dataset), recipe)
    n_steps = _N_BEFORE + 2 * arguments.steps
    loader = iter(
        make_loader(fabric, pairs, batch_of, range(n_steps), recipe.batch_size // 2, arguments.workers)
    )

    def step(batch: dict[str, torch.Tensor]) -> None:
        losses = stage.step(batch, recipe.lr)
        # A value on the host, as the loop needs it: asynchronous devices are waited for.
        float(losses["total"].detach())

    in_memory = next(loader)
    for _ in range(_N_BEFORE - 1):
        step(next(loader))
    alone, whole = [], []
    for _ in range(arguments.steps):
        started = time.perf_counter()
        step(next(loader))
        whole.append(time.perf_counter() - started)
        started = time.perf_counter()
        step(in_memory)
        alone.append(time.perf_counter() - started)
    # While the model trains on data in memory the workers go on: the turns are long enough for the
    # loop's queue to fill, so the loop is measured a second time without turns.
    straight = []
    for _ in range(arguments.steps - 1):
        started = time.perf_counter()
        step(next(loader))
        straight.append(time.perf_counter() - started)
    rates = {
        name: recipe.batch_size / statistics.median(times)
        for name, times in (("alone", alone), ("loop_in_turns", whole), ("loop", straight))
    }
    result = {
        "images_per_s": {name: round(rate, 2) for name, rate in rates.items()},
        "ratio": round(rates["loop"] / rates["alone"], 3),
        "batch_size": recipe.batch_size,
        "workers": arguments.workers,
        "precision": recipe.precision,
        "compiled": recipe.is_compiled,
        "device": torch.cuda.get_device_name() if fabric.device.type == "cuda" else processor_name(),
        "threads": torch.get_num_threads(),
        "versions": {"lae-forensics": __version__, "torch": str(torch.__version__)},
    }
    print(f"model alone      {rates['alone']:8.1f} images/s")
    print(
        f"whole loop       {rates['loop']:8.1f} images/s   ({rates['loop_in_turns']:.1f} in turns with the model alone)"
    )
    print(f"ratio            {result['ratio']:8.3f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
