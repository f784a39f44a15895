"""Whatever a file holds, the facts come back: in time, without a defect, and as JSON."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from forensic_cli.config import MediaLimits
from forensic_cli.errors import MediaError
from forensic_cli.factsheet import Factsheet, Reason
from forensic_cli.media.facts import collect_facts
from tests.media.clips import write_clip
from tests.media.facts.sheets import jpeg_bytes
from tests.media.facts.test_images import XMP, camera_exif
from tests.media.facts.test_thumbnail import exif_with

LIMITS = MediaLimits(max_pixels=1_000_000)
KINDS = ("mp4", "fragmented.mp4", "hevc.mp4", "mkv", "avi", "ts", "jpg", "png", "webp", "tif")


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("originals")
    fragments = {"movflags": "frag_keyframe+empty_moov"}
    clips = {
        "mp4": write_clip(folder / "a.mp4", n_frames=15, container_options={"movflags": "faststart"}),
        "fragmented.mp4": write_clip(folder / "f.mp4", n_frames=15, container_options=fragments),
        "hevc.mp4": write_clip(folder / "h.mp4", "libx265", n_frames=15),
        "mkv": write_clip(folder / "a.mkv", n_frames=15),
        "avi": write_clip(folder / "a.avi", "mpeg4", n_frames=15),
        "ts": write_clip(folder / "a.ts", n_frames=15, container_format="mpegts"),
    }
    found = {kind: path.read_bytes() for kind, path in clips.items()}
    y, x = np.mgrid[0:160, 0:160]
    picture = Image.fromarray(np.stack([x + y, x ^ y, (x * y) % 251], axis=-1).astype(np.uint8))
    thumbnail = exif_with(jpeg_bytes(picture.resize((32, 32))))
    found["jpg"] = jpeg_bytes(picture, exif=thumbnail, xmp=XMP, comment=b"comment", progressive=True)
    for kind, plugin in (("png", "PNG"), ("webp", "WEBP"), ("tif", "TIFF")):
        buffer = io.BytesIO()
        picture.save(buffer, plugin, exif=camera_exif())
        found[kind] = buffer.getvalue()
    return found


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Bytes overwritten, cut out, doubled or cut short; headers more often than pixels."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 6))):
        reach = len(changed) if rng.random() < 0.4 else min(len(changed), 1200)
        at = int(rng.integers(0, max(reach, 1)))
        match int(rng.integers(0, 4)):
            case 0:
                changed[at : at + 1] = bytes([int(rng.integers(0, 256))])
            case 1:
                changed[at : at + 4] = rng.choice(
                    np.frombuffer(b"\x00\x01\x7f\x80\xff", np.uint8), 4
                ).tobytes()
            case 2:
                del changed[at : at + int(rng.integers(1, 40))]
            case _:
                changed[at:at] = changed[at : at + int(rng.integers(1, 40))]
    return bytes(changed[: int(rng.integers(1, len(changed) + 1))] if rng.random() < 0.1 else changed)


def facts_or_none(content: bytes, kind: str) -> Factsheet | None:
    try:
        return collect_facts(io.BytesIO(content), f"a.{kind}", LIMITS)
    except MediaError:
        return None


def require_sound(content: bytes, kind: str, seed: int) -> None:
    from forensic_cli.evidence.records import from_jsonable, to_jsonable

    sheet = facts_or_none(content, kind)
    if sheet is None:
        return
    defects = [entry for entry in sheet.not_determined if entry.reason is Reason.DEFECT]
    assert not defects, (kind, seed, defects)
    text = json.dumps(to_jsonable(sheet), allow_nan=False)
    assert len(text) < 200_000
    assert from_jsonable(Factsheet, json.loads(text)) == sheet


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_files_give_facts_or_a_media_error(originals: dict[str, bytes], kind: str) -> None:
    for seed in range(25):
        require_sound(mutated(originals[kind], np.random.default_rng(seed)), kind, seed)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_mutated_files_give_facts_or_a_media_error(originals: dict[str, bytes], kind: str) -> None:
    for seed in range(1000, 1600):
        require_sound(mutated(originals[kind], np.random.default_rng(seed)), kind, seed)


@pytest.mark.parametrize("kind", KINDS)
def test_every_truncation_gives_facts_or_a_media_error(originals: dict[str, bytes], kind: str) -> None:
    content = originals[kind]
    for end in sorted({*range(1, 60, 7), *range(60, len(content), max(1, len(content) // 12))}):
        require_sound(content[:end], kind, end)


def test_the_same_file_gives_the_same_facts(originals: dict[str, bytes]) -> None:
    for kind, content in originals.items():
        assert facts_or_none(content, kind) == facts_or_none(content, kind)


def test_the_file_is_left_open_at_its_start(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", n_frames=12)
    with path.open("rb") as file:
        collect_facts(file, path.name, LIMITS)
        assert file.tell() == 0
