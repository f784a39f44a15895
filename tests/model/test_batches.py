"""A crop's reading depends on the crop alone: not on its company, its number, or another's fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.config import DeviceName, ModelSettings
from forensic_cli.errors import UsageError
from forensic_cli.model.backends import Answers, Backend, EagerBackend
from forensic_cli.model.inference import BatchReader, Examiner, Reading
from forensic_cli.model.lae import Encoder, initialise
from forensic_cli.types import RgbImage

_N_CROPS = 7


@cache
def _crops() -> list[RgbImage]:
    rng = np.random.default_rng(5)
    return [rng.integers(0, 256, (256, 256, 3), dtype=np.uint8) for _ in range(_N_CROPS)]


@cache
def _tiny() -> Encoder:
    encoder = Encoder((4, 8, 8, 8))
    initialise(encoder, torch.Generator().manual_seed(3))
    return encoder


def _reader(batch_size: int) -> BatchReader:
    return BatchReader(EagerBackend(_tiny(), "paper", torch.device("cpu")), batch_size)


def _bits(reading: Reading) -> tuple[float, float, bytes]:
    return reading.activation.real, reading.activation.fake, reading.attention.tobytes()


@settings(deadline=None, max_examples=40)
@given(
    batch_size=st.integers(1, 5),
    company=st.lists(st.integers(0, _N_CROPS - 1), min_size=1, max_size=12),
    cut=st.integers(0, 12),
)
def test_a_reading_is_the_same_bit_for_bit_in_any_company(
    batch_size: int, company: list[int], cut: int
) -> None:
    reader = _reader(batch_size)
    alone = {k: _bits(reader.read([_crops()[k]])[0]) for k in set(company)}
    wanted = [alone[k] for k in company]
    crops = [_crops()[k] for k in company]
    assert [_bits(reading) for reading in reader.read(crops)] == wanted
    # The same crops, as they may arrive: in two calls.
    in_two_calls = [*reader.read(crops[:cut]), *reader.read(crops[cut:])]
    assert [_bits(reading) for reading in in_two_calls] == wanted


@pytest.mark.parametrize("batch_size", [1, 4])
def test_so_it_is_with_the_networks_own_widths(weights_folder: Path, batch_size: int) -> None:
    examiner = Examiner(ModelSettings(str(weights_folder), True, DeviceName.CPU, batch_size))
    alone = [_bits(examiner.read([crop])[0]) for crop in _crops()]
    assert [_bits(reading) for reading in examiner.read(_crops())] == alone


class FakeBackend(Backend):
    """Answers with a crop's first pixel; -1 becomes no number. Has room for `largest` crops."""

    precision = "fp32"

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self.sizes: list[int] = []

    @property
    def name(self) -> str:
        return "fake"

    def choose_batch_size(self) -> int:
        return 8

    def run(self, crops: Sequence[RgbImage], batch_size: int) -> Iterator[Answers]:
        for start in range(0, len(crops), batch_size):
            if batch_size > self.largest:
                raise torch.OutOfMemoryError
            self.sizes.append(batch_size)
            values = np.array([crop[0, 0, 0] for crop in crops[start : start + batch_size]], np.float32)
            fake = np.where(values == 255, np.nan, values)
            yield Answers(np.zeros_like(fake), fake, np.zeros((len(fake), 2, 2), np.float32))


def _numbered(*values: int) -> list[RgbImage]:
    return [np.full((256, 256, 3), value, np.uint8) for value in values]


def test_out_of_memory_halves_the_batch_and_every_crop_is_read_once(caplog) -> None:
    backend = FakeBackend(largest=3)
    reader = BatchReader(backend, None)
    readings = reader.read(_numbered(*range(9)))
    assert [reading.activation.fake for reading in readings] == list(range(9))
    assert backend.sizes == [2] * 5
    assert reader.batch_size == 2
    assert reader.batch_description == "2; begun with 8, halved where memory ran out"
    assert [record.getMessage() for record in caplog.records] == [
        "Memory ran out: batches of 4 crops from now on.",
        "Memory ran out: batches of 2 crops from now on.",
    ]


def test_memory_that_runs_out_later_costs_no_crop_that_was_read() -> None:
    backend = FakeBackend(largest=8)
    run = backend.run

    def shrinking(crops: Sequence[RgbImage], batch_size: int) -> Iterator[Answers]:
        for answers in run(crops, batch_size):
            yield answers
            backend.largest = 4
            if batch_size > backend.largest:
                raise torch.OutOfMemoryError

    backend.run = shrinking  # type: ignore[method-assign]
    reader = BatchReader(backend, 8)
    readings = reader.read(_numbered(*range(20)))
    assert [reading.activation.fake for reading in readings] == list(range(20))
    assert backend.sizes == [8, 4, 4, 4]


def test_no_room_for_a_single_crop_is_an_error_with_a_remedy() -> None:
    with pytest.raises(UsageError, match="a single crop") as caught:
        BatchReader(FakeBackend(largest=0), 8).read(_numbered(1))
    assert "--device cpu" in caught.value.hint


def test_a_value_that_is_no_number_fails_its_own_crop_alone() -> None:
    answers = BatchReader(FakeBackend(largest=8), 4).read_each(_numbered(1, 255, 3, 4, 5))
    assert isinstance(answers[1], ArithmeticError)
    others = [answer for k, answer in enumerate(answers) if k != 1]
    assert [answer.activation.fake for answer in others if isinstance(answer, Reading)] == [1, 3, 4, 5]


def test_read_names_the_crop_without_a_number() -> None:
    with pytest.raises(ArithmeticError, match="Crop 1 of 3"):
        BatchReader(FakeBackend(largest=8), 4).read(_numbered(1, 255, 3))


def test_an_infinite_weight_is_seen_in_the_activation(weights_folder: Path) -> None:
    examiner = Examiner(ModelSettings(str(weights_folder), True, DeviceName.CPU, 2))
    with torch.no_grad():
        examiner._backend._encoder.latent.bias[0] = torch.inf  # type: ignore[attr-defined]
    assert all(isinstance(answer, ArithmeticError) for answer in examiner.read_each(_crops()[:3]))
