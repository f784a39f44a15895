"""Several runs on the very same validation pairs: which one to ship.

    python benchmarks/compare_runs.py DATASET runs/face-v1 runs/face-v2 runs/face-v2-stage2 --out runs/compared.json

Each validation photograph (people that no run was trained on) is forged once by every method, and genuine
and forged version are compressed alike, at three strengths. All runs read the same pictures. Printed: AUC
of every method, means over methods that all runs were trained on and that none was, and where the
attention lies on swaps. Validation chooses; the test split is not opened.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from train.data.dataset import Split, read_dataset, select
from train.forge.degrade import Codec
from train.forge.methods import METHODS
from train.trained_run import TrainedRun, load_run
from train.validation import Condition, FixedPairs, attention_figures

CONDITIONS = (
    Condition("no further compression", Codec.NONE),
    Condition("H.264 CRF 23", Codec.H264, 23),
    Condition("H.264 CRF 40", Codec.H264, 40),
)
_SWAPS = ("landmark-swap", "poisson-swap")
_SEED = 4711
_CPU = torch.device("cpu")

Figures = dict[str, dict[str, float]]


def measure(dataset: Path, runs: dict[str, TrainedRun], methods: list[str], n: int) -> dict[str, Figures]:
    """AUC (method -> condition -> value) of every run, and its attention on swaps; pairs are made once."""
    rows = select(read_dataset(dataset), Split.VALIDATION)
    found: dict[str, Figures] = {name: {} for name in runs}
    for method in methods:
        for condition in CONDITIONS:
            pairs = FixedPairs(dataset, rows, method, condition, n, _SEED)
            for name, run in runs.items():
                figures = found[name].setdefault(method, {})
                figures[condition.name] = pairs.score(run.encoder, _CPU).auc
                if method in _SWAPS and condition is CONDITIONS[0]:
                    figures |= attention_figures(run.encoder, [pairs], run.attention_form, _CPU)
        print(method, {name: list(found[name][method].values()) for name in runs}, flush=True)
    return found


def report(found: dict[str, Figures], groups: dict[str, list[str]]) -> None:
    """Prints a table a condition: methods and means of groups of them, a column a run."""
    names = list(found)
    for condition in CONDITIONS:
        print(f"\n{condition.name}\n| method | " + " | ".join(names) + " |\n|---" + "|---" * len(names) + "|")
        for method in found[names[0]]:
            cells = [f"{found[name][method][condition.name]:.3f}" for name in names]
            print(f"| {method} | {' | '.join(cells)} |")
        for group, methods in groups.items():
            cells = [
                f"{np.mean([found[name][method][condition.name] for method in methods]):.3f}"
                for name in names
                if methods
            ]
            print(f"| mean of {group} | {' | '.join(cells)} |")
    for method in _SWAPS:
        for figure in ("attention/pointing", "attention/energy", "attention/pixel_auc", "attention/area"):
            cells = [f"{found[name][method][figure]:.3f}" for name in names]
            print(f"{method}, {figure}: {', '.join(cells)}")


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--n", type=int, default=100, help="photographs")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    runs = {path.name: load_run(path, arguments.dataset) for path in arguments.runs}
    trained = set.intersection(*(set(run.recipe.methods) for run in runs.values()))
    unseen = set(METHODS) - set.union(*(set(run.recipe.methods) for run in runs.values()))
    groups = {"methods all trained on": sorted(trained), "methods none was trained on": sorted(unseen)}
    found = measure(arguments.dataset, runs, sorted(METHODS), arguments.n)
    report(found, groups)
    arguments.out.write_text(json.dumps({"n": arguments.n, "groups": groups, "auc": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
