"""Walks the whole training loop as a user would, from photographs to a scan with the new weights.

    python scripts/training_loop.py --short
    python scripts/training_loop.py --photos ./photos --index photos.csv --reserve london --work ./loop

prepare -> forge -> stage1 -> select -> masks -> import-masks -> stage2 -> evaluate -> calibrate ->
export -> scan. Of the masks three are drawn as a hasty hand would, as ellipses; the others are the
exact ones. Without --photos the photographs are warped and tinted variants of the public-domain portrait
that scikit-image carries: enough to walk the loop, and nothing to learn from. `--short` does so in
minutes, and ends with an error if any step fails or any result is missing.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from skimage.data import astronaut

from forensic_cli.model.weights import load_catalogue
from train.annotate.candidates import read_candidates
from train.annotate.imported import exact_masks
from train.data.dataset import DATASET_NAME

ROOT = Path(__file__).resolve().parents[1]
# The part of the portrait around the face, with room to warp it.
FACE_BOX = (96, 0, 356, 260)
N_DRAWN_BY_HAND = 3
RECIPE = """
name = "loop"
source = "forge"
n_images = {n_images}
batch_size = 8
lr = 1e-5
beta_perceptual = 0.0
beta_adversarial = 0.01
precision = "32-true"
ema_decay = 0.9
n_workers = 0
validate_every = 100000
checkpoint_every = 100000
held_out = ["poisson-swap"]
[methods]
self-blend = 0.5
landmark-swap = 0.5
"""


def main() -> None:
    """Walks the loop."""
    arguments = _arguments()
    work: Path = arguments.work or Path(tempfile.mkdtemp(prefix="lae-loop-"))
    work.mkdir(parents=True, exist_ok=True)
    photos, prepared = arguments.photos, ["--index", str(arguments.index)] if arguments.index else []
    for name in arguments.reserve:
        prepared += ["--reserve", name]
    if photos is None:
        photos = work / "photos"
        make_photographs(photos, n_train=24, n_reserved=100)
        prepared = ["--index", str(photos / "photos.csv"), "--reserve", "reserved"]
    size = {"n": 64, "masks": 6, "images": 16, "measured": 6} if arguments.short else vars(arguments)
    recipe = work / "loop.toml"
    recipe.write_text(RECIPE.format(n_images=size["images"]), encoding="utf-8")
    weights = load_catalogue(ROOT / "weights")
    # The recipe trains the paper's encoder at 256 px: it goes on from weights of that.
    start = weights.path(weights.card("lae-face-v1"))

    data, forged, one, two = (work / name for name in ("data", "forged", "stage1", "stage2"))
    run("train", "prepare", photos, *prepared, "--out", data)
    run("train", "forge", data, "--out", forged, "--method", "landmark-swap", "--method", "self-blend",
        "--n", size["n"], "--jobs", 1)  # fmt: skip
    run(
        "train",
        "stage1",
        forged,
        "--run",
        one,
        "--recipe",
        recipe,
        "--start-from",
        start,
        "--device",
        "cpu",
    )
    run("train", "select", forged, "--run", one, "--n", size["masks"], "--out", work / "to-annotate")
    paint(forged, work / "to-annotate")
    run("train", "import-masks", work / "to-annotate", "--out", work / "masks")
    run("train", "stage2", "--masks", work / "masks", "--run", two, "--epochs", 1, "--device", "cpu")
    run("train", "evaluate", forged, "--run", two, "--n", size["measured"])
    run("train", "calibrate", forged, "--run", two)
    run("train", "export", forged, "--run", two, "--name", "loop", "--out", work / "weights")
    picture = next(path for path in sorted(photos.rglob("*")) if path.suffix in {".png", ".jpg", ".jpeg"})
    run(
        "scan",
        picture,
        "--report",
        work / "out.pdf",
        "--weights",
        work / "weights",
        "--allow-foreign-weights",
    )
    check(work)
    if arguments.work is None:
        shutil.rmtree(work)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--short", action="store_true", help="few photographs, few steps")
    parser.add_argument("--photos", type=Path, help="folder of real photographs")
    parser.add_argument("--index", type=Path, help="CSV with path, identity, set")
    parser.add_argument("--reserve", action="append", default=[], help="set that is never trained on")
    parser.add_argument("--work", type=Path, help="folder to work in; a temporary one, removed, by default")
    parser.add_argument("--n", type=int, default=200, help="forgeries of each method")
    parser.add_argument("--masks", type=int, default=50, help="masks")
    parser.add_argument("--images", type=int, default=2000, help="images of stage 1")
    parser.add_argument("--measured", type=int, default=50, help="photographs of each method, to measure on")
    return parser.parse_args()


def run(*words: object) -> None:
    """Runs a command of this program as a user would; stops the walk if it fails."""
    line = ["lae-forensics", *(str(word) for word in words)]
    print("$ " + " ".join(line), flush=True)
    program = Path(sys.executable).with_name("lae-forensics")
    subprocess.run([str(program), *line[1:]], check=True, stdin=subprocess.DEVNULL)


def make_photographs(folder: Path, n_train: int, n_reserved: int) -> None:
    """Writes variants of one portrait, each an "identity", and photos.csv."""
    folder.mkdir(parents=True)
    left, top, right, bottom = FACE_BOX
    portrait = astronaut()[top:bottom, left:right]
    side = portrait.shape[0]
    rows = []
    for number in range(n_train + n_reserved):
        rng = np.random.default_rng([5, number])
        linear = np.eye(2) + rng.uniform(-0.08, 0.08, (2, 2))
        centre = side / 2
        matrix = np.column_stack([linear, centre - linear @ [centre, centre]])
        warped = cv2.warpAffine(portrait, matrix, (side, side), borderMode=cv2.BORDER_REFLECT_101)
        tinted = np.clip(warped * rng.uniform(0.75, 1.2, 3) + rng.uniform(-15, 15, 3), 0, 255).astype(
            np.uint8
        )
        name = f"person-{number:03d}.png"
        cv2.imwrite(str(folder / name), cv2.cvtColor(tinted, cv2.COLOR_RGB2BGR))
        rows.append((name, f"person-{number:03d}", "trained" if number < n_train else "reserved"))
    with (folder / "photos.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("path", "identity", "set"), *rows])


def paint(dataset: Path, folder: Path) -> None:
    """Paints the to-annotate folder: a few masks by hand, as ellipses, the others exactly."""
    candidates = read_candidates(folder)
    exact = exact_masks(dataset, [candidate.dataset_path for candidate in candidates])
    for number, (candidate, annotated) in enumerate(zip(candidates, exact, strict=True)):
        mask = annotated.mask * np.uint8(255)
        if number < N_DRAWN_BY_HAND:
            x, y, width, height = cv2.boundingRect(mask)
            drawn = np.zeros_like(mask)
            centre = (x + width // 2, y + height // 2)
            cv2.ellipse(drawn, centre, (max(width // 2, 4), max(height // 2, 4)), 0, 0, 360, 255, -1)
            mask = drawn
        cv2.imwrite(str(folder / "masks" / candidate.file), mask)


def check(work: Path) -> None:
    """Every step left what it promises, and the report was made with the new weights."""
    catalogue = json.loads((work / "weights" / "weights.json").read_text(encoding="utf-8"))
    results = (work / "out-results" / "results.jsonl").read_text(encoding="utf-8").splitlines()
    manifest = json.loads((work / "out-results" / "manifest.json").read_text(encoding="utf-8"))
    entry = catalogue["weights"][0]
    assert entry["name"] == "loop"
    assert entry["calibration"]["n_identities"] >= 20
    assert len(results) == 1
    assert manifest["model"]["sha256"] == entry["sha256"], "the scan used other weights"
    assert (work / "out.pdf").read_bytes().startswith(b"%PDF")
    assert (work / "forged" / DATASET_NAME).exists()
    print(
        f"The whole loop ran; {len(results)} item scanned with weights of SHA-256 {entry['sha256'][:12]}..."
    )


if __name__ == "__main__":
    main()
