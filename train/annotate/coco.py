"""COCO: one JSON file for all pictures; polygons and run lengths (https://cocodataset.org/#format-data)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from forensic_cli.model.lae import INPUT_PX
from forensic_cli.provenance.files import write_atomically
from train.annotate.candidates import CandidateRecord
from train.annotate.check import Fault, Painting, Reading, check_size
from train.annotate.marks import LABEL, base_name, by_file, label_fault, union, unknown_fault
from train.annotate.shapes import Points, ShapeError, points_of
from train.forge.portrait import BinaryMask

FILE_NAME = "coco.json"
_CATEGORY_ID = 1


def write_coco(
    folder: Path, records: Sequence[CandidateRecord], polygons: Mapping[str, Sequence[Points]]
) -> None:
    """Writes coco.json with every picture, the category "forged", and outlines that are there already."""
    annotations: list[dict[str, Any]] = []
    for record in records:
        for points in polygons.get(record.file, ()):
            low, high = points.min(axis=0), points.max(axis=0)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": record.rank,
                    "category_id": _CATEGORY_ID,
                    "segmentation": [points.ravel().tolist()],
                    "bbox": [*low.tolist(), *(high - low).tolist()],
                    "area": float(cv2.contourArea(points.astype(np.float32))),
                    "iscrowd": 0,
                }
            )
    images = [
        {"id": record.rank, "file_name": record.file, "width": INPUT_PX, "height": INPUT_PX}
        for record in records
    ]
    categories = [{"id": _CATEGORY_ID, "name": LABEL, "supercategory": ""}]
    document = {"images": images, "annotations": annotations, "categories": categories}
    write_atomically(folder / FILE_NAME, (json.dumps(document, indent=1) + "\n").encode())


def read_coco(path: Path, records: Sequence[CandidateRecord]) -> Reading:
    """Reads a COCO file: polygons, and run lengths compressed or not, by pycocotools.

    A picture without any annotation counts as unpainted.
    """
    reading = Reading()
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        images = {image["id"]: image for image in document["images"]}
        names = {key: base_name(image["file_name"]) for key, image in images.items()}
        sizes = {key: (image["width"], image["height"]) for key, image in images.items()}
        labels = {entry["id"]: entry["name"] for entry in document["categories"]}
        grouped: dict[Any, list[dict[str, Any]]] = {key: [] for key in images}
        for annotation in document["annotations"]:
            grouped.setdefault(annotation["image_id"], []).append(annotation)
            annotation["label"] = labels[annotation["category_id"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        remedy = "Export again as COCO 1.0 with images, annotations and categories."
        reading.faults.append(Fault(path.name, f"is no COCO file ({error!r}).", remedy))
        return reading
    candidates = by_file(records)
    for key, found in grouped.items():
        name = names.get(key, f"image_id {key}")
        if name not in candidates:
            reading.faults.append(unknown_fault(path.name, name))
            continue
        _add(reading, f"{path.name}:{name}", name, sizes[key], found)
    return reading


def _add(
    reading: Reading, label: str, name: str, size: tuple[int, int], annotations: list[dict[str, Any]]
) -> None:
    if name in reading.paintings:
        remedy = "Merge the two, so that every picture is listed once."
        reading.faults.append(Fault(label, "is listed twice.", remedy))
        return
    faults: list[Fault] = []
    masks: list[BinaryMask] = []
    size_fault = check_size(label, *size)
    if size_fault:
        faults.append(size_fault)
    for annotation in annotations:
        fault = label_fault(label, annotation["label"])
        if fault:
            faults.append(fault)
            continue
        try:
            masks.append(_decoded(annotation.get("segmentation")))
        except ShapeError as error:
            faults.append(Fault(label, f"{error}", "Delete that annotation, and draw it again."))
    reading.faults += faults
    reading.paintings[name] = Painting(label, None if faults else union(masks))


def _decoded(segmentation: Any) -> BinaryMask:
    from pycocotools import mask as coco_mask

    try:
        if isinstance(segmentation, list) and segmentation:
            runs = coco_mask.frPyObjects([_ring(ring) for ring in segmentation], INPUT_PX, INPUT_PX)
        elif isinstance(segmentation, dict):
            runs = [_run_lengths(segmentation)]
        else:
            raise ShapeError("has an annotation without a segmentation.")
        mask = coco_mask.decode(coco_mask.merge(runs))
    except (TypeError, ValueError, KeyError) as error:
        if isinstance(error, ShapeError):
            raise
        raise ShapeError(f"has a segmentation that cannot be decoded ({error!r}).") from error
    if not mask.any():
        raise ShapeError("has an annotation that covers no pixel.")
    return np.asarray(mask, np.uint8)


def _ring(values: list[float]) -> list[float]:
    if len(values) % 2 or len(values) < 6:
        raise ShapeError(f"has a polygon of {len(values)} numbers; an area needs six, two for a point.")
    flat: list[float] = points_of(np.asarray(values, np.float64).reshape(-1, 2).tolist()).ravel().tolist()
    return flat


def _run_lengths(segmentation: dict[str, Any]) -> Any:
    """Compressed run lengths of the crop's size.

    pycocotools writes past its memory where the runs do not add up to the size: they are added up first.
    """
    from pycocotools import mask as coco_mask

    height, width = segmentation["size"]
    if (height, width) != (INPUT_PX, INPUT_PX):
        raise ShapeError(f"has run lengths of {width} x {height} pixels, not {INPUT_PX} x {INPUT_PX}.")
    counts = segmentation["counts"]
    runs = counts if isinstance(counts, list) else _uncompressed(counts)
    if any(not isinstance(run, int) or run < 0 for run in runs) or sum(runs) != INPUT_PX * INPUT_PX:
        raise ShapeError(f"has run lengths that do not add up to {INPUT_PX} x {INPUT_PX} pixels.")
    return coco_mask.frPyObjects({"size": [height, width], "counts": runs}, height, width)


def _uncompressed(counts: str) -> list[int]:
    """The run lengths of COCO's text form: five bits a character, differences from the third run on."""
    runs: list[int] = []
    value, shift = 0, 0
    for character in counts.encode("ascii"):
        bits = character - 48
        if not 0 <= bits < 64:
            raise ShapeError("has run lengths with a character that does not belong there.")
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value, shift = 0, 0
    if shift:
        raise ShapeError("has run lengths that break off.")
    return runs
