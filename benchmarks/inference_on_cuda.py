"""Inference on a CUDA device against what the device can do; `inference_backends.py` runs it where there is one.

Crops a second of the whole path (crops in the host's memory to readings in the host's memory) as a share of
the same forward pass on crops that lie in the device's memory, and the arithmetic of both as a share of the
rate of large bf16 matrix products, all measured in one run, in turns.
"""

from __future__ import annotations

import time
from statistics import median

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from forensic_cli.model.backends.cuda import CudaBackend
from forensic_cli.model.inference import BatchReader
from forensic_cli.model.lae import INPUT_PX, ConceptEncoder

_N_BATCHES = 40
_N_ROUNDS = 7
_MATRIX = 8192
_N_PRODUCTS = 20


def _seconds(work: object) -> float:
    """Of `work`, from an idle device to an idle device."""
    assert callable(work)
    torch.cuda.synchronize()
    began = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - began


@torch.inference_mode()
def measure_cuda(encoder: ConceptEncoder) -> dict[str, float | int | str]:
    """Prints the shares, and returns what they are made of."""
    device = torch.device("cuda")
    backend = CudaBackend(encoder, "paper", device)
    reader = BatchReader(backend, None)
    size = reader.batch_size
    rng = np.random.default_rng(20200)
    crops = list(rng.integers(0, 256, (size * _N_BATCHES, INPUT_PX, INPUT_PX, 3), dtype=np.uint8))
    resident = torch.from_numpy(np.stack(crops[:size])).to(device)
    with FlopCounterMode(display=False) as counter:
        backend.forward(resident)
    flops_a_crop = counter.get_total_flops() / size
    a, b = (torch.randn(_MATRIX, _MATRIX, device=device, dtype=torch.bfloat16) for _ in range(2))
    reader.read(crops[: 3 * size])
    captured = backend._captured_for(size)
    captured.pixels.copy_(resident)

    def products() -> None:
        for _ in range(_N_PRODUCTS):
            torch.mm(a, b)

    def replays() -> None:
        for _ in range(_N_BATCHES):
            captured.graph.replay()

    works = {"whole": lambda: reader.read_each(crops), "resident": replays, "matrix": products}
    taken: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(_N_ROUNDS):
        for name, work in works.items():
            taken[name].append(_seconds(work))
    whole, resident_rate = (len(crops) / median(taken[name]) for name in ("whole", "resident"))
    matrix_flops = _N_PRODUCTS * 2 * _MATRIX**3 / median(taken["matrix"])
    found: dict[str, float | int | str] = {
        "device": torch.cuda.get_device_name(device),
        "batch_size": size,
        "crops_per_s": whole,
        "crops_per_s_in_device_memory": resident_rate,
        "share_of_device_memory_rate": median(
            b / a for a, b in zip(taken["whole"], taken["resident"], strict=True)
        ),
        "gigaflops_a_crop": flops_a_crop / 1e9,
        "bf16_matrix_teraflops": matrix_flops / 1e12,
        "share_of_bf16_matrix_rate": whole * flops_a_crop / matrix_flops,
    }
    print()
    for name, value in found.items():
        print(f"{name}: {value:,.3f}" if isinstance(value, float) else f"{name}: {value}")
    return found
