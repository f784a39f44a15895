"""`prepare` on collections of real and forged videos: crops, masks and pairs that fit each other."""

from __future__ import annotations

import csv
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from forensic_cli.media import open_media
from forensic_cli.types import RgbImage
from tests.training.trees import darkening, face_of, forged, mask_of, write_clip
from train.cli import app
from train.data.crops import PREPARED_PX, read_landmarks, read_picture
from train.data.dataset import DatasetRow, Split, read_dataset
from train.data.frame_positions import FramePositions
from train.data.layouts.material import SourceItem
from train.data.prepare import PrepareSettings, prepare
from train.data.prepare_report import NOT_USED_NAME, PrepareReport

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("face_recognition_models") is None,
    reason="the landmark model is part of the extra `train`",
)

N_FRAMES = 3


@dataclass(frozen=True)
class Prepared:
    folder: Path
    report: PrepareReport
    notes: list[str]
    rows: list[DatasetRow]

    def of(self, source_id: str, method: str = "") -> list[DatasetRow]:
        return [row for row in self.rows if row.source_id == source_id and row.method == method]

    def picture(self, path: str) -> np.ndarray:
        return read_picture(self.folder / path)

    def mask(self, row: DatasetRow) -> np.ndarray:
        mask = cv2.imread(str(self.folder / row.mask), cv2.IMREAD_UNCHANGED)
        assert mask is not None, row
        return mask


def _prepare(source: Path, out: Path, **settings: object) -> Prepared:
    notes: list[str] = []
    report = prepare(
        source, out, PrepareSettings(frames_per_video=N_FRAMES, **settings), on_note=notes.append
    )
    return Prepared(out, report, notes, read_dataset(out))


@pytest.fixture(scope="module")
def faceforensics(astronaut: RgbImage, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Two pairs of videos; a forgery shorter than its original; something of everything that goes wrong."""
    root = tmp_path_factory.mktemp("ff")
    reals = root / "original_sequences" / "youtube" / "c23" / "videos"
    face, wall = face_of(astronaut), np.full((300, 300, 3), 90, np.uint8)
    write_clip(reals / "000.mp4", darkening(face, 7))
    write_clip(reals / "001.mp4", darkening(np.ascontiguousarray(face[:, ::-1]), 4))
    write_clip(reals / "002.mp4", darkening(face, 4))
    (reals / "003.mp4").write_bytes(b"\0\0\0\x18ftypmp42 and nothing more")
    deepfakes = root / "manipulated_sequences" / "Deepfakes"
    write_clip(deepfakes / "c23" / "videos" / "000_001.mp4", darkening(forged(face), 5))
    # Half the size of the video, as published masks may be.
    write_clip(deepfakes / "masks" / "videos" / "000_001.mp4", [mask_of(face)[::2, ::2]] * 5)
    write_clip(deepfakes / "c23" / "videos" / "001_000.mp4", [wall] * 3)
    write_clip(deepfakes / "c23" / "videos" / "000_002.mp4", [wall] * 3)
    faceswap = root / "manipulated_sequences" / "FaceSwap"
    write_clip(faceswap / "c23" / "videos" / "002_003.mp4", darkening(forged(face), 4))
    (faceswap / "masks" / "videos").mkdir(parents=True)
    (faceswap / "masks" / "videos" / "002_003.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    write_clip(faceswap / "c23" / "videos" / "003_002.mp4", darkening(forged(face), 4))
    write_clip(faceswap / "masks" / "videos" / "003_002.mp4", [mask_of(face), *[np.zeros_like(face)] * 3])
    (root / "splits").mkdir()
    for name, pairs in (("train", [["000", "001"]]), ("val", [["002", "003"]]), ("test", [])):
        (root / "splits" / f"{name}.json").write_text(json.dumps(pairs))
    return _prepare(root, tmp_path_factory.mktemp("ff-out") / "data")


def test_every_file_of_a_collection_is_accounted_for(faceforensics: Prepared) -> None:
    report = faceforensics.report
    assert (report.layout, report.n_files, report.n_used) == ("ff++", 9, 6)
    assert [Path(path).name for path in report.without_face] == ["001_000.mp4"]
    assert [Path(path).name for path, _ in report.failed] == ["003.mp4"]
    assert [Path(path).name for path, _, _ in report.left_out] == ["000_002.mp4"]
    assert "6 used + 1 without a face + 1 failed + 1 left out = 9 files; 18 crops" in [*report.lines()]
    with (faceforensics.folder / NOT_USED_NAME).open(newline="") as file:
        fates = {Path(row["path"]).name: row["fate"] for row in csv.DictReader(file)}
    assert fates == {
        "001_000.mp4": "without a face",
        "003.mp4": "failed",
        "000_002.mp4": "left out",
        "002_003.mp4": "mask not read",
    }


def test_the_layout_and_where_the_split_came_from_are_said(faceforensics: Prepared) -> None:
    assert faceforensics.notes[:2] == ["Layout: ff++.", "Compression c23."]
    assert faceforensics.notes[2].startswith("Published split from ")


def test_crops_carry_their_source_method_and_published_split(faceforensics: Prepared) -> None:
    kinds = {(row.label, row.source_id, row.method, row.family, row.split) for row in faceforensics.rows}
    assert kinds == {
        ("real", "000", "", "", Split.TRAIN),
        ("real", "001", "", "", Split.TRAIN),
        ("real", "002", "", "", Split.VALIDATION),
        ("fake", "000", "Deepfakes", "face", Split.TRAIN),
        ("fake", "002", "FaceSwap", "face", Split.VALIDATION),
        ("fake", "003", "FaceSwap", "face", Split.VALIDATION),
    }
    landmarks = read_landmarks(faceforensics.folder)
    assert {*landmarks} == {row.path for row in faceforensics.rows}


def test_a_forgery_is_paired_with_the_same_moment_of_its_longer_original(faceforensics: Prepared) -> None:
    """Each frame is darker than the one before: only the same frame is as bright outside the forgery."""
    fakes = faceforensics.of("000", "Deepfakes")
    assert len(fakes) == len({row.pair for row in fakes}) == N_FRAMES
    for row in fakes:
        fake, real = faceforensics.picture(row.path), faceforensics.picture(row.pair)
        outside = faceforensics.mask(row) == 0
        difference = fake[outside].astype(float).mean() - real[outside].astype(float).mean()
        assert abs(difference) < 2
    brightness = [faceforensics.picture(row.path).mean() for row in fakes]
    assert min(-np.diff(brightness)) > 3


def test_a_mask_shows_on_the_crop_where_the_crop_was_forged(faceforensics: Prepared) -> None:
    for row in faceforensics.of("000", "Deepfakes"):
        mask = faceforensics.mask(row)
        assert mask.shape == (PREPARED_PX, PREPARED_PX)
        assert {*np.unique(mask)} == {0, 255}
        fake, real = (faceforensics.picture(path).astype(int) for path in (row.path, row.pair))
        changed = np.abs(fake - real).max(axis=2) > 40
        # What was inverted and happened to be grey has hardly changed; nothing else has.
        assert (changed & (mask == 0)).sum() < 0.03 * changed.sum()
        assert (changed & (mask > 0)).sum() > 0.5 * (mask > 0).sum()


def test_missing_masks_and_partners_are_counted_with_their_reason(faceforensics: Prepared) -> None:
    report = faceforensics.report
    assert (report.n_fakes, report.n_masks, report.n_pairs) == (9, 4, 6)
    assert report.mask_gaps == {"the mask file cannot be read": 3, "the mask is black inside the crop": 2}
    assert report.pair_gaps == {"no crop of the original file": 3}
    assert [Path(path).name for path, _ in report.failed_masks] == ["002_003.mp4"]
    assert all(row.mask == "" for row in faceforensics.of("002", "FaceSwap"))
    assert all(row.pair == "" for row in faceforensics.of("003", "FaceSwap"))


@pytest.fixture(scope="module")
def plain(astronaut: RgbImage, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    root = tmp_path_factory.mktemp("plain")
    face = face_of(astronaut)
    # A second, larger face beside the forged one.
    wide = np.concatenate([cv2.resize(face, (450, 450))[:300], face], axis=1)
    wide_forged, wide_mask = wide.copy(), np.zeros_like(wide)
    wide_forged[:, 450:], wide_mask[:, 450:] = forged(face), mask_of(face)
    pictures = {
        "real/anna.png": face,
        "real/two.png": wide,
        "fake/swap/anna.png": forged(face),
        "masks/swap/anna.png": mask_of(face),
        "fake/swap/two.png": wide_forged,
        "masks/swap/two.png": wide_mask,
        "fake/self-blend/carl.png": forged(face),
    }
    for path, picture in pictures.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(root / path)
    return _prepare(root, tmp_path_factory.mktemp("plain-out") / "data")


def test_plain_masks_are_cut_to_the_pixel(plain: Prepared) -> None:
    (fake,) = plain.of("anna", "swap")
    (real,) = plain.of("anna")
    assert fake.pair == real.path
    assert fake.split is real.split
    changed = (plain.picture(fake.path) != plain.picture(real.path)).any(axis=2)
    mask = plain.mask(fake) > 0
    # Resampling bleeds over the mask's edge by the width of the cubic kernel.
    grown = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert not (changed & ~grown).any()
    assert (mask & changed).sum() > 0.95 * mask.sum()


def test_of_two_faces_the_forged_one_is_cut_and_the_other_is_no_partner(plain: Prepared) -> None:
    (fake,) = plain.of("two", "swap")
    (anna,) = plain.of("anna", "swap")
    overlap = np.count_nonzero(plain.mask(fake) & plain.mask(anna)) / np.count_nonzero(plain.mask(anna))
    assert overlap > 0.8
    assert fake.pair == ""
    assert plain.report.pair_gaps["the original's crop shows another place"] == 1


def test_a_plain_fake_without_mask_or_original_stands_alone(plain: Prepared) -> None:
    (fake,) = plain.of("carl", "self-blend")
    assert (fake.label, fake.family, fake.mask, fake.pair) == ("fake", "face", "", "")
    assert plain.report.mask_gaps == {"no mask file": 1}
    assert plain.report.n_used == plain.report.n_files == 5


@pytest.fixture(scope="module")
def celeb_df(astronaut: RgbImage, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    root = tmp_path_factory.mktemp("celeb")
    face = face_of(astronaut)
    for name in ("Celeb-real/id0_0000", "Celeb-real/id1_0000", "YouTube-real/00000"):
        write_clip(root / f"{name}.mp4", darkening(face, 3))
    for name in ("id0_id1_0000", "id1_id0_0000"):
        write_clip(root / "Celeb-synthesis" / f"{name}.mp4", darkening(forged(face), 3))
    (root / "List_of_testing_videos.txt").write_text(
        "1 Celeb-real/id0_0000.mp4\n0 Celeb-synthesis/id0_id1_0000.mp4\n"
    )
    return _prepare(root, tmp_path_factory.mktemp("celeb-out") / "data")


def test_celeb_dfs_published_test_keeps_its_people_to_itself(celeb_df: Prepared) -> None:
    in_test = {(row.label, row.source_id) for row in celeb_df.rows if row.split is Split.TEST}
    assert in_test == {("real", "id0"), ("fake", "id0")}
    assert {row.source_id for row in celeb_df.rows if row.split is not Split.TEST} == {"YouTube-real/00000"}
    assert sorted(Path(path).name for path, _, _ in celeb_df.report.left_out) == [
        "id1_0000.mp4",
        "id1_id0_0000.mp4",
    ]
    assert celeb_df.report.n_used + len(celeb_df.report.left_out) == celeb_df.report.n_files == 5
    assert all(row.pair for row in celeb_df.of("id0", "Celeb-DF"))
    (line,) = [line for line in celeb_df.report.lines() if line.startswith("left out")]
    assert "2 files" in line
    assert "id1_0000.mp4" in line


def test_dfdcs_fakes_are_paired_with_the_original_of_their_metadata(
    astronaut: RgbImage, tmp_path: Path
) -> None:
    face = face_of(astronaut)
    part = tmp_path / "dfdc" / "part_0"
    write_clip(part / "a.mp4", darkening(face, 2))
    write_clip(part / "b.mp4", darkening(forged(face), 2))
    entries = {"a.mp4": {"label": "REAL"}, "b.mp4": {"label": "FAKE", "original": "a.mp4"}}
    (part / "metadata.json").write_text(json.dumps(entries))
    prepared = _prepare(tmp_path / "dfdc", tmp_path / "data")
    fakes, reals = prepared.of("a.mp4", "DFDC"), prepared.of("a.mp4")
    assert [row.pair for row in fakes] == [row.path for row in reals]
    assert len({row.split for row in prepared.rows}) == 1
    assert prepared.report.n_files == prepared.report.n_used == 2


def test_a_stump_of_a_forgery_does_not_cost_its_partners_their_frames(tmp_path: Path) -> None:
    grey = np.full((64, 64, 3), 90, np.uint8)
    lengths = {"real.mp4": 9, "short.mp4": 6, "stump.mp4": 1}
    for name, n_frames in lengths.items():
        write_clip(tmp_path / name, [grey] * n_frames)
    original = tmp_path / "real.mp4"
    items = [SourceItem(original, "real", "a", "set")]
    items += [
        SourceItem(tmp_path / name, "fake", "a", "set", original=original)
        for name in ("short.mp4", "stump.mp4")
    ]
    positions = FramePositions(items, n_wanted=3)
    taken = {}
    for item in items:
        with open_media(item.path, positions.sampling, positions.limits(item, item.path)) as source:
            taken[item.path.name] = [frame.index for frame in source.frames()]
    assert taken == {"real.mp4": [1, 3, 5], "short.mp4": [1, 3, 5], "stump.mp4": [0]}


def test_the_command_says_which_layout_it_took_and_what_became_of_the_files(
    astronaut: RgbImage, tmp_path: Path
) -> None:
    for folder, picture in (("real", face_of(astronaut)), ("fake/swap", forged(face_of(astronaut)))):
        (tmp_path / "mine" / folder).mkdir(parents=True)
        Image.fromarray(picture).save(tmp_path / "mine" / folder / "anna.png")
    words = ["prepare", str(tmp_path / "mine"), "--out", str(tmp_path / "data")]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0
    assert "Layout: plain." in result.stderr
    assert "2 used + 0 without a face + 0 failed = 2 files; 2 crops" in result.stderr
    assert "0 with a mask + 1 without (no mask file) = 1 forged crops" in result.stderr
    assert "1 with their real partner = 1 forged crops" in result.stderr
