"""Masks come back checked: every fault has its own message, names its file and its remedy."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from forensic_cli.cli.app import app
from forensic_cli.errors import UsageError
from tests.training.forged import disc, paint, training_fakes, write_forged_dataset, write_run
from train.annotate.candidates import read_candidates
from train.annotate.check import Fault, MaskFaultsError
from train.annotate.collect import Collected, collect
from train.annotate.folder import export_candidates
from train.annotate.imported import exact_masks, read_masks, read_origin
from train.annotate.masks_folder import write_masks
from train.annotate.settings import CollectSettings, Source
from train.data.dataset import DatasetRow, read_dataset, write_dataset
from train.selection import select_candidates
from train.trained_run import load_run

N = 4
FILES = tuple(f"{k:04d}.png" for k in range(1, N + 1))
PNG = CollectSettings(Source.PNG)


@pytest.fixture(scope="module")
def forged_dataset(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_forged_dataset(dataset, tmp_path_factory.mktemp("forged"))


@pytest.fixture(scope="module")
def templates(forged_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An empty and a prefilled to-annotate folder."""
    run = load_run(write_run(forged_dataset, tmp_path_factory.mktemp("runs") / "run"), forged_dataset)
    selection = select_candidates(forged_dataset, run, N)
    folders = tuple(tmp_path_factory.mktemp(name) / "to-annotate" for name in ("empty", "prefilled"))
    for folder, prefill in zip(folders, (False, True), strict=True):
        export_candidates(forged_dataset, folder, run, selection, prefill)
    return folders[0], folders[1]


@pytest.fixture
def unpainted(templates: tuple[Path, Path], tmp_path: Path) -> Path:
    """A to-annotate folder as `train select` left it."""
    return shutil.copytree(templates[0], tmp_path / "to-annotate")


@pytest.fixture
def prefilled(templates: tuple[Path, Path], tmp_path: Path) -> Path:
    return shutil.copytree(templates[1], tmp_path / "prefilled")


@pytest.fixture
def painted(unpainted: Path) -> Path:
    """Every mask painted, each somewhere else."""
    for k, file in enumerate(FILES):
        paint(unpainted, file, disc(60 + 40 * k))
    return unpainted


def only_fault(folder: Path, settings: CollectSettings = PNG) -> Fault:
    with pytest.raises(MaskFaultsError) as caught:
        collect(folder, settings)
    (fault,) = caught.value.faults
    return fault


def command(*words: object) -> Result:
    return CliRunner().invoke(app, ["train", "import-masks", *map(str, words)], catch_exceptions=False)


def accounted(collected: Collected) -> int:
    return len(collected.masks) + len(collected.skipped) + len(collected.unpainted)


# What comes back


def test_painted_masks_come_back_to_the_pixel_with_their_crops(painted: Path) -> None:
    collected = collect(painted)
    assert collected.source is Source.PNG
    records = read_candidates(painted)
    for k, entry in enumerate(collected.masks):
        np.testing.assert_array_equal(entry.mask, disc(60 + 40 * k) > 0)
        assert entry.record == records[k]
    assert accounted(collected) == N


@pytest.mark.parametrize(
    "disguise",
    [
        lambda mask: mask // 255,
        lambda mask: cv2.merge([mask, mask, mask]),
        lambda mask: cv2.merge([mask, mask, mask, np.full_like(mask, 255)]),
    ],
    ids=["0 and 1", "RGB", "opaque RGBA"],
)
def test_masks_as_editors_save_them_are_accepted(painted: Path, disguise) -> None:
    paint(painted, "0002.png", disguise(disc(77)))
    np.testing.assert_array_equal(collect(painted).masks[1].mask, disc(77) > 0)


def test_litter_of_the_operating_system_is_no_mask(painted: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", "._0001.png"):
        (painted / "masks" / name).write_bytes(b"x")
    assert len(collect(painted).masks) == N


# One message each


def test_a_mask_of_another_size_names_both_sizes(painted: Path) -> None:
    paint(painted, "0002.png", cv2.resize(disc(), (128, 100)))
    fault = only_fault(painted)
    assert fault.file == "masks/0002.png"
    assert "128 x 100 pixels, not 256 x 256" in fault.message
    assert "Do not crop or scale" in fault.remedy


def test_a_mask_of_the_datasets_own_crop_is_told_apart_from_other_sizes(painted: Path) -> None:
    paint(painted, "0002.png", np.pad(disc(), 32))
    fault = only_fault(painted)
    assert "320 x 320" in fault.message
    assert "dataset's own crop" in fault.message
    assert "images/" in fault.remedy


def test_grey_values_are_counted_and_named_and_a_threshold_offered(painted: Path) -> None:
    mask = disc()
    mask[10, 10:13] = (7, 128, 200)
    paint(painted, "0003.png", mask)
    fault = only_fault(painted)
    assert fault.file == "masks/0003.png"
    assert "3 pixels that are neither 0 nor 255 (values 7, 128, 200)" in fault.message
    assert "--threshold 128" in fault.remedy


def test_a_threshold_accepts_grey_values_at_or_above_it(painted: Path) -> None:
    mask = disc()
    mask[10, 10:13] = (127, 128, 200)
    paint(painted, "0003.png", mask)
    found = collect(painted, CollectSettings(Source.PNG, threshold=128)).masks[2].mask
    assert found[10, 10:13].tolist() == [0, 1, 1]


def test_coloured_pixels_are_counted(painted: Path) -> None:
    mask = cv2.merge([disc(), disc(), disc()])
    mask[0, :5] = (0, 0, 255)
    paint(painted, "0001.png", mask)
    fault = only_fault(painted)
    assert "5 coloured pixels" in fault.message
    assert "white on black" in fault.remedy


def test_transparent_pixels_are_not_guessed_at(painted: Path) -> None:
    paint(painted, "0001.png", cv2.merge([disc(), disc(), disc(), disc()]))
    fault = only_fault(painted)
    assert "transparent pixels" in fault.message
    assert "Flatten" in fault.remedy


def test_sixteen_bits_are_told(painted: Path) -> None:
    paint(painted, "0001.png", disc().astype(np.uint16) * 257)
    assert "16 bits" in only_fault(painted).message


def test_a_jpeg_named_png_is_told(painted: Path) -> None:
    (painted / "masks" / "0001.png").write_bytes(cv2.imencode(".jpg", disc())[1].tobytes())
    assert "is no PNG" in only_fault(painted).message


def test_a_damaged_png_is_told(painted: Path) -> None:
    path = painted / "masks" / "0001.png"
    path.write_bytes(path.read_bytes()[:30])
    assert "damaged" in only_fault(painted).message


def test_an_empty_mask_is_told_with_three_ways_on(painted: Path) -> None:
    paint(painted, "0004.png", np.zeros((256, 256), np.uint8))
    fault = only_fault(painted)
    assert (fault.file, fault.message) == ("masks/0004.png", "is empty: nothing is painted.")
    assert "skipped.txt" in fault.remedy
    assert "--allow-missing" in fault.remedy


def test_a_missing_mask_is_told(painted: Path) -> None:
    (painted / "masks" / "0004.png").unlink()
    fault = only_fault(painted)
    assert (fault.file, fault.message) == ("0004.png", "has no annotation (png).")
    assert "--allow-missing" in fault.remedy


def test_a_mask_of_an_unknown_name_is_told_with_an_example(painted: Path) -> None:
    paint(painted, "0001_mask.png", disc())
    fault = only_fault(painted)
    assert fault.file == "masks/0001_mask.png"
    assert "no candidate" in fault.message
    assert "0001.png" in fault.remedy


def test_a_mask_in_another_file_format_is_told(painted: Path) -> None:
    (painted / "masks" / "0001.xcf").write_bytes(b"gimp")
    assert "is a .xcf, not the PNG 0001.png" in only_fault(painted).message


def test_a_mask_that_covers_everything_hints_at_an_exchange_of_black_and_white(painted: Path) -> None:
    paint(painted, "0001.png", 255 - disc(radius_px=10))
    fault = only_fault(painted)
    assert "covers 99.5% of the crop" in fault.message
    assert "invert" in fault.remedy
    assert len(collect(painted, CollectSettings(Source.PNG, allow_unusual=True)).masks) == N


def test_a_stray_dot_is_told(painted: Path) -> None:
    dot = np.zeros((256, 256), np.uint8)
    dot[5, 5:10] = 255
    paint(painted, "0001.png", dot)
    fault = only_fault(painted)
    assert "covers 5 pixels only" in fault.message
    assert "stray dots" in fault.remedy


def test_the_mask_of_another_crop_is_told_with_its_name(painted: Path) -> None:
    shutil.copy(painted / "masks" / "0001.png", painted / "masks" / "0003.png")
    fault = only_fault(painted)
    assert fault.file == "masks/0003.png"
    assert "the mask of 0001.png" in fault.message
    assert "another crop's" in fault.message
    assert len(collect(painted, CollectSettings(Source.PNG, allow_unusual=True)).masks) == N


def test_a_picture_that_was_painted_over_is_told(painted: Path) -> None:
    cv2.imwrite(str(painted / "images" / "0002.png"), disc())
    fault = only_fault(painted)
    assert fault.file == "images/0002.png"
    assert "not the picture that was exported" in fault.message
    assert "masks/" in fault.remedy


def test_a_picture_that_is_gone_is_told(painted: Path) -> None:
    (painted / "images" / "0002.png").unlink()
    assert "cannot be read" in only_fault(painted).message


def test_all_faults_are_reported_together_and_nothing_is_written(painted: Path, tmp_path: Path) -> None:
    paint(painted, "0001.png", np.zeros((256, 256), np.uint8))
    paint(painted, "0002.png", np.full((256, 256), 90, np.uint8))
    paint(painted, "0009.png", disc())
    with pytest.raises(MaskFaultsError, match="3 faults in 3 files") as caught:
        collect(painted)
    assert {fault.file for fault in caught.value.faults} == {
        f"masks/{name}.png" for name in ("0001", "0002", "0009")
    }
    assert len({fault.message for fault in caught.value.faults}) == 3
    with pytest.raises(UsageError, match="Nothing was written"):
        command(painted, "--out", tmp_path / "masks")
    assert not (tmp_path / "masks").exists()


# Left out on purpose


def test_allow_missing_leaves_unpainted_ones_out_and_counts_them(painted: Path, tmp_path: Path) -> None:
    (painted / "masks" / "0002.png").unlink()
    paint(painted, "0003.png", np.zeros((256, 256), np.uint8))
    result = command(painted, "--out", tmp_path / "masks", "--allow-missing")
    assert result.exit_code == 0
    assert "2 masks + 0 skipped + 2 unpainted = 4 candidates" in result.stdout
    assert "unpainted: 0002.png, 0003.png" in result.stdout
    assert [mask.file.name for mask in read_masks(tmp_path / "masks")] == ["0001.png", "0004.png"]


def test_skipped_ones_are_listed_with_or_without_ending_and_with_remarks(painted: Path) -> None:
    for file in FILES[:2]:
        paint(painted, file, np.zeros((256, 256), np.uint8))
    (painted / "skipped.txt").write_text("0001  # cannot see it\n\n0002.png\n# a remark\n")
    collected = collect(painted)
    assert collected.skipped == ("0001.png", "0002.png")
    assert accounted(collected) == N


def test_skipped_and_painted_at_once_is_told(painted: Path) -> None:
    (painted / "skipped.txt").write_text("0001\n")
    fault = only_fault(painted)
    assert fault.file == "masks/0001.png"
    assert "painted, and listed in skipped.txt" in fault.message


def test_an_unknown_name_in_the_list_of_skipped_ones_is_told(painted: Path) -> None:
    (painted / "skipped.txt").write_text("0099\n")
    fault = only_fault(painted)
    assert (fault.file, "'0099'" in fault.message) == ("skipped.txt", True)


# Prefilled ones


def test_a_prefill_that_nobody_changed_is_told(prefilled: Path) -> None:
    for k, file in enumerate(FILES[:3]):
        paint(prefilled, file, disc(60 + 40 * k))
    fault = only_fault(prefilled)
    assert fault.file == "masks/0004.png"
    assert "not edited" in fault.message
    assert "--accept-prefill" in fault.remedy


def test_an_accepted_prefill_is_counted(prefilled: Path) -> None:
    paint(prefilled, "0001.png", disc())
    collected = collect(prefilled, CollectSettings(accept_prefill=True))
    assert (collected.source, len(collected.masks), collected.n_untouched) == (Source.PNG, N, N - 1)


@pytest.mark.parametrize("source", [Source.LABELME, Source.COCO, Source.CVAT])
def test_an_unchanged_prefill_is_recognised_in_every_format(prefilled: Path, source: Source) -> None:
    with pytest.raises(MaskFaultsError) as caught:
        collect(prefilled, CollectSettings(source))
    assert ["is not edited" in fault.message for fault in caught.value.faults] == [True] * N


# Formats


def draw_labelme(folder: Path, file: str, **changes: object) -> None:
    path = (folder / "labelme" / file).with_suffix(".json")
    document = json.loads(path.read_text())
    square = [[50, 50], [150, 50], [150, 150 + int(file[:4])], [50, 150]]
    document["shapes"] = [{"label": "forged", "shape_type": "polygon", "points": square}]
    path.write_text(json.dumps({**document, **changes}))


def test_auto_takes_the_format_that_was_painted_in(unpainted: Path) -> None:
    for file in FILES:
        draw_labelme(unpainted, file)
    collected = collect(unpainted)
    assert collected.source is Source.LABELME
    assert all(entry.mask[50:150, 50:150].all() for entry in collected.masks)


def test_two_painted_formats_are_asked_about(painted: Path) -> None:
    draw_labelme(painted, "0001.png")
    with pytest.raises(UsageError, match="png 4, labelme 1") as caught:
        collect(painted)
    assert "--from png" in caught.value.hint
    assert collect(painted, PNG).source is Source.PNG


@pytest.mark.parametrize("kind", ["unpainted", "prefilled"])
def test_a_folder_that_nobody_touched_is_told(kind: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(UsageError, match="Nothing is painted"):
        collect(request.getfixturevalue(kind), CollectSettings(allow_missing=True))


def test_labelmes_flag_skips(unpainted: Path) -> None:
    for file in FILES[1:]:
        draw_labelme(unpainted, file)
    path = unpainted / "labelme" / "0001.json"
    path.write_text(path.read_text().replace('"skip": false', '"skip": true'))
    collected = collect(unpainted)
    assert (collected.source, collected.skipped) == (Source.LABELME, ("0001.png",))


def test_labelmes_foreign_label_is_named(unpainted: Path) -> None:
    for file in FILES:
        draw_labelme(unpainted, file)
    path = unpainted / "labelme" / "0002.json"
    path.write_text(path.read_text().replace('"forged"', '"face"'))
    fault = only_fault(unpainted, CollectSettings())
    assert fault.file == "labelme/0002.json"
    assert "'face'" in fault.message
    assert "'forged'" in fault.remedy


def test_labelmes_file_for_another_candidate_is_told(unpainted: Path) -> None:
    for file in FILES:
        draw_labelme(unpainted, file)
    draw_labelme(unpainted, "0002.png", imagePath="..\\images\\0003.png")
    fault = only_fault(unpainted, CollectSettings())
    assert "'0003.png', which is another candidate" in fault.message


def test_labelmes_files_among_the_pictures_are_told_and_can_be_read_there(unpainted: Path) -> None:
    for file in FILES:
        draw_labelme(unpainted, file, imagePath=file)
        json_name = file.replace(".png", ".json")
        (unpainted / "labelme" / json_name).rename(unpainted / "images" / json_name)
    with pytest.raises(MaskFaultsError) as caught:
        collect(unpainted)
    assert [fault.file for fault in caught.value.faults] == [
        f"images/{file.replace('.png', '.json')}" for file in FILES
    ]
    assert "labelme/" in caught.value.faults[0].remedy
    found = collect(unpainted, CollectSettings(Source.LABELME, unpainted / "images"))
    assert len(found.masks) == N


def test_labelmes_embedded_picture_must_be_the_candidates(unpainted: Path) -> None:
    def embedded(file: str) -> str:
        return base64.b64encode((unpainted / "images" / file).read_bytes()).decode()

    for file in FILES:
        draw_labelme(unpainted, file, imageData=embedded(file))
    assert len(collect(unpainted).masks) == N
    draw_labelme(unpainted, "0002.png", imageData=embedded("0001.png"))
    assert "painted on another crop" in only_fault(unpainted, CollectSettings()).message


def test_a_shape_that_is_no_area_is_told(unpainted: Path) -> None:
    for file in FILES:
        draw_labelme(unpainted, file)
    draw_labelme(
        unpainted, "0001.png", shapes=[{"label": "forged", "shape_type": "line", "points": [[1, 1], [9, 9]]}]
    )
    fault = only_fault(unpainted, CollectSettings())
    assert "'line'" in fault.message
    assert "polygon" in fault.remedy


def test_a_file_that_is_no_labelme_is_told(unpainted: Path) -> None:
    (unpainted / "labelme" / "0001.json").write_text("[1, 2]")
    with pytest.raises(MaskFaultsError, match="is no LabelMe file"):
        collect(unpainted, CollectSettings(Source.LABELME, allow_missing=True))


def draw_coco(folder: Path, name: str = "0001.png", **annotation: object) -> None:
    path = folder / "coco.json"
    document = json.loads(path.read_text())
    document["images"][0]["file_name"] = name
    square = {"segmentation": [[50, 50, 150, 50, 150, 150, 50, 150]], "category_id": 1, "image_id": 1}
    document["annotations"] = [{"id": 1, **square, **annotation}]
    path.write_text(json.dumps(document))


COCO = CollectSettings(Source.COCO, allow_missing=True)


def test_coco_from_elsewhere_is_read_with_its_file(unpainted: Path, tmp_path: Path) -> None:
    draw_coco(unpainted)
    place = (unpainted / "coco.json").rename(tmp_path / "instances.json")
    collected = collect(unpainted, CollectSettings(Source.COCO, place, allow_missing=True))
    (entry,) = collected.masks
    assert entry.mask[50:150, 50:150].all()
    assert abs(int(entry.mask.sum()) - 100 * 100) < 300
    assert collected.unpainted == FILES[1:]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "holiday.png"}, "annotates 'holiday.png', which is no candidate"),
        ({"image_id": 77}, "annotates 'image_id 77'"),
        ({"segmentation": [[1, 2, 3, 4]]}, "a polygon of 4 numbers"),
        ({"segmentation": []}, "without a segmentation"),
        ({"segmentation": {"size": [320, 320], "counts": [102400]}}, "320 x 320 pixels, not 256 x 256"),
        ({"segmentation": {"size": [256, 256], "counts": [5, 5]}}, "do not add up"),
        ({"segmentation": {"size": [256, 256], "counts": "\u00e9"}}, "cannot be decoded"),
        ({"segmentation": {"size": [256, 256], "counts": [65536]}}, "covers no pixel"),
    ],
)
def test_faults_of_a_coco_file_are_told(unpainted: Path, changes: dict, message: str) -> None:
    draw_coco(unpainted, **changes)
    fault = only_fault(unpainted, COCO)
    assert fault.file.startswith("coco.json")
    assert message in fault.message


def test_cocos_foreign_category_is_named(unpainted: Path) -> None:
    draw_coco(unpainted)
    path = unpainted / "coco.json"
    path.write_text(path.read_text().replace('"name": "forged"', '"name": "person"'))
    assert "'person'" in only_fault(unpainted, COCO).message


def draw_cvat(folder: Path, shapes: str, name: str = "0001.png", size: int = 256) -> None:
    image = f'<image id="0" name="{name}" width="{size}" height="{size}">{shapes}</image>'
    (folder / "cvat.xml").write_text(f"<annotations><version>1.1</version>{image}</annotations>")


CVAT = CollectSettings(Source.CVAT, allow_missing=True)
BOX = '<box label="forged" xtl="10" ytl="10" xbr="90" ybr="90"/>'


def test_cvats_tag_skips(unpainted: Path) -> None:
    draw_cvat(unpainted, f'{BOX}</image><image id="1" name="0002.png" width="256" height="256">'
              '<tag label="skip"/>')  # fmt: skip
    collected = collect(unpainted, CollectSettings(allow_missing=True))
    assert (collected.source, collected.skipped) == (Source.CVAT, ("0002.png",))
    assert collected.masks[0].mask[10:90, 10:90].all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((BOX.replace("forged", "nose"),), "'nose'"),
        (('<points label="forged" points="1,1;2,2"/>',), "'points', which is no area"),
        (('<polygon label="forged" points="1,1;2"/>',), "no numbers"),
        (('<mask label="forged" rle="3,3" left="0" top="0" width="4" height="4"/>',), "do not add up"),
        (('<mask label="forged" rle="0,16" left="254" top="0" width="4" height="4"/>',), "reaches out"),
        (('<box label="forged" xtl="x" ytl="1" xbr="2" ybr="3"/>',), "cannot be read"),
        ((BOX, "elsewhere/0077.png"), "'0077.png', which is no candidate"),
        ((BOX, "0001.png", 320), "320 x 320"),
    ],
)
def test_faults_of_a_cvat_file_are_told(unpainted: Path, arguments: tuple, message: str) -> None:
    draw_cvat(unpainted, *arguments)
    fault = only_fault(unpainted, CVAT)
    assert fault.file.startswith("cvat.xml")
    assert message in fault.message


def test_an_xml_with_entities_is_not_expanded(unpainted: Path) -> None:
    (unpainted / "cvat.xml").write_text('<!DOCTYPE a [<!ENTITY b "bb">]><annotations>&b;</annotations>')
    assert "document type" in only_fault_of_file(unpainted)


def only_fault_of_file(folder: Path) -> str:
    with pytest.raises(MaskFaultsError) as caught:
        collect(folder, CVAT)
    return caught.value.faults[0].message


# The masks folder


@pytest.fixture
def imported(painted: Path, tmp_path: Path) -> Path:
    out = tmp_path / "masks"
    write_masks(out, collect(painted))
    return out


def test_the_masks_folder_names_crop_picture_and_coverage_by_hash(imported: Path, painted: Path) -> None:
    with (imported / "masks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row, record in zip(rows, read_candidates(painted), strict=True):
        assert row["sha256"] == hashlib.sha256((imported / row["file"]).read_bytes()).hexdigest()
        assert (row["image_sha256"], row["dataset_path"]) == (record.sha256, record.dataset_path)
        mask = cv2.imread(str(imported / row["file"]), cv2.IMREAD_UNCHANGED)
        assert set(np.unique(mask)) == {0, 255}
        assert float(row["coverage"]) == pytest.approx((mask > 0).mean(), abs=1e-6)
        assert row["origin"] == "png"


def test_what_was_let_pass_and_left_out_is_on_record(painted: Path, tmp_path: Path) -> None:
    paint(painted, "0002.png", np.zeros((256, 256), np.uint8))
    settings = CollectSettings(threshold=100, allow_missing=True)
    write_masks(tmp_path / "masks", collect(painted, settings))
    facts = json.loads((tmp_path / "masks" / "masks.json").read_text())
    assert (facts["threshold"], facts["allowed_unusual"], facts["n_masks"]) == (100, False, 3)
    assert (facts["unpainted"], facts["skipped"]) == (["0002.png"], [])


def test_masks_are_read_from_all_three_kinds_of_folder(imported: Path, painted: Path) -> None:
    wanted = [disc(60 + 40 * k) > 0 for k in range(N)]
    for folder in (imported, painted, painted / "masks"):
        found = read_masks(folder)
        assert [entry.dataset_path for entry in found] == [r.dataset_path for r in read_candidates(painted)]
        for entry, mask in zip(found, wanted, strict=True):
            assert entry.mask.dtype == np.uint8
            np.testing.assert_array_equal(entry.mask, mask)
            assert entry.file.exists()


def test_a_to_annotate_folder_is_checked_as_on_import(painted: Path) -> None:
    paint(painted, "0002.png", np.full((256, 256), 90, np.uint8))
    with pytest.raises(MaskFaultsError, match="neither 0 nor 255"):
        read_masks(painted / "masks")


def test_an_imported_mask_that_was_altered_is_told(imported: Path) -> None:
    cv2.imwrite(str(imported / "0002.png"), disc(radius_px=50))
    with pytest.raises(MaskFaultsError, match=r"0002\.png was altered since it was imported"):
        read_masks(imported)


def test_an_imported_mask_that_is_gone_or_was_added_is_told(imported: Path) -> None:
    (imported / "0002.png").rename(imported / "0009.png")
    with pytest.raises(MaskFaultsError) as caught:
        read_masks(imported)
    assert [(f.file, f.message.split()[0]) for f in caught.value.faults] == [
        ("0002.png", "cannot"),
        ("0009.png", "is"),
    ]


def test_an_altered_list_of_masks_is_told(imported: Path) -> None:
    path = imported / "masks.csv"
    path.write_text(path.read_text().replace("00000.png", "00001.png"))
    with pytest.raises(UsageError, match=r"masks\.csv was altered"):
        read_masks(imported)


def test_masks_for_another_dataset_are_refused(imported: Path, dataset: Path, forged_dataset: Path) -> None:
    assert len(read_masks(imported, forged_dataset)) == N
    with pytest.raises(UsageError, match="another dataset"):
        read_masks(imported, dataset)


def test_masks_name_the_dataset_and_the_run_they_were_painted_for(
    imported: Path, painted: Path, forged_dataset: Path
) -> None:
    for folder in (imported, painted, painted / "masks"):
        origin = read_origin(folder)
        assert origin.dataset == forged_dataset.resolve()
        assert origin.run.name == "run"


def test_a_folder_without_masks_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder of masks"):
        read_masks(tmp_path)


def test_an_output_folder_that_holds_something_is_refused_before_anything_is_read(painted: Path) -> None:
    with pytest.raises(UsageError, match="not empty"):
        command(painted, "--out", painted / "masks")


def test_the_command_prints_every_fault_with_its_remedy(painted: Path, tmp_path: Path) -> None:
    paint(painted, "0002.png", np.full((256, 256), 90, np.uint8))
    result = CliRunner().invoke(
        app, ["train", "import-masks", str(painted), "--out", str(tmp_path / "masks")]
    )
    assert "masks/0002.png has 65536 pixels that are neither 0 nor 255 (values 90).\n  Paint" in result.stderr
    assert isinstance(result.exception, UsageError)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--file", "."), "--file needs its format"),
        (("--from", "png", "--file", "nowhere"), "nowhere does not exist"),
        (("--threshold", "0"), "--threshold 0 is not 1 to 255"),
        (("--from", "yolo"), "'yolo' is unknown"),
    ],
)
def test_impossible_options_are_refused(painted: Path, tmp_path: Path, words: tuple, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        command(painted, "--out", tmp_path / "masks", *words)
    assert message in caught.value.message


# Exact masks


def test_exact_masks_are_the_central_windows_of_the_forgeries(forged_dataset: Path) -> None:
    paths = training_fakes(forged_dataset)[:3]
    rows = {row.path: row for row in read_dataset(forged_dataset)}
    for path, entry in zip(paths, exact_masks(forged_dataset, paths), strict=True):
        whole = cv2.imread(str(forged_dataset / rows[path].mask), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(entry.mask, whole[32:288, 32:288] > 0)
        assert entry.mask.any()
        assert entry.dataset_path == path


def test_exact_masks_of_collections_without_masks_point_to_painting(
    forged_dataset: Path, tmp_path: Path
) -> None:
    (fake,) = (row for row in read_dataset(forged_dataset) if row.path == training_fakes(forged_dataset)[0])
    without = DatasetRow(**{name: getattr(fake, name) for name in fake.__slots__} | {"mask": ""})
    write_dataset(tmp_path, [without])
    with pytest.raises(UsageError, match="--masks auto") as caught:
        exact_masks(tmp_path, [fake.path])
    assert "train select" in caught.value.hint


def test_exact_masks_are_of_training_fakes_alone(forged_dataset: Path) -> None:
    rows = read_dataset(forged_dataset)
    real = next(row.path for row in rows if row.label == "real")
    tested = next(row.path for row in rows if row.label == "fake" and row.split == "test")
    for path in (real, tested, "fake/none.png"):
        with pytest.raises(UsageError, match="no fake of the training split"):
            exact_masks(forged_dataset, [path])
