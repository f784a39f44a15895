"""Does the paper's shape hold? Attention loss against its control arm, active against random selection.

    python benchmarks/paper_shape.py DATASET --out runs/paper-shape
    python benchmarks/paper_shape.py DATASET --out runs/paper-shape --report docs

DATASET is made by `lae-forensics train prepare` from real photographs. Every arm is written down when
it is done: a killed run goes on where it stopped. The defaults fit two CPU cores: crops of 128 px, a
quarter of the computing (half the channels), short training; `--full` is for a GPU.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from paper_arms import Arm, Book, Budget, Selector, run_arm, train_stage1, train_stage2
from paper_data import TASKS, Pairs, Task, load_pairs
from safetensors.torch import load_file, save_file

from forensic_cli.model.lae import Encoder
from train.data.dataset import Split
from train.stage2_recipe import AttentionForm, AttentionNorm

_N_TRAIN, _N_VALIDATION, _N_TEST = 2800, 200, 400

# In this order: what matters most is there first if time runs out.
MAIN = (
    Arm("control"),
    Arm("active-400", 400),
    Arm("active-100", 100),
    Arm("random-100", 100, "random"),
    Arm("random-400", 400, "random"),
    Arm("active-25", 25),
    Arm("random-25", 25, "random"),
    Arm("all masks", 10**6),
)
LAMBDAS = (
    Arm("lambda 1.0/0.5", 400, lambda_latent=1.0, lambda_attention=0.5),
    Arm("lambda 0.5/0.1", 400, lambda_attention=0.1),
    Arm("lambda 0.1/1.0", 400, lambda_latent=0.1),
)
NORMS = (
    Arm("relu-max", 400, norm=AttentionNorm.RELU_MAX),
    Arm("sigmoid", 400, norm=AttentionNorm.SIGMOID),
    Arm("raw signed", 400, form=AttentionForm.SIGNED),
    Arm("relu-max signed", 400, norm=AttentionNorm.RELU_MAX, form=AttentionForm.SIGNED),
    Arm("sigmoid signed", 400, norm=AttentionNorm.SIGMOID, form=AttentionForm.SIGNED),
)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--tasks", nargs="+", default=[task.name for task in TASKS])
    parser.add_argument("--px", type=int, default=128)
    parser.add_argument("--stage1-images", type=int, default=16_000)
    parser.add_argument("--stage2-images", type=int, default=3_200)
    parser.add_argument(
        "--full", action="store_true", help="256 px, the paper's widths, ten times the images"
    )
    parser.add_argument("--arms", nargs="+", help="run these arms of stage 2 only, and no LAE_latent_rec")
    parser.add_argument("--report", type=Path, help="write results.md and its plots there, train nothing")
    return parser.parse_args()


@dataclass(frozen=True)
class Context:
    """One task and seed: where results go, what is trained on, how long."""

    out: Path
    book: Book
    task: Task
    seed: int
    budget: Budget
    train: Pairs
    sets: dict[str, Pairs]

    def key(self, arm: str) -> dict[str, object]:
        """What names an arm's record."""
        return {"task": self.task.name, "seed": self.seed, "arm": arm}

    def weights(self, arm: str) -> Path:
        """Where an arm's encoder is kept."""
        return self.out / f"{self.task.name}-{self.seed}-{arm}.safetensors"


def _context(
    arguments: argparse.Namespace, book: Book, task: Task, seed: int, budget: Budget, px: int
) -> Context:
    """Pairs to train on, and pairs to measure on: validation of the source, test of both methods."""

    def load(method: str, split: Split, n: int) -> Pairs:
        return load_pairs(arguments.dataset, arguments.out / "data", method, split, n, px, 1)

    sets = {
        "validation": load(task.source, Split.VALIDATION, _N_VALIDATION),
        "source": load(task.source, Split.TEST, _N_TEST),
        "target": load(task.target, Split.TEST, _N_TEST),
    }
    train = load(task.source, Split.TRAIN, _N_TRAIN)
    return Context(arguments.out, book, task, seed, budget, train, sets)


def _stage1(context: Context, has_reconstruction: bool) -> Encoder:
    name = "LAE_latent_rec" if has_reconstruction else "LAE_latent"
    path = context.weights(name)
    if path.exists() and context.book.has(**context.key(name)):
        encoder = Encoder(context.budget.widths).eval()
        encoder.load_state_dict(load_file(path))
        return encoder.to(memory_format=torch.channels_last)
    started = time.monotonic()
    encoder = train_stage1(context.train, context.budget, context.seed, has_reconstruction)
    _save(encoder, path)
    run_arm(
        context.book,
        context.key(name),
        encoder,
        context.sets,
        time.monotonic() - started,
        stage1_images=context.budget.stage1_images,
    )
    return encoder


def _stage2(context: Context, start: Encoder, arms: tuple[Arm, ...]) -> None:
    selector = Selector(start, context.train, context.seed)
    for arm in arms:
        if context.book.has(**context.key(arm.name)):
            continue
        chosen = selector.pick(arm)
        started = time.monotonic()
        encoder = train_stage2(start, context.train, arm, chosen, context.budget, context.seed)
        if arm.name in {"control", "active-400"}:
            _save(encoder, context.weights(arm.name))
        run_arm(
            context.book,
            context.key(arm.name),
            encoder,
            context.sets,
            time.monotonic() - started,
            arm.form.value,
            n_masks=len(chosen),
            stage1_images=context.budget.stage1_images,
            stage2_images=context.budget.stage2_images,
            method=arm.method if arm.n else "",
        )


def _named(arms: tuple[Arm, ...], names: list[str] | None) -> tuple[Arm, ...]:
    """The arms of these names; all of them where none is named."""
    return arms if names is None else tuple(arm for arm in arms if arm.name in names)


def _save(encoder: Encoder, path: Path) -> None:
    save_file({name: value.contiguous() for name, value in encoder.state_dict().items()}, path)


def main() -> None:
    """Runs what is missing, or writes the report."""
    arguments = _arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(max(2, torch.get_num_threads()))
    book = Book(arguments.out / "arms.jsonl")
    if arguments.report:
        from paper_report import write_report

        write_report(arguments, book)
        return
    scale = 10 if arguments.full else 1
    widths = (64, 128, 256, 512) if arguments.full else (32, 64, 128, 256)
    budget = Budget(arguments.stage1_images * scale, arguments.stage2_images * scale, widths)
    px = 256 if arguments.full else arguments.px
    tasks = [task for task in TASKS if task.name in arguments.tasks]
    for number, seed in enumerate(arguments.seeds):
        for task in tasks:
            context = _context(arguments, book, task, seed, budget, px)
            start = _stage1(context, has_reconstruction=False)
            # The first seed of the face task runs everything, the others what the means need.
            is_first = number == 0 and task.name == "face"
            arms = (*MAIN[:2], *NORMS, *LAMBDAS, *MAIN) if is_first else MAIN[:5]
            _stage2(context, start, _named(arms, arguments.arms))
    for task in tasks if arguments.arms is None else ():
        # Last, because the decoder doubles the computing time.
        _stage1(_context(arguments, book, task, arguments.seeds[0], budget, px), has_reconstruction=True)


if __name__ == "__main__":
    main()
