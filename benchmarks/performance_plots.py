"""Draws the plots of docs/performance.md from the figures that the benchmarks wrote.

    python benchmarks/scan_throughput.py --json docs/performance/scan_throughput.json    # and so on
    python benchmarks/performance_plots.py

Each plot is drawn from one file of docs/performance, and left as it is where that file is missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

DOCS = Path(__file__).resolve().parent.parent / "docs"
FIGURES, PLOTS = DOCS / "performance", DOCS / "plots"
_BLUE, _ORANGE, _GREY = "#1f5a8c", "#c46a1b", "#8a8a8a"


def scan_throughput(axes: Axes, figures: dict[str, Any]) -> None:
    """Seconds on the wall and of CPU, a stage a bar."""
    names = list(figures["times"])
    rows = range(len(names))
    walls, cpus = ([figures["times"][name][key] for name in names] for key in ("wall_s", "cpu_s"))
    axes.barh([row - 0.2 for row in rows], walls, 0.38, color=_BLUE, label="wall")
    axes.barh([row + 0.2 for row in rows], cpus, 0.38, color=_ORANGE, label="CPU, all processes")
    axes.set_yticks(list(rows), names)
    axes.invert_yaxis()
    axes.set_xlabel(f"seconds ({figures['n_frames']} sampled frames)")
    axes.legend(frameon=False)


def sampling(axes: Axes, rows: list[dict[str, Any]]) -> None:
    """CPU time against the share of frames that is sampled, both of decoding every frame."""
    for every_s, colour in zip(
        sorted({row["key_frame_every_s"] for row in rows}), (_BLUE, _ORANGE), strict=True
    ):
        own = [row for row in rows if row["key_frame_every_s"] == every_s and row["counts"]]
        axes.plot(
            [row["counts"][0] / row["counts"][2] for row in own],
            [row["share"] for row in own],
            "o-",
            color=colour,
            label=f"key frame every {every_s:g} s",
        )
    axes.axhline(1, color=_GREY, linestyle="--", linewidth=1)
    axes.set_xscale("log")
    axes.set_xlabel("frames sampled / frames in the stream")
    axes.set_ylabel("CPU time / decoding every frame")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def memory(axes: Axes, figures: dict[str, Any]) -> None:
    """The highest resident memory of each scan."""
    runs = figures["runs"]
    axes.barh([run["name"] for run in runs], [run["peak_mib"] for run in runs], color=_BLUE)
    axes.invert_yaxis()
    axes.set_xlabel("peak resident memory, all processes, MiB")


def inference_backends(axes: Axes, figures: dict[str, Any]) -> None:
    """Crops a second by batch size, of the shipped architecture."""
    for row in (row for row in figures["rows"] if row["arch"] == "lae" and row.get("crops_per_s")):
        sizes = sorted(row["crops_per_s"], key=int)
        axes.plot(
            [int(size) for size in sizes],
            [row["crops_per_s"][size] for size in sizes],
            "o-",
            label=row["name"],
        )
    axes.set_xscale("log", base=2)
    axes.set_xlabel("crops in a forward pass")
    axes.set_ylabel("crops a second")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))


DRAWERS: dict[str, Callable[[Axes, Any], None]] = {
    "scan_throughput": scan_throughput,
    "sampling": sampling,
    "memory": memory,
    "inference_backends": inference_backends,
}


def main() -> None:
    """Draws what there are figures for."""
    for name, draw in DRAWERS.items():
        path = FIGURES / f"{name}.json"
        if not path.exists():
            print(f"{path} is missing: {name} is not drawn.")
            continue
        figure, axes = plt.subplots(figsize=(7.2, 3.2), layout="constrained")
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes, json.loads(path.read_text()))
        figure.savefig(PLOTS / f"{name}.png", dpi=110, metadata={"Software": None})
        plt.close(figure)
        print(PLOTS / f"{name}.png")


if __name__ == "__main__":
    main()
