"""Face renderers: they learn to copy faces, come back from disk, and paint where the face is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forensic_cli.errors import UsageError
from tests.training.conftest import variant
from train.data.crops import RENDERERS_NAME, read_landmarks, read_portrait
from train.data.dataset import Split, read_dataset, select
from train.forge.export import makeable_methods
from train.forge.methods import METHODS
from train.forge.portrait import LEFT_EYE, MOUTH, RIGHT_EYE, Portrait
from train.rendering.aligned import alignment, cut_face, put_back
from train.rendering.networks import RENDERERS, Renderer, RendererSpec, Upscaler
from train.rendering.renderers import load_renderer, missing_renderers, read_hashes, render, save_renderer
from train.rendering.training import aligned_faces, half_of, train_renderer, train_renderers

TINY = RendererSpec("tiny", 32, Upscaler.NEAREST)


def test_eyes_and_mouth_come_to_lie_at_their_places(portrait: Portrait) -> None:
    points = np.stack([portrait.landmarks[list(part)].mean(axis=0) for part in (RIGHT_EYE, LEFT_EYE, MOUTH)])
    matrix = alignment(portrait.landmarks, 100)
    placed = points @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(placed, [[33, 40], [67, 40], [50, 72]], atol=4)
    # A similarity: no shear, no mirror.
    assert matrix[0, 0] == pytest.approx(matrix[1, 1])
    assert matrix[0, 1] == pytest.approx(-matrix[1, 0])


def test_a_face_put_back_uncut_is_nearly_the_picture(portrait: Portrait) -> None:
    matrix = alignment(portrait.landmarks, 256)
    again = put_back(cut_face(portrait.image, matrix, 256), matrix, portrait.image, 1)
    assert np.abs(again.astype(int) - portrait.image).mean() < 3


@pytest.mark.parametrize("spec", RENDERERS, ids=lambda spec: spec.name)
def test_a_renderer_gives_back_the_size_that_it_was_given(spec: RendererSpec) -> None:
    import torch

    faces = torch.rand(2, 3, spec.size_px, spec.size_px)
    renderer = Renderer(spec).eval()
    for decoder in range(spec.n_decoders):
        assert renderer(faces, decoder).shape == faces.shape


def test_the_renderers_differ_in_size_and_upscaler() -> None:
    assert len({spec.size_px for spec in RENDERERS}) == len({spec.upscaler for spec in RENDERERS}) == 3


def test_training_makes_a_renderer_copy_better(portrait: Portrait) -> None:
    faces = np.stack(
        [
            cut_face(person.image, alignment(person.landmarks, 32), 34)
            for person in (variant(portrait, number) for number in range(8))
        ]
    )
    halves = np.arange(8) % 2
    _, untrained = train_renderer(TINY, faces, halves, 32, 1)
    _, trained = train_renderer(TINY, faces, halves, 32 * 100, 1)
    assert trained < 0.75 * untrained


def test_training_twice_from_one_seed_gives_the_same_renderer(portrait: Portrait) -> None:
    faces = np.stack([cut_face(portrait.image, alignment(portrait.landmarks, 32), 34)] * 4)
    shared = RendererSpec("tiny-shared", 32, Upscaler.SHUFFLE, n_decoders=2)
    first, again = (train_renderer(shared, faces, np.array([0, 1, 0, 1]), 96, 7)[0] for _ in range(2))
    for one, other in zip(first.state_dict().values(), again.state_dict().values(), strict=True):
        assert (one == other).all()


def test_both_decoders_of_a_shared_renderer_are_trained(portrait: Portrait) -> None:
    faces = np.stack([cut_face(portrait.image, alignment(portrait.landmarks, 32), 34)] * 4)
    shared = RendererSpec("tiny-shared", 32, Upscaler.SHUFFLE, n_decoders=2)
    one_step, _ = train_renderer(shared, faces, np.array([0, 1, 0, 1]), 32, 7)
    two_steps, _ = train_renderer(shared, faces, np.array([0, 1, 0, 1]), 64, 7)
    before, after = (run.decoders[1].state_dict().values() for run in (one_step, two_steps))
    assert any((old != new).any() for old, new in zip(before, after, strict=True))


def test_renderers_come_back_from_disk_with_their_hashes(dataset: Path, tmp_path: Path) -> None:
    copy = tmp_path / "data"
    copy.mkdir()
    for entry in dataset.iterdir():
        if entry.name != RENDERERS_NAME:
            (copy / entry.name).symlink_to(entry)
    assert "face-rerender" not in makeable_methods(copy)
    assert len(missing_renderers(copy / RENDERERS_NAME)) == len(RENDERERS)
    reported: list[str] = []
    errors = train_renderers(copy, 32, 5, lambda progress: reported.append(progress.name))
    assert set(errors) == set(reported) == {spec.name for spec in RENDERERS}
    assert not missing_renderers(copy / RENDERERS_NAME)
    assert set(read_hashes(copy / RENDERERS_NAME)) == {f"{spec.name}.safetensors" for spec in RENDERERS}
    row = select(read_dataset(copy), Split.TRAIN)[0]
    assert read_portrait(copy, row, read_landmarks(copy)).renderers == copy / RENDERERS_NAME
    assert "face-rerender" in makeable_methods(copy)


def test_a_person_stays_in_one_half_and_the_halves_are_about_equal() -> None:
    halves = [half_of(f"person-{number}") for number in range(400)]
    assert halves == [half_of(f"person-{number}") for number in range(400)]
    assert 150 < sum(halves) < 250


def test_faces_are_cut_with_a_margin_to_move_in(dataset: Path) -> None:
    rows = select(read_dataset(dataset), Split.TRAIN)
    faces, halves = aligned_faces(dataset, rows, RENDERERS[0])
    assert faces.shape[0] == len(rows) == len(halves)
    assert faces.shape[1] > RENDERERS[0].size_px


def test_rendering_changes_the_face_and_leaves_the_corners(portrait: Portrait, renderers: Path) -> None:
    rendered = render(renderers, RENDERERS[:1], portrait.image, portrait.landmarks, np.random.default_rng(1))
    corner = np.s_[:20, :20]
    np.testing.assert_array_equal(rendered[corner], portrait.image[corner])
    nose_x, nose_y = portrait.landmarks[30].astype(int)
    assert (
        rendered[nose_y - 5 : nose_y + 5, nose_x - 5 : nose_x + 5]
        != portrait.image[nose_y - 5 : nose_y + 5, nose_x - 5 : nose_x + 5]
    ).any()


@pytest.mark.parametrize("name", ["face-rerender", "decoder-swap"])
def test_without_renderers_the_method_names_the_remedy(portrait: Portrait, name: str) -> None:
    bare = replace(portrait, renderers=None)
    with pytest.raises(UsageError) as caught:
        METHODS[name].forge(bare, bare, np.random.default_rng(0))
    assert "train renderers" in str(caught.value.hint)


def test_a_file_that_is_no_renderer_is_refused(tmp_path: Path) -> None:
    path = save_renderer(tmp_path, Renderer(TINY))
    assert load_renderer(tmp_path, TINY).spec == TINY
    load_renderer.cache_clear()
    path.write_bytes(b"no safetensors")
    with pytest.raises(UsageError, match="cannot be used"):
        load_renderer(tmp_path, TINY)
