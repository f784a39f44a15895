"""LabelMe: a JSON file for each picture (https://github.com/wkentaro/labelme)."""

from __future__ import annotations

import base64
import binascii
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
from train.annotate.litter import is_litter
from train.annotate.marks import LABEL, SKIP, base_name, by_file, label_fault, union
from train.annotate.shapes import Points, ShapeError, box_corners, fill_ellipse, fill_polygon, points_of
from train.forge.portrait import BinaryMask

FOLDER_NAME = "labelme"
_VERSION = "5.5.0"
_REMEDY = "Open the picture in LabelMe and save it again."


def write_labelme(
    folder: Path, records: Sequence[CandidateRecord], polygons: Mapping[str, Sequence[Points]]
) -> None:
    """Writes labelme/0001.json and so on; LabelMe opens them as they are.

    Args:
        polygons: a candidate's `file` -> outlines that are there from the beginning.
    """
    for record in records:
        document = {
            "version": _VERSION,
            "flags": {SKIP: False},
            "shapes": [_shape(points) for points in polygons.get(record.file, ())],
            "imagePath": f"../images/{record.file}",
            "imageData": None,
            "imageHeight": INPUT_PX,
            "imageWidth": INPUT_PX,
        }
        path = folder / FOLDER_NAME / f"{record.stem}.json"
        write_atomically(path, (json.dumps(document, indent=2) + "\n").encode())


def read_labelme(place: Path, records: Sequence[CandidateRecord], images: Path) -> Reading:
    """Reads a folder of LabelMe files: polygons, rectangles and circles labelled "forged".

    The flag `skip` leaves a picture out.

    Args:
        place: folder of the JSON files; the pictures themselves may lie there too.
        images: folder of the candidates' pictures; embedded picture data is held against them.
    """
    reading = Reading()
    candidates = {f"{record.stem}.json": record for record in records}
    files = frozenset(by_file(records))
    for path in sorted(place.iterdir()) if place.is_dir() else []:
        if is_litter(path) or path.name in files:
            continue
        name = f"{place.name}/{path.name}"
        record = candidates.get(path.name)
        if record is None:
            reading.faults.append(
                Fault(
                    name,
                    "belongs to no candidate of this folder.",
                    "Give it its candidate's name, or move it away.",
                )
            )
            continue
        painting, faults = _read(path, name, record, images, files)
        reading.paintings[record.file] = painting
        reading.faults += faults
    return reading


def _shape(points: Points) -> dict[str, Any]:
    return {
        "label": LABEL,
        "points": points.tolist(),
        "group_id": None,
        "description": "",
        "shape_type": "polygon",
        "flags": {},
    }


def _read(
    path: Path, name: str, record: CandidateRecord, images: Path, files: frozenset[str]
) -> tuple[Painting, list[Fault]]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        shapes, flags = document["shapes"], document.get("flags") or {}
        image_path = base_name(document["imagePath"])
        width, height = document["imageWidth"], document["imageHeight"]
        marks = [(shape["label"], _filled(shape)) for shape in shapes]
        is_skipped = bool(flags.get(SKIP, False))
        data = document.get("imageData")
    except ShapeError as error:
        remedy = "Delete that shape, and draw a polygon, rectangle or circle."
        return Painting(name, None), [Fault(name, f"{error}", remedy)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Painting(name, None), [Fault(name, f"is no LabelMe file ({error!r}).", _REMEDY)]
    faults = [fault for label, _ in marks if (fault := label_fault(name, label))]
    if image_path != record.file:
        faults.append(_foreign(name, image_path, files))
    size_fault = check_size(name, width, height)
    if size_fault:
        faults.append(size_fault)
    if data is not None and not _shows(data, images / record.file):
        faults.append(
            Fault(
                name,
                f"holds another picture than images/{record.file}: it was painted on another crop.",
                f"Paint images/{record.file} itself.",
            )
        )
    mask = None if faults else union(mask for _, mask in marks)
    return Painting(name, mask, is_skipped), faults


def _foreign(name: str, image_path: str, files: frozenset[str]) -> Fault:
    whose = "another candidate" if image_path in files else "no candidate of this folder"
    return Fault(
        name,
        f"was painted on {image_path!r}, which is {whose}: it is another crop's.",
        "Rename it to fit its picture, or paint the right picture.",
    )


def _filled(shape: dict[str, Any]) -> BinaryMask:
    kind, points = shape.get("shape_type", "polygon"), points_of(shape["points"])
    if kind == "polygon":
        mask = fill_polygon(points)
    elif kind == "rectangle" and len(points) == 2:
        mask = fill_polygon(box_corners(*points[0], *points[1]))
    elif kind == "rectangle" and len(points) == 4:
        mask = fill_polygon(points)
    elif kind == "circle" and len(points) == 2:
        radius_px = float(np.hypot(*(points[1] - points[0])))
        mask = fill_ellipse(points[0, 0], points[0, 1], radius_px, radius_px)
    else:
        raise ShapeError(f"has a shape of the kind {kind!r} with {len(points)} points, which is not read.")
    if not mask.any():
        raise ShapeError(f"has a {kind} that covers no pixel.")
    return mask


def _shows(data: object, image: Path) -> bool:
    """Whether picture data that LabelMe embedded shows the candidate, pixel for pixel."""
    try:
        embedded = cv2.imdecode(
            np.frombuffer(base64.b64decode(str(data), validate=True), np.uint8), cv2.IMREAD_COLOR
        )
    except (binascii.Error, cv2.error):
        return False
    shown = cv2.imread(str(image), cv2.IMREAD_COLOR)
    return embedded is not None and shown is not None and np.array_equal(embedded, shown)
