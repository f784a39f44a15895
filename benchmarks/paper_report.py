"""docs/results.md from what the arms measured: tables, plots, heatmaps. No number is typed in."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from paper_arms import Book, encode
from paper_data import QUALITY, TASKS, at_scale, crop_window
from safetensors.torch import load_file
from skimage.data import astronaut

from forensic_cli import __version__
from forensic_cli.model.lae import Encoder
from forensic_cli.provenance.run import processor_name
from train.data.crops import PREPARED_PX
from train.data.pairs import mirrored
from train.forge.degrade import degrade
from train.forge.portrait import Portrait
from train.forge.vary import vary
from train.forge.visible import forge_visibly

_SETS = ("source", "target")
_FIGURES = ("accuracy", "auc", "energy", "pointing")
_COLOURS = {"active": "#0072B2", "random": "#D55E00", "control": "#555555"}


def write_report(arguments: argparse.Namespace, book: Book) -> None:
    """Writes results.md, its plots and the records themselves."""
    folder: Path = arguments.report
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    parts = [_head(arguments, book)]
    for task in TASKS:
        records = [entry for entry in book.records if entry["task"] == task.name]
        if not records:
            continue
        area = records[0]["sets"]["source"]["area"], records[0]["sets"]["target"]["area"]
        parts.append(
            f"## {task.name.capitalize()}: trained on {task.source}, target {task.target}\n\n"
            f"The mask covers {area[0]:.0%} of a source crop and {area[1]:.0%} of a target crop: what energy "
            "and pointing would be by chance.\n\n" + _table(records)
        )
        plot = folder / "plots" / f"{task.name}-masks.png"
        _plot_masks(records, plot)
        parts.append(f"![Target accuracy against the number of masks](plots/{plot.name})")
        heat = folder / "plots" / f"{task.name}-heatmaps.png"
        if _plot_heatmaps(arguments, task, heat):
            parts.append(
                "Attention on a public portrait, varied and forged by the target method: crop, mask, after stage 1, "
                f"after the control arm, after stage 2 with 400 masks.\n\n![Heatmaps](plots/{heat.name})"
            )
    # Written by hand, and by `ingredients.py`.
    for written in (folder / "results-commentary.md", folder / "results-ingredients.md"):
        if written.exists():
            parts.append(written.read_text(encoding="utf-8").rstrip())
    (folder / "results.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    (folder / "results.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in book.records))


def _head(arguments: argparse.Namespace, book: Book) -> str:
    seconds = sum(entry["train_s"] + entry["measure_s"] for entry in book.records)
    n_seeds = len({entry["seed"] for entry in book.records})
    px = 256 if arguments.full else arguments.px
    widths = "the paper's widths" if arguments.full else "half the paper's widths (32, 64, 128, 256 channels)"
    return (
        "# Does the paper's shape hold?\n\n"
        f"Measured with `benchmarks/paper_shape.py`: crops of {px} px, {widths}, "
        f"{_images(book, 'stage1_images')} images of stage 1 and {_images(book, 'stage2_images')} of every "
        f"arm of stage 2, batches of 64, H.264 CRF 23, {n_seeds} seed{'s' if n_seeds != 1 else ''}; "
        f"{seconds / 60:.0f} minutes of training and measuring on {processor_name()} "
        f"(torch {torch.__version__}, lae-forensics {__version__}). "
        "Trained on photographs of 2,800 people, measured on those of up to 400 others, each genuine and forged. "
        "Accuracy is the paper's, at a_F = a_T. Every arm of stage 2 starts from the same LAE_latent of its seed, "
        "and sees the same images in the same order; the control arm has no attention loss. Unless an arm says "
        "otherwise its map is `raw` in the paper's form, and lambda is 0.5 and 1.0. Where there are "
        "several seeds, the mean and the range are given.\n\n"
        "Perceptual and adversarial losses are not in these figures: VGG16's weights were not at hand. "
        "`LAE_latent_rec` is latent and pixel loss. The records are in [results.jsonl](results.jsonl)."
    )


def _images(book: Book, key: str) -> str:
    """Images of a stage: one number, or one a task where they differ."""
    by_task = {entry["task"]: entry[key] for entry in book.records if key in entry}
    if len(set(by_task.values())) == 1:
        return f"{next(iter(by_task.values())):,}"
    return " and ".join(f"{n:,} ({task})" for task, n in by_task.items())


def _table(records: list[dict[str, Any]]) -> str:
    header = "| arm | masks | seeds | " + " | ".join(f"{s} {f}" for s in _SETS for f in _FIGURES) + " |"
    lines = [header, "|" + "---|" * (3 + len(_SETS) * len(_FIGURES))]
    for arm in dict.fromkeys(entry["arm"] for entry in records):
        own = [entry for entry in records if entry["arm"] == arm]
        cells = [
            _range([entry["sets"][name][figure] for entry in own]) for name in _SETS for figure in _FIGURES
        ]
        n_masks = own[0].get("n_masks", 0)
        lines.append(f"| {arm} | {n_masks or '-'} | {len(own)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _range(values: list[float]) -> str:
    mean = f"{np.mean(values):.3f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.3f} to {max(values):.3f})"


def _plot_masks(records: list[dict[str, Any]], path: Path) -> None:
    """The paper's Fig. 4: target accuracy of active and random selection by number of masks."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for column, name in enumerate(_SETS):
        axes = figure.add_subplot(1, 2, column + 1)
        for method in ("active", "random"):
            points: dict[int, list[float]] = {}
            for entry in records:
                if entry["arm"].startswith(f"{method}-"):
                    points.setdefault(entry["n_masks"], []).append(entry["sets"][name]["accuracy"])
            counts = sorted(points)
            means = [float(np.mean(points[count])) for count in counts]
            axes.plot(counts, means, "o-", color=_COLOURS[method], label=f"{method} selection")
            for count in counts:
                axes.plot([count] * len(points[count]), points[count], ".", color=_COLOURS[method], alpha=0.4)
        control = [entry["sets"][name]["accuracy"] for entry in records if entry["arm"] == "control"]
        if control:
            axes.axhline(
                float(np.mean(control)), color=_COLOURS["control"], ls="--", label="control arm, no masks"
            )
        axes.set_xscale("log")
        every = sorted(
            {entry["n_masks"] for entry in records if "-" in entry["arm"] and entry.get("n_masks")}
        )
        axes.set_xticks(every, [str(count) for count in every])
        axes.minorticks_off()
        axes.set_xlabel("masks")
        axes.set_ylabel("accuracy")
        axes.set_title(f"{name} method")
        axes.legend(frameon=False, fontsize=8)
    FigureCanvasAgg(figure).print_png(str(path))


def _forged_portraits(method: str, px: int, n: int) -> tuple[Any, Any]:
    """Forged crops that may be published: of NASA's portrait in scikit-image, which nothing was trained on.

    Where a method needs a second face, it is the same one mirrored.
    """
    landmarks = Path(__file__).resolve().parents[1] / "tests" / "training" / "astronaut_landmarks.csv"
    # The square that the landmarks were found in, with the margin of a prepared picture.
    square = np.ascontiguousarray(astronaut()[22:222, 128:328])
    picture = cv2.resize(square, (PREPARED_PX, PREPARED_PX), interpolation=cv2.INTER_CUBIC)
    points = np.loadtxt(landmarks, delimiter=",", dtype=np.float32)
    original = Portrait(np.asarray(picture, np.uint8), points, "portrait")
    fakes, masks = [], []
    for k in range(n):
        rng = np.random.default_rng([k, 3])
        portrait = at_scale(vary(mirrored(original) if k % 2 else original, rng), px)
        window = crop_window(portrait, px)
        forgery = forge_visibly(method, portrait, mirrored(portrait), rng)
        fakes.append(degrade(np.ascontiguousarray(forgery.image[window]), QUALITY))
        masks.append(forgery.mask[window])
    return np.stack(fakes), np.stack(masks)


def _plot_heatmaps(arguments: argparse.Namespace, task: Any, path: Path, n: int = 4) -> bool:
    """Attention before and after; False where the encoders are not at hand."""
    names = ("LAE_latent", "control", "active-400")
    files = [arguments.out / f"{task.name}-{arguments.seeds[0]}-{name}.safetensors" for name in names]
    if not all(file.exists() for file in files):
        return False
    px = 256 if arguments.full else arguments.px
    fakes, masks = _forged_portraits(task.target, px, n)
    maps = []
    for file in files:
        state = load_file(file)
        widths = tuple(state[f"features.{k}.weight"].shape[0] for k in (0, 2, 5, 8))
        encoder = Encoder(widths).eval()
        encoder.load_state_dict(state)
        maps.append(np.clip(encode(encoder, fakes)[1], 0, None))
    figure = Figure(figsize=(2 * (2 + len(names)), 2 * n), layout="constrained")
    for row in range(n):
        tiles = [fakes[row], masks[row], *(entry[row] for entry in maps)]
        titles = ("forged crop", "mask", "stage 1", "control arm", "400 masks")
        for column, (tile, title) in enumerate(zip(tiles, titles, strict=True)):
            axes = figure.add_subplot(n, len(tiles), row * len(tiles) + column + 1)
            top = None if column < 2 else float(max(maps[column - 2].max(), 1e-9))
            axes.imshow(tile, cmap="gray" if column == 1 else "inferno", vmin=0 if column else None, vmax=top)
            axes.set_axis_off()
            if row == 0:
                axes.set_title(title, fontsize=9)
    FigureCanvasAgg(figure).print_png(str(path))
    return True
