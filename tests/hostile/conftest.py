"""One scan of every hostile file, that all tests here look at."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from forensic_cli.types import ItemResult, RgbImage
from tests.cli.conftest import program  # noqa: F401  # a fixture
from tests.conftest import SAMPLES
from tests.hostile.baits import OpenWatch, bait_server
from tests.hostile.makers import bombs, damage, entries, liars, names, redirections
from tests.hostile.originals import make_originals
from tests.hostile.scanning import Scanned, scan_program

FOLDERS = ("redirections", "bombs", "liars", "damage", "names", "entries")
ENDLESS_DEVICE = Path("/dev/zero")


@dataclass(frozen=True)
class Batch:
    """A scan of hostile files, and what it did to what they point at.

    Attributes:
        n_connections: that the server saw.
        opened: files outside the evidence that were opened.
        baits: all those that were watched.
    """

    scanned: Scanned
    items: dict[str, ItemResult]
    n_connections: int
    opened: set[Path]
    baits: tuple[Path, ...]
    has_device: bool


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory, astronaut: RgbImage) -> dict[str, bytes]:
    return make_originals(tmp_path_factory.mktemp("originals"), astronaut)


@pytest.fixture(scope="session")
def seeded_options(weights_folder: Path) -> list[str]:
    return ["--weights", str(weights_folder), "--allow-foreign-weights"]


@pytest.fixture(scope="session")
def batch(
    tmp_path_factory: pytest.TempPathFactory,
    astronaut: RgbImage,
    originals: dict[str, bytes],
    seeded_options: list[str],
) -> Batch:
    if sys.platform != "linux":
        pytest.skip("watches files through inotify")
    root = tmp_path_factory.mktemp("hostile")
    evidence, place, outside = root / "evidence", root / "place", root / "outside"
    for folder in (place, outside, *(evidence / name for name in FOLDERS)):
        folder.mkdir(parents=True)
    buffer = io.BytesIO()
    Image.fromarray(astronaut[:300]).save(buffer, "PNG")
    film, linked, picture = outside / "film.mp4", outside / "linked.png", place / names.BAIT_NAME
    film.write_bytes((SAMPLES / "genuine.mp4").read_bytes())
    linked.write_bytes(buffer.getvalue())
    picture.write_bytes(buffer.getvalue())
    baits = (film, linked, picture)
    with bait_server() as server:
        redirections.write_playlists(evidence / "redirections", film, server.address)
        redirections.write_alias(evidence / "redirections" / "alias.mov", film)
        redirections.write_remote_credentials(
            evidence / "redirections" / "credentials.jpg", astronaut, server.address
        )
        bombs.write_pictures(evidence / "bombs")
        bombs.write_text_bomb(evidence / "bombs" / "text.png")
        bombs.write_film(evidence / "bombs" / "film.mov")
        bombs.write_many_streams(evidence / "bombs" / "streams.mov", 70)
        liars.write_liars(evidence / "liars")
        damage.write_damage(evidence / "damage", originals)
        small = io.BytesIO()
        Image.new("RGB", (120, 120), (90, 20, 10)).save(small, "PNG")
        names.write_names(evidence / "names", small.getvalue())
        has_device = entries.write_entries(evidence / "entries", linked)
        with OpenWatch(baits) as watch:
            scanned = scan_program(evidence, place, ENDLESS_DEVICE, *seeded_options, timeout_s=1800)
            opened = watch.opened()
        n_connections = server.n_connections
    assert scanned.out.is_dir(), scanned.stderr
    return Batch(scanned, scanned.items(), n_connections, opened, baits, has_device)
