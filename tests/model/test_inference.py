"""Reading crops with checked weights."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from forensic_cli.config import DeviceName, ModelSettings
from forensic_cli.errors import UsageError, WeightsError
from forensic_cli.model.architectures import ARCHITECTURES, make_encoder
from forensic_cli.model.inference import Examiner, build_encoder, choose_device
from forensic_cli.model.lae import attention_map, latent_activations, normalise
from forensic_cli.model.weights import ModelCard


def _settings(folder: Path, batch_size: int = 16) -> ModelSettings:
    return ModelSettings(str(folder), True, DeviceName.CPU, batch_size)


@pytest.fixture(scope="module")
def crops() -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    return [rng.integers(0, 256, (256, 256, 3), dtype=np.uint8) for _ in range(5)]


def test_readings_equal_the_equations_on_the_same_pixels(weights_folder: Path, crops) -> None:
    examiner = Examiner(_settings(weights_folder))
    readings = examiner.read(crops)
    x = normalise(torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2))
    encoder = build_encoder(examiner.card, (weights_folder / examiner.card.file).read_bytes()).eval()
    with torch.inference_mode():
        encoding = encoder(x)
        real, fake = latent_activations(encoding.z)
        attention = attention_map(encoder, encoding)
    for k, reading in enumerate(readings):
        assert reading.activation.real == pytest.approx(float(real[k]), rel=1e-4)
        assert reading.activation.fake == pytest.approx(float(fake[k]), rel=1e-4)
        assert reading.activation.score == reading.activation.fake - reading.activation.real
        np.testing.assert_allclose(reading.attention, attention[k], rtol=1e-3, atol=1e-6)


def test_another_batch_size_moves_a_score_by_rounding_alone(weights_folder: Path, crops) -> None:
    together = Examiner(_settings(weights_folder, 4)).read(crops)
    apart = Examiner(_settings(weights_folder, 2)).read(crops)
    for one, other in zip(together, apart, strict=True):
        assert one.activation.score == pytest.approx(other.activation.score, abs=1e-5)


def test_the_record_names_device_backend_and_how_the_batch_size_was_chosen(weights_folder: Path) -> None:
    chosen = Examiner(ModelSettings(str(weights_folder), True, DeviceName.CPU))
    assert chosen.device_description.startswith("cpu (")
    assert chosen.device_description.endswith("; torch)")
    assert chosen.batch_description == "1, chosen by the program"
    assert Examiner(_settings(weights_folder, 4)).batch_description == "4"


def test_no_crops_give_no_readings(weights_folder: Path) -> None:
    assert Examiner(_settings(weights_folder)).read([]) == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_an_error_not_a_fallback() -> None:
    with pytest.raises(UsageError) as caught:
        choose_device(DeviceName.CUDA)
    assert "--device cpu" in caught.value.hint


def test_pickle_renamed_to_safetensors_is_refused(card: ModelCard, tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "x.pt")
    with pytest.raises(WeightsError, match="does not hold the weights"):
        build_encoder(card, (tmp_path / "x.pt").read_bytes())


def test_weights_of_another_network_are_refused(card: ModelCard) -> None:
    with pytest.raises(WeightsError, match="missing"):
        build_encoder(card, save({"features.0.bias": torch.zeros(64)}))
    with pytest.raises(WeightsError):
        build_encoder(card, save({"latent.weight": torch.zeros(4, 4)}))


def test_unknown_architecture_is_refused(card: ModelCard) -> None:
    with pytest.raises(WeightsError, match="does not know"):
        build_encoder(replace(card, arch="resnet"), b"")


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_a_card_knows_the_resolution_of_its_attention_map(card: ModelCard, arch: str) -> None:
    side = replace(card, arch=arch).map_side
    assert make_encoder(arch).eval()(torch.zeros(1, 3, 256, 256)).concepts.shape[2:] == (side, side)


def test_altered_weights_are_refused_by_the_examiner(weights_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(weights_folder, tmp_path / "weights"))
    path = folder / "seeded.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(WeightsError, match="SHA-256"):
        Examiner(_settings(folder))


def test_trusted_hash_of_a_truncated_file_still_gives_a_clear_error(
    weights_folder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(weights_folder, tmp_path / "weights"))
    path = folder / "seeded.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    document = json.loads((folder / "weights.json").read_text())
    document["weights"][0]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "weights.json").write_text(json.dumps(document))
    with pytest.raises(WeightsError, match="does not hold the weights"):
        Examiner(_settings(folder))


@pytest.mark.gpu
def test_cuda_scores_agree_with_cpu(weights_folder: Path, crops) -> None:
    on_cpu = Examiner(_settings(weights_folder)).read(crops)
    on_gpu = Examiner(replace(_settings(weights_folder), device=DeviceName.CUDA)).read(crops)
    for one, other in zip(on_cpu, on_gpu, strict=True):
        assert one.activation.score == pytest.approx(other.activation.score, abs=0.02)
