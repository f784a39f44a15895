"""Nothing but the forgery tells real from forged: not the file, not its compression, not its grey levels.

Nothing is trained. Statistics are measured off the forgery, since inside it they differ as they
must: a smoothed skin is smoother. Each check is run on a pipeline with a known fault too, and has to
find it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from forensic_cli.types import RgbImage
from tests.training.separation import (
    chance_band,
    far_from,
    png_chunks,
    share_above,
    statistics,
)
from train.data.crops import read_picture
from train.data.dataset import DatasetRow, Split, read_dataset, select
from train.data.pairs import ForgedPairs, ForgeSettings, Pair
from train.data.stored import StoredPairs, read_mask
from train.forge.codecs import encode_h264_intra, h264_intra, jpeg
from train.forge.degrade import Codec, compression_named, degrade
from train.forge.export import ExportSettings, forge_dataset
from train.forge.methods import METHODS

COMPRESSIONS = ("none", "jpeg:75", "h264:23")
_PER_METHOD = 3
# A picture that is compressed twice carries what is inside the mask one block on, and a pixel more.
_N_BLOCKS = 2


@pytest.fixture(scope="module")
def forged(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every method three times, from all splits, without compression."""
    folder = tmp_path_factory.mktemp("forged") / "all"
    forge_dataset(dataset, folder, ExportSettings(n=_PER_METHOD, seed=3))
    return folder


def _fakes(folder: Path) -> list[DatasetRow]:
    return [row for row in read_dataset(folder) if row.label == "fake"]


@pytest.fixture(scope="module")
def pairs(forged: Path) -> list[Pair]:
    """The files: every forged crop with the real one that it was made from."""
    return [_stored_pair(forged, row) for row in _fakes(forged)]


def _stored_pair(folder: Path, row: DatasetRow) -> Pair:
    mask = read_mask(folder, row)
    assert mask is not None
    return Pair(read_picture(folder / row.pair), read_picture(folder / row.path), mask, row.method)


def _compressed(pairs: Sequence[Pair], compression: str) -> list[Pair]:
    chain = compression_named(compression)
    return [
        Pair(degrade(pair.real, chain), degrade(pair.fake, chain), pair.mask, pair.method) for pair in pairs
    ]


def _suspects(pairs: Sequence[Pair]) -> dict[str, float]:
    """Statistics that are higher for the fakes, or lower, more often than chance would have it."""
    measured = []
    for pair in pairs:
        region = far_from(pair.mask, _N_BLOCKS)
        if region.any():
            measured.append((statistics(pair.real, region), statistics(pair.fake, region)))
    # A forgery as large as the picture leaves nothing to measure; most do not.
    assert len(measured) > 0.7 * len(pairs)
    suspects = {}
    names = list(measured[0][0])
    for name in names:
        share, n = share_above([real[name] for real, _ in measured], [fake[name] for _, fake in measured])
        if abs(share - 0.5) > chance_band(n, len(names) * len(COMPRESSIONS)):
            suspects[name] = share
    return suspects


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_no_statistic_off_the_forgery_separates_the_classes(pairs: list[Pair], compression: str) -> None:
    assert _suspects(_compressed(pairs, compression)) == {}


def _resampled(image: RgbImage) -> RgbImage:
    return np.asarray(cv2.resize(cv2.resize(image, (240, 240)), image.shape[:2]), np.uint8)


def _stretched(image: RgbImage) -> RgbImage:
    return np.clip(image.astype(np.float32) * 1.15, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("compression", "fault", "found_by"),
    [
        ("none", lambda image: jpeg(image, 75), "JPEG 75 loss"),
        ("none", lambda image: h264_intra(image, 23), "H.264 23 loss"),
        ("none", _resampled, "sharpness"),
        ("none", _stretched, "unused grey levels"),
        ("jpeg:75", lambda image: jpeg(image, 60), "zero DCT"),
        ("h264:23", lambda image: h264_intra(image, 30), "zero DCT"),
    ],
    ids=["saved-as-jpeg", "saved-as-video", "resampled", "stretched", "jpeg-twice", "h264-twice"],
)
def test_a_pipeline_that_treats_fakes_otherwise_is_found_out(
    pairs: list[Pair], compression: str, fault: Callable[[RgbImage], RgbImage], found_by: str
) -> None:
    broken = [
        Pair(pair.real, fault(pair.fake), pair.mask, pair.method)
        for pair in _compressed(pairs[::2], compression)
    ]
    assert found_by in _suspects(broken)


def test_files_differ_inside_the_mask_alone(pairs: list[Pair]) -> None:
    assert {pair.method for pair in pairs} == set(METHODS)
    for pair in pairs:
        differs = (pair.real != pair.fake).any(axis=-1)
        assert not differs[pair.mask == 0].any(), pair.method
        assert differs.any(), pair.method


def test_jpeg_leaves_no_difference_a_block_off_the_forgery(pairs: list[Pair]) -> None:
    for pair in _compressed(pairs, "jpeg:75"):
        differs = (pair.real != pair.fake).any(axis=-1)
        assert not differs[far_from(pair.mask, 1)].any(), pair.method


def _frame_quantiser(image: RgbImage, constant_rate_factor: int) -> int:
    """The H.264 quantiser that x264 reports with a frame."""
    (packet,) = encode_h264_intra(image, constant_rate_factor)
    reports = {entry.data_type: bytes(entry) for entry in packet.iter_sidedata()}
    # AV_PKT_DATA_QUALITY_STATS begins with the quantiser, times FF_QP2LAMBDA = 118.
    return round(int.from_bytes(reports["quality_stats"][:4], "little") / 118)


@pytest.mark.parametrize("constant_rate_factor", [16, 23, 40])
def test_h264_quantises_real_and_forged_alike_whatever_they_show(
    pairs: list[Pair], constant_rate_factor: int
) -> None:
    found = {
        _frame_quantiser(image, constant_rate_factor)
        for pair in pairs[::2]
        for image in (pair.real, pair.fake)
    }
    assert found == {constant_rate_factor - 3}


def _containers(folder: Path, label: str) -> set[tuple[object, ...]]:
    """What can be told of a class's files without looking at a pixel."""
    found = set()
    for row in read_dataset(folder):
        if row.label == label:
            path = folder / row.path
            with Image.open(path) as image:
                facts = (image.format, image.mode, image.size, tuple(image.info), len(image.getexif()))
            found.add((*facts, path.suffix, tuple(png_chunks(path))))
    return found


@pytest.mark.parametrize("compression", ["none", "jpeg:75"])
def test_files_have_one_format_size_and_set_of_metadata(
    dataset: Path, tmp_path: Path, compression: str
) -> None:
    folder = tmp_path / "forged"
    settings = ExportSettings(("part-swap", "lip-recolour"), 3, compression=compression_named(compression))
    forge_dataset(dataset, folder, settings)
    real, fake = _containers(folder, "real"), _containers(folder, "fake")
    assert real == fake
    assert len(real) == 1
    ((*_, chunks),) = real
    assert [kind for kind, _ in chunks] == ["IHDR", "IDAT", "IEND"]


@pytest.mark.parametrize(
    "flaw",
    [
        [cv2.IMWRITE_PNG_COMPRESSION, 9],
        "tEXt",
    ],
    ids=["another-level", "a-comment"],
)
def test_a_fake_written_by_another_encoder_is_found_out(
    dataset: Path, tmp_path: Path, flaw: str | list[int]
) -> None:
    from PIL.PngImagePlugin import PngInfo

    folder = tmp_path / "forged"
    forge_dataset(dataset, folder, ExportSettings(("lip-recolour",), 3))
    path = folder / _fakes(folder)[0].path
    if isinstance(flaw, str):
        comment = PngInfo()
        comment.add_text("Software", "a forger's")
        with Image.open(path) as image:
            image.load()
            image.save(path, pnginfo=comment)
    else:
        picture = cv2.imread(str(path))
        assert picture is not None
        cv2.imwrite(str(path), picture, flaw)
    assert _containers(folder, "real") != _containers(folder, "fake")


@pytest.fixture(scope="module", params=["on the fly", "stored"])
def loader(
    request: pytest.FixtureRequest, dataset: Path, forged: Path
) -> Callable[[dict[Codec, float]], ForgedPairs | StoredPairs]:
    """A loader of training pairs for given codec shares."""

    def make(codecs: dict[Codec, float]) -> ForgedPairs | StoredPairs:
        if request.param == "stored":
            rows = read_dataset(forged)
            real, fake = (select(rows, Split.TRAIN, label) for label in ("real", "fake"))
            return StoredPairs(forged, fake, real, codecs, seed=6)
        settings = ForgeSettings(dict.fromkeys(METHODS, 1 / len(METHODS)), codecs, is_varied=True)
        return ForgedPairs(dataset, select(read_dataset(dataset), Split.TRAIN), settings, seed=6)

    return make


@pytest.mark.parametrize("codec", list(Codec))
def test_no_statistic_separates_what_a_loader_makes(
    loader: Callable[[dict[Codec, float]], ForgedPairs | StoredPairs], codec: Codec
) -> None:
    pairs = loader({codec: 1.0})
    assert _suspects([pairs[k] for k in range(20)]) == {}


def test_a_loader_that_compresses_fakes_alone_is_found_out(
    loader: Callable[[dict[Codec, float]], ForgedPairs | StoredPairs],
) -> None:
    pairs = loader({Codec.NONE: 1.0})
    made = [pairs[k] for k in range(20)]
    broken = [Pair(pair.real, jpeg(pair.fake, 75), pair.mask, pair.method) for pair in made]
    assert "JPEG 75 loss" in _suspects(broken)


def test_a_loader_degrades_both_versions_by_one_chain(
    loader: Callable[[dict[Codec, float]], ForgedPairs | StoredPairs], monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.data import pairs as on_the_fly
    from train.data import stored

    chains = []

    def spy(image: RgbImage, chain: object) -> RgbImage:
        assert image.shape == (256, 256, 3)
        chains.append(chain)
        return image

    for module in (on_the_fly, stored):
        monkeypatch.setattr(module, "degrade", spy)
    made = loader(dict.fromkeys(Codec, 1 / 3))
    for k in range(24):
        pair = made[k]
        differs = (pair.real != pair.fake).any(axis=-1)
        assert not differs[pair.mask == 0].any()
    assert len(chains) == 48
    assert chains[::2] == chains[1::2]
    assert len(set(chains)) == 24


@pytest.mark.slow
@pytest.mark.parametrize("compression", [*COMPRESSIONS, "h264:40"])
@pytest.mark.parametrize("method", list(METHODS))
def test_no_statistic_separates_sixty_forgeries_of_a_method(
    dataset: Path, tmp_path: Path, method: str, compression: str
) -> None:
    folder = tmp_path / "forged"
    forge_dataset(dataset, folder, ExportSettings((method,), 60, compression=compression_named(compression)))
    assert _suspects([_stored_pair(folder, row) for row in _fakes(folder)]) == {}
