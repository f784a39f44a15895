"""The settings of a scan in words, for the report."""

from __future__ import annotations

from forensic_cli.config import HeatmapChoice, ScanConfig
from forensic_cli.evidence.exhibits import N_TOP
from forensic_cli.faces.crop import CROP_MARGIN, CROP_PX
from forensic_cli.isolation import describe_isolation


def describe(config: ScanConfig, batch_description: str) -> tuple[tuple[str, str], ...]:
    """Every setting that can move a result, as (name, value).

    Args:
        batch_description: crops in a forward pass, see `model.inference.BatchReader`.
    """
    faces, limits = config.faces, config.limits
    heatmaps = {
        HeatmapChoice.NONE: "none",
        HeatmapChoice.TOP: f"the {N_TOP} crops with the highest scores of each track",
        HeatmapChoice.ALL: "every crop",
    }
    return (
        ("Sampling of videos", config.sampling.description),
        ("Face detector", faces.detector.value),
        ("Smallest face searched", f"{faces.min_face_px} px"),
        ("Searched for faces", faces.search.description),
        ("Faces a frame, at most", str(faces.max_faces_per_frame)),
        ("Crop", f"square, {CROP_MARGIN:g} times the longer side of the face, {CROP_PX} x {CROP_PX} px"),
        ("Heatmaps", heatmaps[config.heatmaps]),
        ("Convolutions computed by", config.model.backend.value),
        ("Crops a batch", batch_description),
        ("Pixels of a picture, at most", f"{limits.max_pixels:,}"),
        ("Frames of a video, at most", f"{limits.max_frames:,}"),
        ("Seconds of a video, at most", f"{limits.max_duration_s:g}"),
        ("Streams of a file, at most", f"{limits.max_streams:,}"),
        ("Coded frames of a video looked at, at most", f"{limits.max_packets:,}"),
        *describe_isolation(config.isolation),
        ("Seed of the intervals", str(config.seed)),
    )
