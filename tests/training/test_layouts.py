"""Layouts: whose video each file is, what it was made from, and which split that puts it in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensic_cli.errors import UsageError
from tests.training.trees import touch
from train.data.dataset import Split
from train.data.layouts.detect import detect_layout, read_material
from train.data.layouts.families import family_of
from train.data.layouts.material import LayoutOptions, Material, SourceItem
from train.data.layouts.names import LayoutName
from train.data.split_by_identity import CROSSING, SplitRule, place

RULE = SplitRule((0.8, 0.1, 0.1), (), 20200)
AUTO = LayoutName.AUTO
C23_REAL = "original_sequences/youtube/c23/videos"
C23_FAKE = "manipulated_sequences/Deepfakes/c23/videos"


def _by_name(material: Material) -> dict[str, SourceItem]:
    return {item.path.name: item for item in material.items}


def _write_splits(folder: Path, train: object, val: object, test: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, pairs in (("train", train), ("val", val), ("test", test)):
        (folder / f"{name}.json").write_text(json.dumps(pairs))


# Which layout it is


@pytest.mark.parametrize(
    ("paths", "layout"),
    [
        ((f"{C23_REAL}/000.mp4",), LayoutName.FACEFORENSICS),
        (("Celeb-real/id0_0000.mp4",), LayoutName.CELEB_DF),
        (("real/a.png", "fake/swap/a.png"), LayoutName.PLAIN),
        (("real/a.png", "london/b.png"), LayoutName.PHOTOS),
        (("a.png", "metadata.csv"), LayoutName.PHOTOS),
    ],
)
def test_layout_is_told_by_its_folders(tmp_path: Path, paths: tuple[str, ...], layout: LayoutName) -> None:
    touch(tmp_path, *paths)
    assert detect_layout(tmp_path) is layout


def test_a_metadata_file_is_dfdcs_only_if_it_labels_videos(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    metadata = tmp_path / "part" / "metadata.json"
    metadata.write_text('{"title": "My photographs"}')
    assert detect_layout(tmp_path) is LayoutName.PHOTOS
    metadata.write_text('{"x.mp4": {"label": "REAL", "split": "train"}}')
    assert detect_layout(tmp_path) is LayoutName.DFDC


def test_a_folder_that_looks_like_two_layouts_must_be_named(tmp_path: Path) -> None:
    touch(tmp_path, "Celeb-real/id0_0000.mp4", "fake/swap/a.png")
    with pytest.raises(UsageError, match="celeb-df, plain") as caught:
        detect_layout(tmp_path)
    assert "--layout" in caught.value.hint
    assert read_material(tmp_path, LayoutName.PLAIN, LayoutOptions()).layout is LayoutName.PLAIN


@pytest.mark.parametrize(
    "layout", [LayoutName.FACEFORENSICS, LayoutName.CELEB_DF, LayoutName.DFDC, LayoutName.PLAIN]
)
def test_an_empty_folder_is_of_no_layout(tmp_path: Path, layout: LayoutName) -> None:
    with pytest.raises(UsageError, match="holds no"):
        read_material(tmp_path, layout, LayoutOptions())


def test_an_option_of_another_layout_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "Celeb-real/id0_0000.mp4")
    with pytest.raises(UsageError, match="celeb-df"):
        read_material(tmp_path, AUTO, LayoutOptions(compression="c23"))
    with pytest.raises(UsageError, match="own identities"):
        read_material(tmp_path, AUTO, LayoutOptions(index=tmp_path / "index.csv"))


# FaceForensics++


def test_a_fake_belongs_to_the_video_named_first_and_knows_whose_face_it_wears(tmp_path: Path) -> None:
    masks = "manipulated_sequences/Deepfakes/masks/videos"
    touch(tmp_path, f"{C23_REAL}/000.mp4", f"{C23_FAKE}/000_003.mp4", f"{masks}/000_003.mp4")
    fake = _by_name(read_material(tmp_path, AUTO, LayoutOptions()))["000_003.mp4"]
    assert (fake.label, fake.source_id, fake.donors) == ("fake", "000", ("003",))
    assert (fake.method, fake.family) == ("Deepfakes", "face")
    assert fake.original == tmp_path / C23_REAL / "000.mp4"
    assert fake.mask == tmp_path / masks / "000_003.mp4"


def test_masks_may_lie_below_their_compression(tmp_path: Path) -> None:
    masks = "manipulated_sequences/Deepfakes/masks/c23/videos"
    touch(tmp_path, f"{C23_FAKE}/000_003.mp4", f"{C23_FAKE}/003_000.mp4", f"{masks}/000_003.mp4")
    items = _by_name(read_material(tmp_path, AUTO, LayoutOptions()))
    assert items["000_003.mp4"].mask == tmp_path / masks / "000_003.mp4"
    assert items["003_000.mp4"].mask is None
    assert items["003_000.mp4"].original is None


def test_an_actors_forgery_finds_the_recording_of_its_scene(tmp_path: Path) -> None:
    reals, fakes = (
        "original_sequences/actors/raw/videos",
        "manipulated_sequences/DeepFakeDetection/raw/videos",
    )
    touch(
        tmp_path,
        f"{reals}/01__exit_phone_room.mp4",
        f"{reals}/01__hugging_happy.mp4",
        f"{fakes}/01_02__hugging_happy__YVGY8LOK.mp4",
    )
    items = _by_name(read_material(tmp_path, AUTO, LayoutOptions()))
    fake = items["01_02__hugging_happy__YVGY8LOK.mp4"]
    assert (fake.source_id, fake.donors, fake.collection) == ("actor-01", ("actor-02",), "DeepFakeDetection")
    assert fake.original == tmp_path / reals / "01__hugging_happy.mp4"
    assert items["01__exit_phone_room.mp4"].source_id == "actor-01"


def test_one_of_several_compressions_must_be_chosen_and_what_lacks_it_is_said(tmp_path: Path) -> None:
    touch(
        tmp_path,
        f"{C23_REAL}/000.mp4",
        "original_sequences/youtube/c0/videos/000.mp4",
        "manipulated_sequences/FaceSwap/c0/videos/000_003.mp4",
    )
    with pytest.raises(UsageError, match="c23, raw"):
        read_material(tmp_path, AUTO, LayoutOptions())
    with pytest.raises(UsageError, match="no compression 'c40'"):
        read_material(tmp_path, AUTO, LayoutOptions(compression="c40"))
    chosen = read_material(tmp_path, AUTO, LayoutOptions(compression="c23"))
    assert [item.path for item in chosen.items] == [tmp_path / C23_REAL / "000.mp4"]
    assert "manipulated_sequences/FaceSwap holds no c23 videos." in chosen.notes
    for name in ("raw", "c0"):
        uncompressed = read_material(tmp_path, AUTO, LayoutOptions(compression=name))
        assert {item.path.parent.parent.name for item in uncompressed.items} == {"c0"}


def test_the_published_split_is_kept_and_what_it_does_not_name_is_left_out(tmp_path: Path) -> None:
    names = ("000_001", "002_003", "004_005", "000_002", "008_009")
    touch(tmp_path, *(f"{C23_FAKE}/{name}.mp4" for name in names), f"{C23_FAKE}/best.mp4")
    _write_splits(tmp_path / "splits", [["000", "001"]], [["002", "003"]], [["004", "005"]])
    material = read_material(tmp_path, AUTO, LayoutOptions())
    placed, crossing = place(material, RULE)
    assert {item.path.stem: split for item, split in placed} == {
        "000_001": Split.TRAIN,
        "002_003": Split.VALIDATION,
        "004_005": Split.TEST,
    }
    assert [(one.path.stem, one.detail) for one in crossing] == [("000_002", "000: train, 002: validation")]
    assert {one.path.stem: one.reason for one in material.left_out} == {
        "008_009": "not in the published split",
        "best": "its name does not say whose video it is",
    }


def test_without_a_published_split_swapped_videos_stay_together(tmp_path: Path) -> None:
    for k in range(0, 60, 2):
        names = (f"{C23_REAL}/{k:03d}", f"{C23_REAL}/{k + 1:03d}", f"{C23_FAKE}/{k:03d}_{k + 1:03d}")
        touch(tmp_path, *(f"{name}.mp4" for name in names))
    placed, crossing = place(read_material(tmp_path, AUTO, LayoutOptions()), RULE)
    assert not crossing
    assert len(placed) == 90
    split_of = {item.path.stem: split for item, split in placed}
    assert all(split_of[f"{k:03d}"] is split_of[f"{k + 1:03d}"] for k in range(0, 60, 2))
    assert {*split_of.values()} == {*Split}


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "not valid JSON"), ('{"000": 1}', "no list of pairs"), ('[["002", "000"]]', "second split")],
)
def test_a_broken_split_file_is_named(tmp_path: Path, content: str, message: str) -> None:
    touch(tmp_path, f"{C23_REAL}/000.mp4")
    _write_splits(tmp_path / "elsewhere", [["000", "001"]], [], [])
    (tmp_path / "elsewhere" / "val.json").write_text(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_material(tmp_path, AUTO, LayoutOptions(splits=tmp_path / "elsewhere"))
    assert "val.json" in caught.value.message


def test_a_missing_split_file_is_named(tmp_path: Path) -> None:
    touch(tmp_path, f"{C23_REAL}/000.mp4")
    _write_splits(tmp_path / "splits", [["000", "001"]], [], [])
    (tmp_path / "splits" / "test.json").unlink()
    with pytest.raises(UsageError, match=r"test\.json"):
        read_material(tmp_path, AUTO, LayoutOptions())
    assert not read_material(tmp_path, AUTO, LayoutOptions(own_split=True)).pins


# Celeb-DF


def _celeb_df(root: Path, n: int) -> None:
    """n people, each with one video and a swap with everybody else."""
    for target in range(n):
        touch(root, f"Celeb-real/id{target}_0000.mp4", f"YouTube-real/{target:05d}.mp4")
        touch(root, *(f"Celeb-synthesis/id{target}_id{k}_0000.mp4" for k in range(n) if k != target))


def test_a_celebrity_swap_belongs_to_the_video_whose_number_it_bears(tmp_path: Path) -> None:
    touch(tmp_path, "Celeb-real/id0_0000.mp4", "Celeb-real/id0_0007.mp4", "Celeb-synthesis/id0_id1_0007.mp4")
    fake = _by_name(read_material(tmp_path, AUTO, LayoutOptions()))["id0_id1_0007.mp4"]
    assert (fake.source_id, fake.donors, fake.method, fake.family) == ("id0", ("id1",), "Celeb-DF", "face")
    assert fake.original == tmp_path / "Celeb-real" / "id0_0007.mp4"


def test_swaps_between_two_splits_are_left_out_and_everything_adds_up(tmp_path: Path) -> None:
    _celeb_df(tmp_path, 12)
    material = read_material(tmp_path, AUTO, LayoutOptions())
    placed, crossing = place(material, RULE)
    assert len(placed) + len(crossing) == len(material.items) == 12 * 13
    assert {one.path.parent.name for one in crossing} == {"Celeb-synthesis"}
    assert {one.reason for one in crossing} == {CROSSING}
    assert len({split for item, split in placed if item.label == "real"}) > 1
    assert any(item.label == "fake" for item, _ in placed)


def test_the_published_test_videos_are_the_test_and_their_people_are_nowhere_else(tmp_path: Path) -> None:
    _celeb_df(tmp_path, 5)
    touch(tmp_path, "Celeb-real/id0_0001.mp4")
    (tmp_path / "List_of_testing_videos.txt").write_text(
        "1 YouTube-real/00002.mp4\n1 Celeb-real/id0_0000.mp4\n0 Celeb-synthesis/id0_id1_0000.mp4\n"
        "0 Celeb-synthesis/id9_id8_0000.mp4\n"
    )
    material = read_material(tmp_path, AUTO, LayoutOptions())
    placed, crossing = place(material, RULE)
    assert sorted(item.path.name for item, split in placed if split is Split.TEST) == [
        "00002.mp4",
        "id0_0000.mp4",
        "id0_id1_0000.mp4",
    ]
    left_out = {one.path.name: one.detail for one in material.left_out}
    assert left_out["id0_0001.mp4"] == "id0"
    assert left_out["id1_id0_0000.mp4"] == "id0, id1"
    assert "id2_id3_0000.mp4" not in left_out
    assert "1 of the 4 videos in List_of_testing_videos.txt are not there." in material.notes
    assert len(placed) + len(crossing) + len(material.left_out) == 5 * 6 + 1
    own = read_material(tmp_path, AUTO, LayoutOptions(own_split=True))
    assert (len(own.items), own.left_out, own.has_official_test) == (31, (), False)


@pytest.mark.parametrize(
    "line", ["Celeb-real/id0_0000.mp4", "0 Celeb-real/id0_0000.mp4", "1 elsewhere/a.mp4"]
)
def test_a_malformed_line_of_the_test_list_is_named(tmp_path: Path, line: str) -> None:
    touch(tmp_path, "Celeb-real/id0_0000.mp4")
    (tmp_path / "List_of_testing_videos.txt").write_text(f"1 Celeb-real/id0_0000.mp4\n{line}\n")
    with pytest.raises(UsageError, match="line 2"):
        read_material(tmp_path, AUTO, LayoutOptions())


# DFDC


def test_dfdcs_videos_belong_to_their_original_wherever_it_lies(tmp_path: Path) -> None:
    parts = {
        "part_0": {
            "a.mp4": {"label": "REAL", "split": "train", "original": None},
            "b.mp4": {"label": "FAKE", "split": "train", "original": "a.mp4"},
            "gone.mp4": {"label": "FAKE", "split": "train", "original": "a.mp4"},
        },
        "part_1": {
            "c.mp4": {"label": "FAKE", "split": "train", "original": "a.mp4"},
            "d.mp4": {"label": "FAKE", "split": "train", "original": "nowhere.mp4"},
        },
    }
    for part, entries in parts.items():
        touch(tmp_path, *(f"{part}/{name}" for name in entries if name != "gone.mp4"))
        (tmp_path / part / "metadata.json").write_text(json.dumps(entries))
    touch(tmp_path, "part_1/stray.mp4")
    material = read_material(tmp_path, AUTO, LayoutOptions())
    items = _by_name(material)
    assert {name: item.source_id for name, item in items.items()} == {
        "a.mp4": "a.mp4",
        "b.mp4": "a.mp4",
        "c.mp4": "a.mp4",
        "d.mp4": "nowhere.mp4",
    }
    assert items["b.mp4"].original == items["c.mp4"].original == tmp_path / "part_0" / "a.mp4"
    assert items["d.mp4"].original is None
    assert {one.path.name: one.reason for one in material.left_out} == {
        "gone.mp4": "named by metadata.json, but not there",
        "stray.mp4": "not named by metadata.json",
    }
    placed, _ = place(material, RULE)
    assert len({split for item, split in placed if item.source_id == "a.mp4"}) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not valid JSON"),
        ('{"x.mp4": {"label": "REAL"}, "y.mp4": {"label": "MAYBE"}}', "'y.mp4' is labelled neither"),
        ('{"x.mp4": {"label": "FAKE", "split": "train"}}', "no original"),
        ('{"../x.mp4": {"label": "REAL"}}', "is no file name"),
        ('{"x.mp4": {"label": "REAL", "split": "exam"}}', "unknown split"),
    ],
)
def test_broken_metadata_is_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "metadata.json").write_text(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_material(tmp_path, AUTO, LayoutOptions())
    assert "metadata.json" in caught.value.message


# Plain folders


def test_a_plain_fake_finds_its_real_file_and_its_mask_by_stem(tmp_path: Path) -> None:
    touch(
        tmp_path,
        *("real/anna/1.png", "real/ben/1.png", "real/ben/2.png"),
        *("fake/poisson-swap/anna/1.jpg", "fake/poisson-swap/2.jpg", "fake/mine/3.jpg", "fake/4.jpg"),
        *("masks/poisson-swap/anna/1.png", "masks/mine/5.png"),
    )
    material = read_material(tmp_path, AUTO, LayoutOptions())
    fakes = {
        item.path.relative_to(tmp_path).as_posix(): item for item in material.items if item.label == "fake"
    }
    first = fakes["fake/poisson-swap/anna/1.jpg"]
    assert (first.source_id, first.method, first.family) == ("anna/1", "poisson-swap", "face")
    assert first.original == tmp_path / "real/anna/1.png"
    assert first.mask == tmp_path / "masks/poisson-swap/anna/1.png"
    assert fakes["fake/poisson-swap/2.jpg"].source_id == "ben/2"
    assert (fakes["fake/mine/3.jpg"].source_id, fakes["fake/mine/3.jpg"].family) == ("3", "")
    assert (fakes["fake/4.jpg"].method, fakes["fake/4.jpg"].original) == ("unknown", None)
    assert [(one.path.name, one.reason) for one in material.left_out] == [
        ("5.png", "a mask without a fake of its name")
    ]


def test_the_index_of_plain_folders_says_who_is_who(tmp_path: Path) -> None:
    touch(tmp_path, "real/1.png", "real/2.png", "fake/swap/1.png", "fake/swap/9.png")
    index = tmp_path / "index.csv"
    index.write_text(
        "path,identity,set\nreal/1.png,anna,studio\nreal/2.png,anna,\nfake/swap/1.png,ben,\n"
        "fake/swap/9.png,carl,\nfake/swap/none.png,dora,\n"
    )
    material = read_material(tmp_path, AUTO, LayoutOptions(index=index))
    items = {item.path.relative_to(tmp_path).as_posix(): item for item in material.items}
    assert items["real/1.png"].source_id == items["real/2.png"].source_id == "anna"
    assert (items["fake/swap/1.png"].source_id, items["fake/swap/1.png"].donors) == ("anna", ("ben",))
    assert items["fake/swap/1.png"].collection == "studio"
    assert items["fake/swap/9.png"].source_id == "carl"
    assert [one.path.name for one in material.left_out] == ["none.png"]


@pytest.mark.parametrize(
    ("method", "family"),
    [("self-blend", "face"), ("NeuralTextures", "face"), ("StarGAN", "attribute"), ("mine", "")],
)
def test_families_of_methods(method: str, family: str) -> None:
    assert family_of(method) == family


# Splits


@st.composite
def _materials(draw: st.DrawFn) -> Material:
    person = st.integers(0, 15).map(str)
    swaps = draw(st.lists(st.tuples(person, st.lists(person, max_size=2), st.sampled_from("ab")), min_size=1))
    items = tuple(
        SourceItem(Path(str(k)), "fake", target, collection, donors=tuple(donors))
        for k, (target, donors, collection) in enumerate(swaps)
    )
    has_official_test = draw(st.booleans())
    pins = draw(st.dictionaries(person, st.sampled_from(Split)))
    dense = draw(st.sets(st.sampled_from("ab")))
    return Material(
        AUTO, items, pins=pins, has_official_test=has_official_test, dense_collections=frozenset(dense)
    )


@given(_materials(), st.integers(0, 5))
def test_no_identity_is_in_two_splits_and_no_file_is_lost(material: Material, seed: int) -> None:
    placed, left_out = place(material, SplitRule((0.6, 0.2, 0.2), (), seed))
    seen: dict[str, set[Split]] = {}
    for item, split in placed:
        for identity in item.identities:
            seen.setdefault(identity, set()).add(split)
            if identity in material.pins:
                assert split is material.pins[identity]
    assert all(len(splits) == 1 for splits in seen.values())
    paths = [item.path for item, _ in placed] + [one.path for one in left_out]
    assert sorted(paths) == sorted(item.path for item in material.items)
    if material.has_official_test:
        tested = {identity for identity, splits in seen.items() if Split.TEST in splits}
        assert not tested or Split.TEST in material.pins.values()


@given(_materials(), st.integers(0, 5))
def test_files_are_left_out_only_of_dense_or_contradictory_collections(material: Material, seed: int) -> None:
    _, left_out = place(material, SplitRule((0.6, 0.2, 0.2), (), seed))
    if not material.dense_collections and len({*material.pins.values()}) < 2:
        assert not left_out


@given(_materials())
def test_a_reserved_collection_is_never_trained_on(material: Material) -> None:
    if "a" in {item.collection for item in material.items}:
        placed, _ = place(material, SplitRule((0.8, 0.1, 0.1), ("a",), 1))
        assert all(split is not Split.TRAIN for item, split in placed if item.collection == "a")


def test_a_reserved_set_that_does_not_exist_is_refused() -> None:
    material = Material(AUTO, (SourceItem(Path("a"), "real", "anna", "studio"),))
    with pytest.raises(UsageError, match="no set londn") as caught:
        place(material, SplitRule((0.8, 0.1, 0.1), ("londn",), 1))
    assert "studio" in caught.value.hint
