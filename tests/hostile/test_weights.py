"""Weights are believed by their hash, read as safetensors alone, and never run."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest

from tests.conftest import SAMPLES
from tests.hostile.baits import OpenWatch
from tests.hostile.makers import weights

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="watches files through inotify")


@pytest.fixture
def refused(program, tmp_path: Path):
    """Scans with weights that must be refused; returns what the terminal said."""

    def scan(folder: Path) -> str:
        clip = tmp_path / "clip.mp4"
        clip.write_bytes((SAMPLES / "genuine.mp4").read_bytes())
        options = ("--weights", folder, "--allow-foreign-weights", "--device", "cpu")
        with OpenWatch([clip]) as watch:
            code, _, err = program("scan", clip, "--report", tmp_path / "r.pdf", *options)
            assert watch.opened() == set()
        assert code == 6
        assert "Traceback" not in err
        assert not (tmp_path / "r.pdf").exists()
        assert not (tmp_path / "r-results").exists()
        return " ".join(err.split())

    return scan


def test_a_hash_that_does_not_fit_is_refused_before_the_file_is_parsed(
    refused, weights_folder: Path, tmp_path: Path
) -> None:
    content = weights.flipped(weights_folder)
    folder = weights.with_content(weights_folder, tmp_path / "w", content, is_hash_right=False)
    assert "is not the file that weights.json names" in refused(folder)


@pytest.mark.parametrize("make", [weights.pickled, weights.zipped_pickle])
def test_a_pickle_called_safetensors_is_refused_and_never_run(
    refused, weights_folder: Path, tmp_path: Path, make
) -> None:
    proof = tmp_path / "it-ran"
    folder = weights.with_content(weights_folder, tmp_path / "w", make(proof), is_hash_right=True)
    assert "seeded.safetensors does not hold the weights of this network" in refused(folder)
    assert not proof.exists()


def test_the_pickle_would_have_run(tmp_path: Path) -> None:
    """Else the test above would show nothing."""
    pickle.loads(weights.pickled(tmp_path / "it-ran"))
    assert (tmp_path / "it-ran").is_dir()


@pytest.mark.parametrize("n_bytes", [0, 1, 100_000_001, 1 << 40, (1 << 63) - 1, (1 << 64) - 1])
def test_a_header_of_a_false_length_is_refused(
    refused, weights_folder: Path, tmp_path: Path, n_bytes
) -> None:
    content = weights.header_of(n_bytes)
    folder = weights.with_content(weights_folder, tmp_path / "w", content, is_hash_right=True)
    assert "does not hold the weights of this network" in refused(folder)


@pytest.mark.parametrize("content", [b"", b"\0" * 7, weights.tensor_beyond_the_file()])
def test_a_file_that_is_too_short_for_what_it_says_is_refused(
    refused, weights_folder: Path, tmp_path: Path, content: bytes
) -> None:
    folder = weights.with_content(weights_folder, tmp_path / "w", content, is_hash_right=True)
    assert "does not hold the weights of this network" in refused(folder)


def test_tensors_of_another_network_are_refused(refused, weights_folder: Path, tmp_path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save

    content = save({"encoder.weight": np.zeros((2, 2), np.float32)})
    folder = weights.with_content(weights_folder, tmp_path / "w", content, is_hash_right=True)
    assert "does not fit the network" in refused(folder)
