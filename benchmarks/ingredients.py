"""What pays: each ingredient of a recipe taken away once, under the same short training.

    python benchmarks/ingredients.py DATASET --out runs/ingredients
    python benchmarks/ingredients.py DATASET --out runs/ingredients --report docs/results-ingredients.md

DATASET is made by `lae-forensics train prepare` and holds renderers (`train renderers`). Every arm begins
with the same seeded network and trains on patches with the latent loss alone, the same number of them from
the same photographs. It is measured on whole validation crops, by the recipe's trained methods and its
held-out ones, lightly and heavily compressed. A training as short as these tells the two versions of one
photograph apart long before scores of different people can be compared: so beside the AUC stands the
share of pairs whose forged version scores higher. An arm is written down when it is done; a killed run
goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, SequentialSampler, Subset

from forensic_cli.model.architectures import make_encoder
from forensic_cli.model.lae import ConceptEncoder
from forensic_cli.model.residual import ResidualEncoder
from train.data.dataset import Split, read_dataset, select
from train.data.pairs import PatchesOfPairs, batch_of_patches
from train.data.sources import training_pairs
from train.forge.degrade import Codec
from train.loop import adam, averaged_copy, set_learning_rate
from train.metrics import share_told_apart
from train.objective1 import Stage1Objective
from train.recipe import Stage1Recipe, load_stage1
from train.validation import CONDITIONS, FixedPairs

_CPU = torch.device("cpu")
_MEASURED = (CONDITIONS[0], CONDITIONS[-1])
_PATCHES_PER_PAIR = 4
# A recipe's own decay averages over more steps than an arm has.
_EMA_DECAY = 0.97


@dataclass(frozen=True)
class Arm:
    """One recipe, and the encoder where the recipe cannot name it."""

    name: str
    change: Callable[[Stage1Recipe], Stage1Recipe]
    encoder: Callable[[], ConceptEncoder] | None = None


def _without(*methods: str) -> Callable[[Stage1Recipe], Stage1Recipe]:
    def change(recipe: Stage1Recipe) -> Stage1Recipe:
        kept = {name: share for name, share in recipe.methods.items() if name not in methods}
        total = sum(kept.values())
        return replace(recipe, methods={name: share / total for name, share in kept.items()})

    return change


def _same(recipe: Stage1Recipe) -> Stage1Recipe:
    return recipe


ARMS = (
    Arm("everything", _same),
    # By how much two arms differ that differ in nothing.
    Arm("everything, another seed", lambda recipe: replace(recipe, seed=recipe.seed + 1)),
    Arm("without self-blends", _without("self-blend")),
    Arm("without swaps", _without("landmark-swap", "part-swap")),
    Arm("without re-rendering", _without("face-rerender")),
    Arm("without expression warps", _without("expression-warp")),
    Arm(
        "without attributes and inpainting",
        _without("lip-recolour", "skin-recolour", "skin-smoothing", "telea-inpaint", "navier-stokes-inpaint"),
    ),
    Arm("without varied photographs", lambda recipe: replace(recipe, is_varied=False)),
    Arm(
        "without compression and the rest of the chain",
        lambda recipe: replace(recipe, codecs={Codec.NONE: 1.0}),
    ),
    Arm("without averaged weights", lambda recipe: replace(recipe, ema_decay=0.0)),
    Arm("the residual encoder", _same, lambda: make_encoder("lae-residual")),
    Arm(
        "the residual encoder without its high-pass branch",
        _same,
        lambda: ResidualEncoder(has_high_pass=False),
    ),
    Arm("without reuse of pairs", lambda recipe: replace(recipe, warmup_reuse=1)),
)


def train_arm(
    dataset: Path, recipe: Stage1Recipe, encoder: ConceptEncoder | None, n_images: int
) -> ConceptEncoder:
    """Trains on patches; returns the encoder in evaluation mode, the averaged one where there is one."""
    objective = Stage1Objective(recipe, encoder=encoder).to(memory_format=torch.channels_last).train()
    trained = objective.autoencoder.encoder
    averaged = averaged_copy(trained, recipe.ema_decay)
    optimiser = adam(trained.parameters(), recipe.lr)
    pairs = training_pairs(dataset, read_dataset(dataset), recipe)
    patches = PatchesOfPairs(
        pairs, _PATCHES_PER_PAIR, recipe.warmup_patch_px, recipe.seed, recipe.warmup_reuse
    )
    n_items = n_images // (2 * _PATCHES_PER_PAIR)
    chosen = Subset(patches, range(n_items))
    n_pairs = recipe.warmup_batch_size // (2 * _PATCHES_PER_PAIR)
    loader = DataLoader(
        chosen,
        batch_size=n_pairs,
        sampler=SequentialSampler(chosen),
        collate_fn=batch_of_patches,
        num_workers=1,
        multiprocessing_context="spawn",
        drop_last=True,
    )
    n_steps = n_items // n_pairs
    for step, batch in enumerate(loader):
        # Constant for 60% of the way, then falling to nothing.
        set_learning_rate(optimiser, recipe.lr * min(1.0, (1 - step / n_steps) / 0.4))
        loss = objective(batch["images"], batch["labels"], is_whole=False)["total"]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained.parameters(), recipe.gradient_clip)
        optimiser.step()
        if averaged:
            averaged.update_parameters(trained)
    result = averaged.module if averaged else trained
    assert isinstance(result, ConceptEncoder)
    return result.eval()


def measure(encoder: ConceptEncoder, sets: list[FixedPairs]) -> dict[str, tuple[float, float]]:
    """The share of pairs told apart, and the AUC, of every method and condition."""
    found = {}
    for pairs in sets:
        scores = pairs.score(encoder, _CPU)
        told = share_told_apart(scores.genuine, scores.forged)
        found[f"{pairs.method}, {pairs.condition.name}"] = (told, scores.auc)
    return found


def write_report(path: Path, records: list[dict[str, object]], recipe: Stage1Recipe) -> None:
    """A table, an arm a row: means over the recipe's trained methods and over its held-out ones."""
    groups = {"trained": tuple(recipe.methods), "held out": recipe.held_out}
    lines = [
        "## What each ingredient pays",
        "",
        f"`python benchmarks/ingredients.py DATASET --n-images {records[0]['n_images']} --n {records[0]['n']} --out "
        f"runs/ingredients`: recipe `{recipe.name}`, from nothing; the share of pairs told apart (0.5 by chance), and "
        f"in brackets the AUC; means over methods, on {records[0]['n']} validation photographs.",
        "",
        "| arm | patches | s | "
        + " | ".join(f"{group}, {each.name}" for group in groups for each in _MEASURED)
        + " |",
        "|---" * (3 + len(groups) * len(_MEASURED)) + "|",
    ]
    names = [arm.name for arm in ARMS]
    for record in sorted(records, key=lambda record: names.index(str(record["arm"]))):
        figures = record["figures"]
        assert isinstance(figures, dict)
        cells = []
        for methods in groups.values():
            for condition in _MEASURED:
                values = [figures[f"{name}, {condition.name}"] for name in methods]
                told, area = np.mean(values, axis=0)
                cells.append(f"{told:.3f} ({area:.3f})")
        lines.append(
            f"| {record['arm']} | {record['n_images']:,} | {record['train_s']:.0f} | {' | '.join(cells)} |"
        )
    path.write_text("\n".join(lines) + "\n")


def main() -> None:
    """Runs what is missing, or writes the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--recipe", default="face-v2")
    parser.add_argument("--n-images", type=int, default=16_000, help="patches that each arm sees")
    parser.add_argument("--n", type=int, default=100, help="photographs that it is measured on")
    parser.add_argument("--arms", nargs="+", help="these arms only")
    parser.add_argument("--report", type=Path, help="write the table there, train nothing")
    arguments = parser.parse_args()
    recipe = replace(load_stage1(arguments.recipe), ema_decay=_EMA_DECAY)
    arguments.out.mkdir(parents=True, exist_ok=True)
    book = arguments.out / "ingredients.jsonl"
    records = [json.loads(line) for line in book.read_text().splitlines()] if book.exists() else []
    if arguments.report:
        write_report(arguments.report, records, recipe)
        return
    real = select(read_dataset(arguments.dataset), Split.VALIDATION)
    sets = [
        FixedPairs(arguments.dataset, real, method, condition, arguments.n, recipe.seed)
        for method in (*recipe.methods, *recipe.held_out)
        for condition in _MEASURED
    ]
    done = {record["arm"] for record in records}
    for arm in ARMS:
        if arm.name in done or (arguments.arms and arm.name not in arguments.arms):
            continue
        started = time.monotonic()
        own = arm.change(recipe)
        encoder = train_arm(
            arguments.dataset, own, arm.encoder() if arm.encoder else None, arguments.n_images
        )
        seconds = time.monotonic() - started
        record = {
            "arm": arm.name,
            "n_images": arguments.n_images,
            "n": arguments.n,
            "figures": measure(encoder, sets),
            "train_s": round(seconds, 1),
        }
        with book.open("a") as file:
            file.write(json.dumps(record) + "\n")
        told, area = np.mean(list(record["figures"].values()), axis=0)
        print(f"{arm.name}: {told:.3f} of pairs, AUC {area:.3f} ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
