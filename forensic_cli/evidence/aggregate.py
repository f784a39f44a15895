"""From crop scores to findings. The only place where thresholds are applied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from forensic_cli.evidence.likelihood import likelihood_rule, with_likelihood_ratio
from forensic_cli.evidence.pooling import track_score, track_scores
from forensic_cli.model.weights import ModelCard
from forensic_cli.types import CropReading, Finding, MediaFacts, MediaKind, TrackResult, Verdict

_MIN_FRAMES = 3
# dlib's HOG scores most faces above 1. What it takes for a face and is none (badges, patterns) stayed
# below 0.4 where it was tried; a track that never rises above this is too doubtful to accuse.
_MIN_CONFIDENCE = 0.3
_MIN_FRAMES_FOR_INTERVAL = 5
_N_RESAMPLES = 2000
_MAX_PICKED = 1 << 18


def aggregation_rule(card: ModelCard) -> tuple[str, ...]:
    """The rule below in sentences, for the report."""
    return (
        "The score of a crop is a_F - a_T, the mean activation of the latent vector's fake half less "
        "that of its true half: the higher, the more the crop resembles the forgeries of the training.",
        "The score of a track is the mean of its crops' scores. Its 95% interval comes from a moving-block "
        "bootstrap over the frames "
        f"({_N_RESAMPLES} resamples, seeded), since neighbouring frames resemble each other; it is "
        f"given from {_MIN_FRAMES_FOR_INTERVAL} frames on. It describes the variation over the frames of "
        "this track alone, not the error of the model.",
        f"A track reads 'likely forged' at a score of {card.forged_threshold:.3f} or more, 'no support' "
        f"below {card.no_support_threshold:.3f}, and 'inconclusive' between the two. It is also "
        f"inconclusive where the median face is smaller than {card.smallest_face_px} px, where a video shows "
        f"it in fewer than {_MIN_FRAMES} of its sampled frames, or where the detector's confidence never "
        f"reaches {_MIN_CONFIDENCE:g}.",
        "An item reads as its most incriminating track does, in the order likely forged, inconclusive, "
        "no support; its score is the highest among the tracks of that reading. The more tracks an item "
        "has, the more likely it is that one of them passes the threshold by chance.",
        *likelihood_rule(card.calibration),
    )


def bootstrap_interval(scores: NDArray[np.float64], seed: int) -> tuple[float, float] | None:
    """95% interval of a track's score by moving-block bootstrap (Kuensch 1989).

    Blocks are ceil(sqrt(n)) frames long.

    Args:
        scores: (n,) in the order of time.

    Returns:
        (low, high), or None below five frames.
    """
    n = len(scores)
    if n < _MIN_FRAMES_FOR_INTERVAL:
        return None
    block = math.ceil(math.sqrt(n))
    rng = np.random.default_rng(seed)
    n_blocks = math.ceil(n / block)
    # In slices, so that a track of 20,000 frames does not ask for 2,000 times its length at once.
    n_a_slice = max(1, _MAX_PICKED // n)
    resampled = []
    for begin in range(0, _N_RESAMPLES, n_a_slice):
        starts = rng.integers(0, n - block + 1, (min(n_a_slice, _N_RESAMPLES - begin), n_blocks))
        picked = (starts[..., None] + np.arange(block)).reshape(len(starts), -1)[:, :n]
        resampled.append(track_scores(scores[picked]))
    low, high = np.percentile(np.concatenate(resampled), [2.5, 97.5])
    return float(low), float(high)


def track_finding(
    readings: Sequence[CropReading], card: ModelCard, facts: MediaFacts, n_frames_used: int, seed: int
) -> Finding:
    """The finding of one track, with its likelihood ratio where the weights are calibrated.

    Args:
        readings: at least one, in the order of time.
        facts: of the item: a video needs three frames of a face, an image has one.
        n_frames_used: frames of the item that were examined.
        seed: of the bootstrap.
    """
    scores = np.array([reading.score for reading in readings], np.float64)
    score = track_score(scores)
    interval = bootstrap_interval(scores, seed)
    doubts = _doubts(readings, card, facts.kind, n_frames_used)
    verdict, reasons = (Verdict.INCONCLUSIVE, doubts) if doubts else _by_thresholds(score, card)
    finding = Finding(verdict, reasons, score, interval)
    return with_likelihood_ratio(finding, readings, card, facts, doubts)


def _doubts(
    readings: Sequence[CropReading], card: ModelCard, kind: MediaKind, n_frames_used: int
) -> tuple[str, ...]:
    """Why a track cannot be read, whatever it scores."""
    median_px = float(np.median([reading.face_px for reading in readings]))
    doubts = []
    if median_px < card.smallest_face_px:
        doubts.append(
            f"The median face measures {median_px:.0f} px; the weights were validated "
            f"from {card.smallest_face_px} px on."
        )
    confidence = max(reading.confidence for reading in readings)
    if confidence < _MIN_CONFIDENCE:
        doubts.append(f"The detector is not sure that it is a face: its best confidence is {confidence:.2f}.")
    if kind is MediaKind.VIDEO and len(readings) < _MIN_FRAMES:
        doubts.append(f"The face was found in {len(readings)} of {n_frames_used} frames examined.")
    return tuple(doubts)


def _by_thresholds(score: float, card: ModelCard) -> tuple[Verdict, tuple[str, ...]]:
    if score >= card.forged_threshold:
        reason = f"The score {score:.3f} reaches the threshold {card.forged_threshold:.3f}."
        return Verdict.LIKELY_FORGED, (reason,)
    if score < card.no_support_threshold:
        reason = f"The score {score:.3f} lies below {card.no_support_threshold:.3f}."
        return Verdict.NO_SUPPORT, (reason,)
    reason = (
        f"The score {score:.3f} lies between {card.no_support_threshold:.3f} and "
        f"{card.forged_threshold:.3f}, where the weights do not separate genuine from forged."
    )
    return Verdict.INCONCLUSIVE, (reason,)


_ORDER = (Verdict.LIKELY_FORGED, Verdict.INCONCLUSIVE, Verdict.NO_SUPPORT)


def item_finding(tracks: Sequence[TrackResult]) -> Finding:
    """The finding of an item, from its tracks."""
    if not tracks:
        return Finding(
            Verdict.NO_FACE,
            ("No face was found in the frames examined. That says nothing about the item's origin.",),
        )
    for verdict in _ORDER:
        matching = [track for track in tracks if track.finding.verdict is verdict]
        if matching:
            break
    leading = max(matching, key=lambda track: (track.finding.score or 0.0, -track.track_id))
    among = "the only track" if len(tracks) == 1 else f"{len(matching)} of {len(tracks)} tracks"
    reasons = (f"Read from {among}; track {leading.track_id} leads.", *leading.finding.reasons)
    return replace(leading.finding, reasons=reasons)
