"""How long the program takes to start, and where the time of a one-image scan goes.

    python benchmarks/startup.py --json startup.json
    python benchmarks/startup.py --rounds 3 --scans 1

Commands run in turns, each in a process of its own, so that other work on the machine hits all alike;
medians are kept. CPU seconds (user and system, of every process that a command starts) hardly depend on
what else runs; wall seconds do. The picture is `skimage.data.astronaut()`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from forensic_cli import __version__
from forensic_cli.provenance.run import processor_name, versions

_HELP, _SCAN_HELP, _TYPER, _TORCH, _SCAN = "--help", "scan --help", "import typer", "import torch", "scan"
# What is said of `--help`: at most so many times the package that it is made with.
_LARGEST_HELP_RATIO = 2.5
_SHOWN_RATIOS = ((_HELP, _TYPER), (_SCAN_HELP, _TYPER), (_SCAN, _TORCH))
# In the order in which they happen; the child prints the moment at which each ends.
_PHASES = (
    "interpreter",
    "command line (typer, pydantic)",
    "the program without torch",
    "torch; another process loads decoders and detector",
    "model: check, load; journal",
    "item: open, hash, decode",
    "item: faces, inference, hash again, facts, records",
    "report: import, draw, write",
)


@dataclass(frozen=True)
class Cost:
    """Medians of one command, in seconds."""

    wall_s: float
    cpu_s: float


def run(words: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of a process and all that it waited for."""
    began = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(words)} ended with {process.returncode}: {complaint.decode()}")
    return wall_s, usage.ru_utime + usage.ru_stime


def commands(program: list[str], folder: Path) -> dict[str, list[str]]:
    """What is compared, as command lines; the scan writes into a new folder each time."""
    name = f"{time.monotonic_ns()}"
    scan = ["scan", str(folder / "one.jpg"), "--report", str(folder / f"{name}.pdf"), "--quiet"]
    return {
        _TYPER: [sys.executable, "-c", "import typer"],
        _HELP: [*program, "--help"],
        _SCAN_HELP: [*program, "scan", "--help"],
        _TORCH: [sys.executable, "-c", "import torch"],
        _SCAN: [*program, *scan],
    }


def child(picture: Path, folder: Path) -> None:
    """A one-image scan as the command does it, with the moment at which each phase ends, on stdout."""
    moments = [time.time()]
    import forensic_cli.cli.app
    import forensic_cli.cli.scan  # noqa: F401

    moments.append(time.time())
    from forensic_cli.cli.progress import Listener
    from forensic_cli.config import ScanConfig
    from forensic_cli.isolation import FaceReader
    from forensic_cli.pipeline import draw_report, run_scan, scan

    begun_reader = scan.begun_reader

    def begun_and_torch_loaded(config: ScanConfig) -> FaceReader:
        """As the scan does it: first the other process, then torch."""
        reader = begun_reader(config)
        moments.append(time.time())
        import torch  # noqa: F401

        moments.append(time.time())
        return reader

    scan.begun_reader = begun_and_torch_loaded

    class Moments(Listener):
        def on_found(self, n_items: int) -> None:
            moments.append(time.time())

        def on_item(self, number: int, path: Path, n_frames: int) -> None:
            moments.append(time.time())

    out, report = folder / "out", folder / "report.pdf"
    config = ScanConfig((picture,), out_dir=out, report=report)
    result = run_scan(config, Moments(as_json=False))
    moments.append(time.time())
    draw_report(result, out, report)
    moments.append(time.time())
    print(json.dumps(moments))


def phases(picture: Path, folder: Path) -> list[float]:
    """Seconds of each phase of a one-image scan."""
    folder.mkdir()
    began = time.time()
    words = [sys.executable, str(Path(__file__).resolve()), "--child", str(picture), str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    moments = [began, *json.loads(done.stdout)]
    return [later - earlier for earlier, later in pairwise(moments)]


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9, help="of the short commands")
    parser.add_argument(
        "--scans", type=int, default=3, help="rounds in which torch is imported and a scan is run"
    )
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    # Not above: the child, whose start is timed, reads this file too.
    from PIL import Image
    from skimage.data import astronaut

    program = [str(Path(sys.executable).with_name("lae-forensics"))]
    taken: dict[str, list[tuple[float, float]]] = {}
    parts: list[list[float]] = []
    with tempfile.TemporaryDirectory(prefix="startup-") as name:
        folder = Path(name)
        Image.fromarray(astronaut()).save(folder / "one.jpg", quality=92)
        for number in range(arguments.rounds):
            for label, words in commands(program, folder).items():
                if label in {_TORCH, _SCAN} and number >= arguments.scans:
                    continue
                taken.setdefault(label, []).append(run(words))
            if number < arguments.scans:
                parts.append(phases(folder / "one.jpg", folder / f"phases-{number}"))
    costs = {
        label: Cost(median(wall for wall, _ in rows), median(cpu for _, cpu in rows))
        for label, rows in taken.items()
    }
    ratios = {
        f"{one} / {other}": median(a[1] / b[1] for a, b in zip(taken[one], taken[other], strict=False))
        for one, other in _SHOWN_RATIOS
    }
    shares = _shares(parts)
    _print(costs, ratios, shares)
    if arguments.json:
        document = {
            "version": __version__,
            "processor": processor_name(),
            "n_processors": os.cpu_count(),
            "versions": dict(versions()),
            "rounds": {label: len(rows) for label, rows in taken.items()},
            "costs": {label: asdict(cost) for label, cost in costs.items()},
            "cpu_ratios": ratios,
            "one_image_scan_shares": shares,
        }
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")
    sys.exit(0 if ratios[f"{_HELP} / {_TYPER}"] <= _LARGEST_HELP_RATIO else 1)


def _shares(parts: list[list[float]]) -> dict[str, float]:
    """Of the wall time of a scan, what each phase takes; medians over the scans."""
    if not parts:
        return {}
    rows = [[seconds / sum(row) for seconds in row] for row in parts]
    return {phase: median(column) for phase, column in zip(_PHASES, zip(*rows, strict=True), strict=True)}


def _print(costs: dict[str, Cost], ratios: dict[str, float], shares: dict[str, float]) -> None:
    print(f"| {'command':<14} | wall | CPU |\n|---|---|---|")
    for label, cost in costs.items():
        print(f"| {label:<14} | {cost.wall_s:.2f} s | {cost.cpu_s:.2f} s |")
    print("\nCPU time, ratio in one round, median:")
    for label, ratio in ratios.items():
        print(f"  {label}: {ratio:.2f}")
    print("\n| one-image scan with a report | share of its wall time |\n|---|---|")
    for phase, share in shares.items():
        print(f"| {phase} | {share:.0%} |")


if __name__ == "__main__":
    main()
