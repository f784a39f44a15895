"""Every backend that is kept gives the scores of plain torch in fp32, within the stated tolerance."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from forensic_cli.config import BackendName, DeviceName, ModelSettings
from forensic_cli.errors import UsageError
from forensic_cli.evidence.tolerance import tolerance_of
from forensic_cli.model.architectures import ARCHITECTURES, make_encoder
from forensic_cli.model.backends import EagerBackend, make_backend
from forensic_cli.model.backends.cuda import LARGEST_BATCH, batch_for_memory
from forensic_cli.model.backends.packed import can_pack, with_packed_weights
from forensic_cli.model.inference import BatchReader, Examiner
from forensic_cli.types import RgbImage

needs_openvino = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="the extra `openvino` is not installed"
)


@pytest.fixture(scope="module")
def crops(astronaut: RgbImage) -> list[RgbImage]:
    """Ten pictures with and without detail."""
    rng = np.random.default_rng(8)
    cut = [np.ascontiguousarray(astronaut[y : y + 256, x : x + 256]) for y in (0, 128, 256) for x in (0, 90)]
    noise = [rng.integers(0, 256, (256, 256, 3), dtype=np.uint8) for _ in range(2)]
    return [*cut, *noise, np.zeros_like(noise[0]), np.full_like(noise[0], 255)]


def _seeded(arch: str):
    encoder = make_encoder(arch)
    encoder.initialise(torch.Generator().manual_seed(2))
    return encoder.eval()


def _scores(reader: BatchReader, crops: list[RgbImage]) -> list[float]:
    return [reading.activation.score for reading in reader.read(crops)]


@pytest.mark.skipif(not can_pack(torch.device("cpu")), reason="oneDNN does not compute the convolutions here")
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_packed_weights_give_plain_torchs_concepts(arch: str) -> None:
    encoder = _seeded(arch).to(memory_format=torch.channels_last)
    packed = with_packed_weights(encoder.features)
    generator = torch.Generator().manual_seed(4)
    with torch.inference_mode():
        for n in (1, 3, 1):  # another shape lays the weights out again
            x = torch.randn(n, 3, 256, 256, generator=generator).contiguous(memory_format=torch.channels_last)
            concepts = encoder.features(x)
            torch.testing.assert_close(packed(x), concepts, rtol=1e-5, atol=1e-6)
            assert concepts.std() > 1e-3


def test_packing_leaves_the_encoder_as_it_was() -> None:
    encoder = _seeded("lae")
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    packed = with_packed_weights(encoder.features)
    assert encoder.state_dict().keys() == before.keys()
    assert all(torch.equal(tensor, before[name]) for name, tensor in encoder.state_dict().items())
    own = {parameter.data_ptr() for parameter in encoder.features.parameters()}
    # Its weights are shared, so that they take no memory twice.
    assert {parameter.data_ptr() for parameter in packed.parameters()} == own
    assert not any(isinstance(layer, torch.nn.Conv2d) for layer in packed.children())


@needs_openvino
def test_openvino_gives_the_shipped_models_scores_and_maps(crops) -> None:
    settings = ModelSettings(device=DeviceName.CPU)
    plain = Examiner(settings).read(crops)
    examiner = Examiner(replace(settings, backend=BackendName.OPENVINO))
    tolerance = tolerance_of(examiner.precision).score
    for one, other in zip(plain, examiner.read(crops), strict=True):
        assert other.activation.real == pytest.approx(one.activation.real, abs=tolerance)
        assert other.activation.score == pytest.approx(one.activation.score, abs=tolerance)
        np.testing.assert_allclose(other.attention, one.attention, atol=1e-3, rtol=1e-3)
    # That the tolerance tells something: the pictures' scores differ by far more.
    assert np.ptp([reading.activation.score for reading in plain]) > 100 * tolerance


@needs_openvino
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_openvino_gives_the_scores_of_every_architecture(arch: str, crops) -> None:
    cpu = torch.device("cpu")
    plain = BatchReader(EagerBackend(_seeded(arch), "paper", cpu), 2)
    other = BatchReader(make_backend(BackendName.OPENVINO, _seeded(arch), "paper", cpu), 2)
    assert _scores(other, crops) == pytest.approx(_scores(plain, crops), abs=tolerance_of("fp32").score)


@needs_openvino
@pytest.mark.parametrize("batch_size", [1, 3])
def test_with_openvino_too_a_reading_does_not_depend_on_its_company(batch_size: int, crops) -> None:
    backend = make_backend(BackendName.OPENVINO, _seeded("lae-128"), "paper", torch.device("cpu"))
    reader = BatchReader(backend, batch_size)
    alone = [_scores(reader, [crop])[0] for crop in crops]
    assert _scores(reader, crops) == alone
    assert _scores(reader, crops[::-1]) == alone[::-1]


@needs_openvino
def test_the_record_names_openvino_and_its_version(weights_folder: Path) -> None:
    import openvino

    settings = ModelSettings(str(weights_folder), True, backend=BackendName.OPENVINO)
    examiner = Examiner(settings)
    assert examiner.device.type == "cpu"
    assert f"; OpenVINO {openvino.__version__.partition('-')[0]}" in examiner.device_description
    assert examiner.precision == "fp32"


@needs_openvino
def test_openvino_is_loaded_without_the_package_that_reports_to_its_maker(tmp_path: Path) -> None:
    """`openvino.convert_model` sends events unless `openvino_telemetry` cannot be imported."""
    script = (
        "import socket, sys\n"
        "def refuse(*args): raise AssertionError('a connection was opened')\n"
        "socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse\n"
        "from forensic_cli.config import BackendName, ModelSettings\n"
        "from forensic_cli.model.inference import Examiner\n"
        "Examiner(ModelSettings(backend=BackendName.OPENVINO))\n"
        "from openvino.tools.ovc import telemetry_utils\n"
        "print(telemetry_utils.tm.__name__, sys.modules['openvino_telemetry'])\n"
    )
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["openvino.tools.ovc.telemetry_stub", "None"]
    # The other package would keep an identity of the machine there.
    assert list(tmp_path.iterdir()) == []


def test_openvino_on_a_gpu_is_refused() -> None:
    with pytest.raises(UsageError, match="runs on the CPU"):
        make_backend(BackendName.OPENVINO, _seeded("lae"), "paper", torch.device("cuda"))


def test_without_the_extra_the_error_names_it(tmp_path: Path) -> None:
    (tmp_path / "item.txt").write_text("no picture")
    script = (
        "import sys\n"
        "sys.modules['openvino'] = None\n"
        "from forensic_cli.cli.app import main\n"
        "sys.argv = ['lae-forensics', 'scan', '.', '--backend', 'openvino']\n"
        "main()\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "needs the package `openvino`, which is not installed" in done.stderr
    assert "pip install '.[openvino]'" in done.stderr


@given(free_bytes=st.integers(0, 1 << 40), bytes_a_crop=st.integers(1, 1 << 30))
def test_a_batch_is_a_power_of_two_that_half_of_the_free_memory_holds(
    free_bytes: int, bytes_a_crop: int
) -> None:
    size = batch_for_memory(free_bytes, bytes_a_crop)
    assert 1 <= size <= LARGEST_BATCH
    assert size & (size - 1) == 0
    assert size == 1 or size * bytes_a_crop <= free_bytes / 2
    assert size == LARGEST_BATCH or 2 * size * bytes_a_crop > free_bytes / 2 - bytes_a_crop


@pytest.mark.gpu
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_cuda_graphs_give_the_scores_of_fp32(arch: str, crops) -> None:
    plain = BatchReader(EagerBackend(_seeded(arch), "paper", torch.device("cpu")), 1)
    device = torch.device("cuda")
    other = BatchReader(make_backend(BackendName.TORCH, _seeded(arch), "paper", device), 4)
    # Three batches, the last one not full: both slots are used twice.
    assert _scores(other, crops) == pytest.approx(_scores(plain, crops), abs=tolerance_of("bf16").score)


@pytest.mark.gpu
def test_on_cuda_a_reading_does_not_depend_on_its_company(crops) -> None:
    backend = make_backend(BackendName.TORCH, _seeded("lae"), "paper", torch.device("cuda"))
    reader = BatchReader(backend, 4)
    alone = [_scores(reader, [crop])[0] for crop in crops]
    assert _scores(reader, crops) == alone


@pytest.mark.gpu
def test_on_cuda_the_batch_size_is_chosen_and_halved_when_memory_runs_out(crops) -> None:
    backend = make_backend(BackendName.TORCH, _seeded("lae"), "paper", torch.device("cuda"))
    reader = BatchReader(backend, None)
    assert reader.batch_size == LARGEST_BATCH
    wanted = _scores(BatchReader(backend, 1), crops)
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(0.001)
    try:
        scores = _scores(reader, crops)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert reader.batch_size < LARGEST_BATCH
    assert scores == pytest.approx(wanted, abs=tolerance_of("bf16").score)
