"""How the scores of a track are pooled: rules compared on forged and genuine videos.

    python benchmarks/pooling.py CLIPS --renderers DATASET/renderers --out runs/pooling

CLIPS is a folder of real videos of people who had no part in training. Each is forged by methods that the
weights were not trained on, encoded again at three rate factors, and scanned as any video is: faces found,
tracked, cut and scored. A rule is good that ranks forged tracks above genuine ones. Videos and scores are kept
in --out: a killed run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from forged_clips import GENUINE, RATE_FACTORS, MadeClip, make_clips
from numpy.typing import NDArray

from forensic_cli.config import FaceSettings, MediaLimits, ModelSettings, Sampling, SamplingRule
from forensic_cli.evidence.pooling import track_score
from forensic_cli.faces.crop import cut_crop
from forensic_cli.faces.detect import detect_stream
from forensic_cli.faces.track import Tracker
from forensic_cli.media import open_media
from forensic_cli.model.inference import Examiner
from train.metrics import auc

Scores = NDArray[np.float64]


def _trimmed_mean(scores: Scores) -> float:
    ordered = np.sort(scores)
    n_cut = len(ordered) // 10
    return float(ordered[n_cut : len(ordered) - n_cut].mean())


def _weighted(scores: Scores, weights: Scores) -> float:
    return float(np.average(scores, weights=weights))


# (scores, face sizes in px, sharpness), each (n,), to the score of the track.
RULES: dict[str, Callable[[Scores, Scores, Scores], float]] = {
    "mean": lambda s, size, sharp: float(s.mean()),
    "trimmed mean, a tenth each side": lambda s, size, sharp: _trimmed_mean(s),
    "median": lambda s, size, sharp: float(np.median(s)),
    "upper quartile": lambda s, size, sharp: float(np.quantile(s, 0.75)),
    "ninth decile": lambda s, size, sharp: float(np.quantile(s, 0.9)),
    "mean weighted by face size": lambda s, size, sharp: _weighted(s, size),
    "mean weighted by sharpness": lambda s, size, sharp: _weighted(s, np.sqrt(sharp)),
    "mean weighted by both": lambda s, size, sharp: _weighted(s, size * np.sqrt(sharp)),
}


def score(clip: MadeClip, examiner: Examiner) -> dict[str, object]:
    """Scans one video, and keeps its longest track."""
    tracker, crops = Tracker(), []
    with open_media(clip.path, Sampling(SamplingRule.ALL), MediaLimits()) as source:
        for detection in detect_stream(source.frames(), FaceSettings()):
            ids = tracker.update(detection.frame, detection.faces)
            crops += [
                cut_crop(detection.frame, face, track_id)
                for track_id, face in zip(ids, detection.faces, strict=True)
            ]
    ids = [crop.track_id for crop in crops]
    longest = max(sorted(set(ids)), key=ids.count) if ids else 0
    track = [crop for crop in crops if crop.track_id == longest]
    readings = examiner.read([crop.image for crop in track])
    return {
        "clip": clip.clip,
        "method": clip.method,
        "rate_factor": clip.rate_factor,
        "scores": [reading.activation.score for reading in readings],
        "face_px": [crop.face.size_px for crop in track],
        "sharpness": [crop.sharpness for crop in track],
    }


def table(records: list[dict[str, object]]) -> list[str]:
    """AUC over clips of each rule and rate factor, with 95% intervals over the clips."""
    lines = [
        "| rule | "
        + " | ".join(f"CRF {crf}" for crf in RATE_FACTORS)
        + " | all (95% interval over clips) | above the mean |"
    ]
    lines.append("|---" * (len(RATE_FACTORS) + 3) + "|")
    means: list[tuple[str, str, int, float]] = []
    for name, rule in RULES.items():
        pooled = [
            (
                str(record["clip"]),
                str(record["method"]),
                int(str(record["rate_factor"])),
                rule(*(np.array(record[key], np.float64) for key in ("scores", "face_px", "sharpness"))),
            )
            for record in records
            if record["scores"]
        ]
        cells = [f"{_auc([entry for entry in pooled if entry[2] == crf]):.3f}" for crf in RATE_FACTORS]
        means = means or pooled
        (low, high), (less, more) = _intervals(pooled, means)
        above = (
            f"{_auc(pooled) - _auc(means):+.4f} ({less:+.4f} to {more:+.4f})" if pooled is not means else ""
        )
        whole = f"{_auc(pooled):.3f} ({low:.3f} to {high:.3f})"
        lines.append(f"| {name} | {' | '.join(cells)} | {whole} | {above} |")
    return lines


def by_method(records: list[dict[str, object]]) -> list[str]:
    """AUC a track of each method and rate factor, scores pooled as a scan pools them; intervals over clips."""
    lines = ["| forged by | " + " | ".join(f"CRF {crf}" for crf in RATE_FACTORS) + " |"]
    lines.append("|---" * (len(RATE_FACTORS) + 1) + "|")
    pooled = [
        (str(record["clip"]), str(record["method"]), int(str(record["rate_factor"])), track_score(scores))
        for record in records
        if len(scores := np.array(record["scores"], np.float64))
    ]
    for method in sorted({entry[1] for entry in pooled} - {GENUINE}):
        cells = []
        for crf in RATE_FACTORS:
            own = [entry for entry in pooled if entry[1] in (GENUINE, method) and entry[2] == crf]
            (low, high), _ = _intervals(own, own)
            cells.append(f"{_auc(own):.2f} ({low:.2f} to {high:.2f})")
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return lines


def _auc(pooled: list[tuple[str, str, int, float]]) -> float:
    genuine = np.array([value for _, method, _, value in pooled if method == GENUINE])
    forged = np.array([value for _, method, _, value in pooled if method != GENUINE])
    return auc(genuine, forged)


def _intervals(
    pooled: list[tuple[str, str, int, float]], others: list[tuple[str, str, int, float]]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Of the AUC, and of what it is above that of another rule, clips resampled alike for both."""
    clips = sorted({entry[0] for entry in pooled})
    rng = np.random.default_rng(1)
    values = []
    for _ in range(1000):
        drawn = [str(clip) for clip in rng.choice(clips, len(clips))]
        own, other = (
            _auc([entry for clip in drawn for entry in rule if entry[0] == clip]) for rule in (pooled, others)
        )
        values.append((own, own - other))
    (low, less), (high, more) = np.quantile(values, [0.025, 0.975], axis=0)
    return (float(low), float(high)), (float(less), float(more))


def main() -> None:
    """Makes the videos, scores them, and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--renderers", type=Path)
    parser.add_argument("--weights", default="", help="a shipped name, or a folder that `train export` wrote")
    parser.add_argument(
        "--methods",
        nargs="+",
        default=["poisson-swap", "decoder-swap", "exemplar-inpaint", "expression-warp"],
    )
    arguments = parser.parse_args()
    examiner = Examiner(
        ModelSettings(weights=arguments.weights, allow_foreign_weights=Path(arguments.weights).is_dir())
    )
    book = arguments.out / f"scores-{examiner.card.sha256[:12]}.jsonl"
    arguments.out.mkdir(parents=True, exist_ok=True)
    records = [json.loads(line) for line in book.read_text().splitlines()] if book.exists() else []
    done = {(record["clip"], record["method"], record["rate_factor"]) for record in records}
    for clip in make_clips(arguments.clips, arguments.out / "videos", arguments.methods, arguments.renderers):
        if (clip.clip, clip.method, clip.rate_factor) in done:
            continue
        records.append(score(clip, examiner))
        with book.open("a") as file:
            file.write(json.dumps(records[-1]) + "\n")
    n_clips = len({record["clip"] for record in records})
    print(f"{len(records)} videos of {n_clips} clips, weights {examiner.card.name}")
    print("\n".join(["", *table(records), "", *by_method(records)]))


if __name__ == "__main__":
    main()
