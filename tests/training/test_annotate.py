"""The to-annotate folder: every format shows the same pictures, and what is drawn comes back."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from inspect import signature
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from forensic_cli.cli.app import app
from forensic_cli.errors import UsageError
from tests.training.forged import write_forged_dataset, write_run
from train.annotate.candidates import CandidateRecord, read_candidates
from train.annotate.coco import read_coco, write_coco
from train.annotate.cvat import read_cvat, write_cvat
from train.annotate.folder import export_candidates
from train.annotate.labelme import read_labelme, write_labelme
from train.annotate.overlays import attention_of, common_scale, overlay, proposed_mask
from train.annotate.png_masks import read_png_masks, write_png_masks
from train.annotate.shapes import box_corners, fill_ellipse, fill_polygon, outlines
from train.cli.select import select
from train.data.crops import read_picture
from train.selection import Selection, select_candidates
from train.trained_run import TrainedRun, load_run

N = 4
RECORD = CandidateRecord(1, "0001.png", "0" * 64, "fake/a.png", "person", "swap", "because")
SECOND = CandidateRecord(2, "0002.png", "0" * 64, "fake/b.png", "person", "swap", "because")


@pytest.fixture(scope="module")
def forged_dataset(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_forged_dataset(dataset, tmp_path_factory.mktemp("forged"))


@pytest.fixture(scope="module")
def run(forged_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    return load_run(write_run(forged_dataset, tmp_path_factory.mktemp("runs") / "run"), forged_dataset)


@pytest.fixture(scope="module")
def selection(forged_dataset: Path, run: TrainedRun) -> Selection:
    return select_candidates(forged_dataset, run, N)


@pytest.fixture(scope="module")
def exported(
    forged_dataset: Path, run: TrainedRun, selection: Selection, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("export") / "to-annotate"
    export_candidates(forged_dataset, out, run, selection)
    return out


@pytest.fixture(scope="module")
def prefilled(
    forged_dataset: Path, run: TrainedRun, selection: Selection, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("prefill") / "to-annotate"
    export_candidates(forged_dataset, out, run, selection, prefill=True)
    return out


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


blobs = st.lists(
    st.tuples(st.integers(40, 216), st.integers(40, 216), st.integers(15, 60), st.integers(15, 60)),
    min_size=1,
    max_size=3,
).map(
    lambda ellipses: np.asarray(
        sum(fill_ellipse(x, y, rx, ry).astype(int) for x, y, rx, ry in ellipses) > 0, np.uint8
    )
)


def test_images_are_the_central_windows_losslessly_with_their_hash(
    exported: Path, forged_dataset: Path
) -> None:
    records = read_candidates(exported)
    assert [record.file for record in records] == ["0001.png", "0002.png", "0003.png", "0004.png"]
    for record in records:
        image = cv2.imread(str(exported / "images" / record.file), cv2.IMREAD_COLOR_RGB)
        window = read_picture(forged_dataset / record.dataset_path)[32:288, 32:288]
        np.testing.assert_array_equal(image, window)
        content = (exported / "images" / record.file).read_bytes()
        assert record.sha256 == hashlib.sha256(content).hexdigest()


def test_candidates_csv_says_what_was_chosen_and_why(exported: Path, selection: Selection) -> None:
    with (exported / "candidates.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["rank", "file", "sha256", "dataset_path", "source_id", "method", "reason"]
    for row, candidate in zip(rows, selection.candidates, strict=True):
        assert row["rank"] == str(candidate.rank)
        assert row["dataset_path"] == candidate.dataset_path
        assert row["reason"] == candidate.reason
        assert row["method"] == candidate.row.method


def test_selection_json_names_dataset_and_checkpoint_by_hash(
    exported: Path, forged_dataset: Path, run: TrainedRun
) -> None:
    document = json.loads((exported / "selection.json").read_text())
    origin = document["origin"]
    assert origin["dataset"] == str(forged_dataset.resolve())
    assert (
        origin["dataset_sha256"] == hashlib.sha256((forged_dataset / "dataset.csv").read_bytes()).hexdigest()
    )
    assert origin["checkpoint_sha256"] == hashlib.sha256(run.folder.best.read_bytes()).hexdigest()
    assert (origin["method"], document["details"]["n_fakes"]) == ("active", 12)
    assert len(document["details"]["regression"]["channels"]) == 10


def test_templates_of_all_formats_are_empty_and_name_every_picture(exported: Path) -> None:
    files = [f"{k:04d}.png" for k in range(1, N + 1)]
    for file in files:
        mask = cv2.imread(str(exported / "masks" / file), cv2.IMREAD_UNCHANGED)
        assert mask.shape == (256, 256)
        assert not mask.any()
        labelme = json.loads((exported / "labelme" / file).with_suffix(".json").read_text())
        assert labelme["imagePath"] == f"../images/{file}"
        assert (labelme["shapes"], labelme["imageData"], labelme["flags"]) == ([], None, {"skip": False})
    coco = json.loads((exported / "coco.json").read_text())
    assert [image["file_name"] for image in coco["images"]] == files
    assert [entry["name"] for entry in coco["categories"]] == ["forged"]
    cvat = ElementTree.parse(exported / "cvat.xml").getroot()
    assert [image.get("name") for image in cvat.findall("image")] == files
    assert not cvat.findall("image/polygon")


def test_prefilled_templates_hold_the_thresholded_attention_in_every_format(
    prefilled: Path, forged_dataset: Path, run: TrainedRun
) -> None:
    records = read_candidates(prefilled)
    crops = [read_picture(forged_dataset / r.dataset_path)[32:288, 32:288] for r in records]
    proposed = [proposed_mask(map_) for map_ in attention_of(run.encoder, crops, "paper")]
    assert any(mask.any() for mask in proposed)
    readings = (
        read_png_masks(prefilled / "masks", records, None),
        read_labelme(prefilled / "labelme", records, prefilled / "images"),
        read_coco(prefilled / "coco.json", records),
        read_cvat(prefilled / "cvat.xml", records),
    )
    for reading in readings:
        assert reading.faults == []
        for record, mask in zip(records, proposed, strict=True):
            found = reading.paintings[record.file].mask
            assert found is not None
            # Polygons have no holes, and take short cuts of less than a pixel.
            filled = fill_holes(mask)
            assert iou(found, mask) == 1 or iou(found, filled) > 0.9


def fill_holes(mask: np.ndarray) -> np.ndarray:
    return np.asarray(sum(fill_polygon(p).astype(int) for p in outlines(mask, 0)) > 0, np.uint8)


def test_a_proposed_mask_is_the_half_of_the_maps_own_maximum_without_specks() -> None:
    attention = np.full((16, 16), -1.0, np.float32)
    attention[4:8, 4:8] = 10.0
    mask = proposed_mask(attention)
    assert mask[96, 96] == 1
    assert 0.8 * 64**2 < mask.sum() < 1.2 * 64**2
    assert not proposed_mask(np.full((16, 16), -1.0, np.float32)).any()


def test_an_overlay_is_the_crop_where_attention_is_not_positive_and_brightest_where_it_peaks() -> None:
    crop = np.full((256, 256, 3), 60, np.uint8)
    attention = np.full((16, 16), -1.0, np.float32)
    attention[:, 8:] = 2.0
    shown = overlay(crop, attention, 2.0)
    np.testing.assert_array_equal(shown[:, :100], crop[:, :100])
    assert (shown[:, 200].astype(int).sum(axis=1) > 2 * 180).all()


def test_the_colour_scale_is_common_and_one_exception_does_not_set_it() -> None:
    maps = [np.full((16, 16), value, np.float32) for value in (1.0, 2.0, 3.0, 4.0, 1000.0)]
    assert common_scale(maps) == 3.0
    assert common_scale([np.full((16, 16), -1.0, np.float32)]) == 1.0


def test_the_contact_sheet_shows_every_candidate(exported: Path) -> None:
    sheet = cv2.imread(str(exported / "contact-sheet.png"), cv2.IMREAD_COLOR)
    assert sheet.shape[1] > 4 * 256
    for k in range(1, N + 1):
        for kind in ("images", "overlays"):
            picture = cv2.imread(str(exported / kind / f"{k:04d}.png"), cv2.IMREAD_COLOR)
            small = cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA)
            difference = cv2.matchTemplate(sheet, small, cv2.TM_SQDIFF)
            assert difference.min() < 1e-3 * small.astype(float).__pow__(2).sum()


def test_the_readme_gives_the_very_command_and_says_what_to_paint(exported: Path, prefilled: Path) -> None:
    text = (exported / "README.md").read_text()
    assert f"lae-forensics train import-masks {exported} --out ./masks" in text
    assert "lae-forensics train stage2 --masks ./masks" in text
    for heading in ("## What to paint", "## What not to paint", "## When to skip"):
        assert heading in text
    assert "The masks are empty" in text
    assert "**prefilled**" in (prefilled / "README.md").read_text()


def test_the_same_selection_makes_the_same_bytes(
    exported: Path, forged_dataset: Path, run: TrainedRun, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    export_candidates(forged_dataset, again, run, select_candidates(forged_dataset, run, N))
    files = sorted(p.relative_to(exported) for p in exported.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(again) for p in again.rglob("*") if p.is_file())
    for file in files:
        expected = (exported / file).read_bytes().replace(str(exported).encode(), str(again).encode())
        assert (again / file).read_bytes() == expected, file


def test_a_folder_that_holds_something_is_left_alone(
    exported: Path, forged_dataset: Path, run: TrainedRun, selection: Selection
) -> None:
    before = (exported / "masks" / "0001.png").stat().st_mtime_ns
    with pytest.raises(UsageError, match="not empty"):
        export_candidates(forged_dataset, exported, run, selection)
    assert (exported / "masks" / "0001.png").stat().st_mtime_ns == before


def select_command(*words: object) -> Result:
    return CliRunner().invoke(app, ["train", "select", *map(str, words)], catch_exceptions=False)


def test_select_on_the_command_line_makes_the_folder_and_counts(
    forged_dataset: Path, run: TrainedRun, tmp_path: Path
) -> None:
    words = (forged_dataset, "--run", run.folder.path, "--n", "3", "--device", "cpu", "--out", tmp_path / "a")
    result = select_command(*words, "--method", "random")
    assert result.exit_code == 0
    assert "3 of the 12 fakes of the training split, at random, seed 20200" in result.stdout
    assert len(read_candidates(tmp_path / "a")) == 3
    with pytest.raises(UsageError, match="not empty"):
        select_command(*words)


def test_the_commands_defaults_are_the_librarys() -> None:
    command, library = (signature(function).parameters for function in (select, select_candidates))
    for name in ("l2", "seed"):
        assert command[name].default == library[name].default
    assert command["images"].default == library["max_images"].default


def test_select_refuses_an_unknown_method(forged_dataset: Path, run: TrainedRun, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'best' is unknown") as caught:
        select_command(forged_dataset, "--run", run.folder.path, "--method", "best", "--out", tmp_path / "a")
    assert "active, random" in caught.value.hint


@settings(max_examples=25, deadline=None)
@given(blobs)
def test_exact_outlines_fill_to_the_same_pixels(mask: np.ndarray) -> None:
    filled = fill_holes(mask)
    # Only holes differ: where the mask has none, not one pixel does.
    assert not (mask & (1 - filled)).any()
    np.testing.assert_array_equal(fill_holes(filled), filled)


@settings(max_examples=15, deadline=None)
@given(mask=blobs)
def test_a_mask_survives_every_format(mask: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("formats")
    records = [RECORD, SECOND]
    polygons = {RECORD.file: outlines(mask)}
    write_png_masks(folder, records, {RECORD.file: mask})
    write_labelme(folder, records, polygons)
    write_coco(folder, records, polygons)
    write_cvat(folder, records, polygons)
    exact = read_png_masks(folder / "masks", records, None).paintings
    np.testing.assert_array_equal(exact[RECORD.file].mask, mask)
    readings = (
        read_labelme(folder / "labelme", records, folder / "images"),
        read_coco(folder / "coco.json", records),
        read_cvat(folder / "cvat.xml", records),
    )
    for reading in readings:
        assert reading.faults == []
        drawn, empty = reading.paintings[RECORD.file].mask, reading.paintings[SECOND.file].mask
        assert drawn is not None
        assert iou(drawn, fill_holes(mask)) > 0.9
        assert empty is not None
        assert not empty.any()
    shutil.rmtree(folder)


@settings(max_examples=20, deadline=None)
@given(mask=blobs, is_compressed=st.booleans())
def test_coco_run_lengths_come_back_exactly(
    mask: np.ndarray, is_compressed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from pycocotools import mask as coco_mask

    runs = coco_mask.encode(np.asfortranarray(mask))
    counts = runs["counts"].decode()
    if not is_compressed:
        flat = mask.ravel(order="F")
        edges = np.flatnonzero(np.diff(np.concatenate([[0], flat])))
        counts = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    path = write_coco_file(
        tmp_path_factory.mktemp("coco"), {"segmentation": {"size": [256, 256], "counts": counts}}
    )
    reading = read_coco(path, [RECORD])
    assert reading.faults == []
    np.testing.assert_array_equal(reading.paintings[RECORD.file].mask, mask)


def write_coco_file(folder: Path, annotation: dict) -> Path:
    document = {
        "images": [{"id": 5, "file_name": "images/0001.png", "width": 256, "height": 256}],
        "annotations": [{"id": 1, "image_id": 5, "category_id": 9, **annotation}],
        "categories": [{"id": 9, "name": "forged"}],
    }
    (folder / "coco.json").write_text(json.dumps(document))
    return folder / "coco.json"


@settings(max_examples=20, deadline=None)
@given(mask=blobs)
def test_cvat_masks_come_back_exactly(mask: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    box = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], box.ravel()])))
    runs = np.diff(np.concatenate([[0], edges, [box.size]]))
    shape = (
        f'<mask label="forged" rle="{", ".join(map(str, runs))}" left="{left}" top="{top}" '
        f'width="{box.shape[1]}" height="{box.shape[0]}"/>'
    )
    reading = read_cvat(write_cvat_file(tmp_path_factory.mktemp("cvat"), shape), [RECORD])
    assert reading.faults == []
    np.testing.assert_array_equal(reading.paintings[RECORD.file].mask, mask)


def write_cvat_file(folder: Path, shapes: str) -> Path:
    path = folder / "cvat.xml"
    image = f'<image id="0" name="0001.png" width="256" height="256">{shapes}</image>'
    path.write_text(f"<annotations><version>1.1</version>{image}</annotations>")
    return path


def test_cvat_boxes_and_ellipses_are_read_turned_or_not(tmp_path: Path) -> None:
    shapes = (
        '<box label="forged" xtl="10" ytl="20" xbr="50" ybr="40"/>'
        '<box label="forged" xtl="80" ytl="120" xbr="120" ybr="140" rotation="90"/>'
        '<ellipse label="forged" cx="200" cy="200" rx="30" ry="10"/>'
    )
    found = read_cvat(write_cvat_file(tmp_path, shapes), [RECORD]).paintings[RECORD.file].mask
    expected = np.zeros((256, 256), np.uint8)
    expected[20:40, 10:50] = 1
    expected[110:150, 90:110] = 1
    assert found is not None
    np.testing.assert_array_equal(found[:170], expected[:170])
    assert found[170:].sum() == pytest.approx(np.pi * 30 * 10, rel=0.02)
    assert (found[200, 171:229] == 1).all()


def test_labelme_rectangles_and_circles_are_read(tmp_path: Path) -> None:
    write_labelme(tmp_path, [RECORD], {})
    path = tmp_path / "labelme" / "0001.json"
    document = json.loads(path.read_text())
    document["shapes"] = [
        {"label": "forged", "shape_type": "rectangle", "points": [[50, 40], [10, 20]]},
        {"label": "forged", "shape_type": "circle", "points": [[200, 200], [200, 230]]},
    ]
    path.write_text(json.dumps(document))
    found = read_labelme(tmp_path / "labelme", [RECORD], tmp_path).paintings[RECORD.file].mask
    assert found is not None
    assert found[20:40, 10:50].all()
    assert found[:100].sum() == 20 * 40
    assert found[100:].sum() == pytest.approx(np.pi * 30**2, rel=0.02)


def test_a_pixel_belongs_to_a_polygon_where_its_centre_does() -> None:
    square = fill_polygon(box_corners(10.4, 10.4, 12.6, 12.6))
    assert square.sum() == 9
    assert square[10:13, 10:13].all()


def test_a_turned_ellipse_lies_clockwise() -> None:
    turned = fill_ellipse(128, 128, 60, 5, rotation_deg=45)
    assert turned[128 + 35, 128 + 35] == 1
    assert turned[128 - 35, 128 + 35] == 0
