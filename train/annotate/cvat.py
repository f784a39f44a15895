"""CVAT: one XML file, "CVAT for images 1.1" (https://docs.cvat.ai/docs/manual/advanced/xml_format/)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from forensic_cli.model.lae import INPUT_PX
from forensic_cli.provenance.files import write_atomically
from train.annotate.candidates import CandidateRecord
from train.annotate.check import Fault, Painting, Reading, check_size
from train.annotate.marks import LABEL, SKIP, base_name, by_file, label_fault, union, unknown_fault
from train.annotate.shapes import Points, ShapeError, box_corners, fill_ellipse, fill_polygon, points_of
from train.forge.portrait import BinaryMask

FILE_NAME = "cvat.xml"
_REMEDY = 'Export the task again as "CVAT for images 1.1", and give its annotations.xml.'
_Attributes = Mapping[str, str]


def write_cvat(
    folder: Path, records: Sequence[CandidateRecord], polygons: Mapping[str, Sequence[Points]]
) -> None:
    """Writes cvat.xml with every picture, the labels "forged" and "skip", and outlines that are there."""
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    labels = ElementTree.SubElement(
        ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "task"), "labels"
    )
    for name in (LABEL, SKIP):
        ElementTree.SubElement(ElementTree.SubElement(labels, "label"), "name").text = name
    for index, record in enumerate(records):
        attributes = {
            "id": str(index),
            "name": record.file,
            "width": str(INPUT_PX),
            "height": str(INPUT_PX),
        }
        image = ElementTree.SubElement(root, "image", attributes)
        for points in polygons.get(record.file, ()):
            text = ";".join(f"{x:.2f},{y:.2f}" for x, y in points)
            shape = {"label": LABEL, "source": "auto", "occluded": "0", "points": text, "z_order": "0"}
            ElementTree.SubElement(image, "polygon", shape)
    ElementTree.indent(root)
    content = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"
    write_atomically(folder / FILE_NAME, content)


def read_cvat(path: Path, records: Sequence[CandidateRecord]) -> Reading:
    """Reads polygons, boxes, ellipses and masks labelled "forged"; a tag "skip" leaves a picture out."""
    reading = Reading()
    try:
        content = path.read_bytes()
        # Nothing that CVAT writes has a document type; entities in one could expand without end.
        if b"<!DOCTYPE" in content:
            raise ValueError("it declares a document type")
        root = ElementTree.fromstring(content)
        if root.tag != "annotations" or root.find("track") is not None:
            raise ValueError("it holds no annotations of single images")
    except (OSError, ElementTree.ParseError, ValueError) as error:
        reading.faults.append(Fault(path.name, f'is no file of "CVAT for images": {error}.', _REMEDY))
        return reading
    candidates = by_file(records)
    for image in root.findall("image"):
        name = base_name(image.get("name", ""))
        if name not in candidates:
            reading.faults.append(unknown_fault(path.name, name))
            continue
        label = f"{path.name}:{name}"
        if name in reading.paintings:
            remedy = "Merge the two, so that every picture is listed once."
            reading.faults.append(Fault(label, "is listed twice.", remedy))
            continue
        reading.paintings[name], faults = _read(image, label)
        reading.faults += faults
    return reading


def _read(image: ElementTree.Element, label: str) -> tuple[Painting, list[Fault]]:
    faults: list[Fault] = []
    masks: list[BinaryMask] = []
    is_skipped = False
    try:
        size_fault = check_size(label, int(image.attrib["width"]), int(image.attrib["height"]))
    except (KeyError, ValueError):
        size_fault = Fault(label, "has no size.", _REMEDY)
    if size_fault:
        faults.append(size_fault)
    for shape in image:
        if shape.tag == "tag" and shape.get("label") == SKIP:
            is_skipped = True
            continue
        fault = label_fault(label, shape.get("label"))
        if fault:
            faults.append(fault)
            continue
        try:
            masks.append(_filled(shape.tag, shape.attrib))
        except ShapeError as error:
            remedy = "Delete that shape, and draw a polygon, rectangle, ellipse or mask."
            faults.append(Fault(label, f"{error}", remedy))
    return Painting(label, None if faults else union(masks), is_skipped), faults


def _filled(kind: str, attributes: _Attributes) -> BinaryMask:
    try:
        rotation_deg = float(attributes.get("rotation", "0"))
        if kind == "polygon":
            pairs = [pair.split(",") for pair in attributes["points"].split(";")]
            mask = fill_polygon(points_of([[float(value) for value in pair] for pair in pairs]))
        elif kind == "box":
            x0, y0, x1, y1 = (float(attributes[name]) for name in ("xtl", "ytl", "xbr", "ybr"))
            mask = fill_polygon(box_corners(x0, y0, x1, y1, rotation_deg))
        elif kind == "ellipse":
            x, y, radius_x, radius_y = (float(attributes[name]) for name in ("cx", "cy", "rx", "ry"))
            mask = fill_ellipse(x, y, radius_x, radius_y, rotation_deg)
        elif kind == "mask":
            mask = _run_lengths(attributes)
        else:
            raise ShapeError(f"has a shape of the kind {kind!r}, which is no area.")
    except (KeyError, ValueError) as error:
        if isinstance(error, ShapeError):
            raise
        raise ShapeError(f"has a {kind} that cannot be read ({error!r}).") from error
    if not mask.any():
        raise ShapeError(f"has a {kind} that covers no pixel.")
    return mask


def _run_lengths(attributes: _Attributes) -> BinaryMask:
    """CVAT's masks: runs of 0 and 1 in turn, row by row, of a box within the picture."""
    runs = [int(run) for run in attributes["rle"].split(",")]
    left, top, width, height = (round(float(attributes[name])) for name in ("left", "top", "width", "height"))
    is_within = left >= 0 and top >= 0 and left + width <= INPUT_PX and top + height <= INPUT_PX
    if not is_within or min(width, height) < 1:
        raise ShapeError("has a mask that reaches out of the picture.")
    if min(runs) < 0 or sum(runs) != width * height:
        raise ShapeError("has a mask whose run lengths do not add up to its box.")
    values = np.repeat(np.arange(len(runs)) % 2, runs).astype(np.uint8)
    mask = np.zeros((INPUT_PX, INPUT_PX), np.uint8)
    mask[top : top + height, left : left + width] = values.reshape(height, width)
    return mask
