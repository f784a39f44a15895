"""A CUDA device: convolutions in bf16, one graph a forward pass, transfers beside the computing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from forensic_cli.model.backends.base import Answers, Backend, head
from forensic_cli.model.lae import INPUT_PX, ConceptEncoder, normalising_constants, standardise
from forensic_cli.types import RgbImage

# Beyond it a batch makes the device no busier, and every crop that waits keeps its frame in memory.
LARGEST_BATCH = 64
# Of the memory that is free, what a scan takes: other programs share the device.
_SHARE = 0.5
_PROBE_BATCH = 4
# Before a graph is captured, libraries must have chosen their kernels and made their workspaces.
_N_WARM_UP = 3
_MAX_COPY_THREADS = 4


def batch_for_memory(free_bytes: int, bytes_a_crop: int) -> int:
    """The largest power of two up to `LARGEST_BATCH` that half of the free memory holds; 1 at least."""
    fitting = int(free_bytes * _SHARE) // max(1, bytes_a_crop)
    return 1 << (max(1, min(LARGEST_BATCH, fitting)).bit_length() - 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Slot:
    """Where one batch passes through: two of them, so that one is filled while the other is computed.

    Attributes:
        pixels: (B, 256, 256, 3) uint8, pinned.
        copied: the same on the device.
        real, fake, attention: the answers, pinned.
        is_copied, is_done: reached when `copied` and the answers are complete.
    """

    pixels: Tensor
    copied: Tensor
    real: Tensor
    fake: Tensor
    attention: Tensor
    is_copied: torch.cuda.Event
    is_done: torch.cuda.Event

    def answers(self, n: int) -> Answers:
        """The first n, when they are there. Copies: the slot is used again."""
        self.is_done.synchronize()
        real, fake, attention = (t[:n].clone().numpy() for t in (self.real, self.fake, self.attention))
        return Answers(real, fake, attention)


@dataclass(frozen=True, slots=True, eq=False)
class _Captured:
    """A forward pass for one batch size, as a CUDA graph, with its fixed inputs and outputs."""

    graph: torch.cuda.CUDAGraph
    pixels: Tensor
    outputs: tuple[Tensor, Tensor, Tensor]
    slots: tuple[_Slot, _Slot]


class CudaBackend(Backend):
    """bf16 in the convolutions, fp32 from the pooling on, channels_last.

    Kernels are not tuned by trial (`cudnn.benchmark`): another run would choose others, and round
    otherwise.
    """

    precision: ClassVar[str] = "bf16"

    def __init__(self, encoder: ConceptEncoder, attention_form: str, device: torch.device) -> None:
        self._encoder = encoder.to(device).to(memory_format=torch.channels_last).eval()
        self._attention_form, self._device = attention_form, device
        self._mean, self._std = normalising_constants(device)
        self._transfers = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        n_threads = min(_MAX_COPY_THREADS, os.cpu_count() or 1)
        self._copiers = ThreadPoolExecutor(n_threads, thread_name_prefix="pinned-copy")
        self._captured: tuple[int, _Captured] | None = None

    @property
    def name(self) -> str:
        """For the record."""
        return "torch, CUDA graph"

    def choose_batch_size(self) -> int:
        """From the free memory, and what a small batch was seen to take of it."""
        pixels = torch.zeros(_PROBE_BATCH, INPUT_PX, INPUT_PX, 3, dtype=torch.uint8, device=self._device)
        torch.cuda.synchronize(self._device)
        torch.cuda.reset_peak_memory_stats(self._device)
        before = torch.cuda.memory_allocated(self._device)
        with torch.inference_mode():
            self.forward(pixels)
        torch.cuda.synchronize(self._device)
        bytes_a_crop = (torch.cuda.max_memory_allocated(self._device) - before) // _PROBE_BATCH
        torch.cuda.empty_cache()
        free_bytes, _ = torch.cuda.mem_get_info(self._device)
        return batch_for_memory(free_bytes, bytes_a_crop)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """a_T (B,), a_F (B,) and attention (B, h, w), fp32, of (B, 256, 256, 3) uint8 on the device."""
        x = standardise(pixels.permute(0, 3, 1, 2), self._mean, self._std)
        # Weights that autocast remembered would live outside of a graph.
        with torch.autocast("cuda", torch.bfloat16, cache_enabled=False):
            concepts = self._encoder.features(x.contiguous(memory_format=torch.channels_last))
        return head(self._encoder, concepts, self._attention_form)

    def run(self, crops: Sequence[RgbImage], batch_size: int) -> Iterator[Answers]:
        """As `Backend.run`; while one batch is computed, the next one is copied."""
        captured = self._captured_for(batch_size)
        waiting: tuple[_Slot, int] | None = None
        for number, start in enumerate(range(0, len(crops), batch_size)):
            batch = crops[start : start + batch_size]
            slot = captured.slots[number % 2]
            self._fill(slot, batch)
            self._launch(captured, slot)
            if waiting is not None:
                yield waiting[0].answers(waiting[1])
            waiting = slot, len(batch)
        if waiting is not None:
            yield waiting[0].answers(waiting[1])

    def _fill(self, slot: _Slot, batch: Sequence[RgbImage]) -> None:
        """Copies crops into pinned memory, by several threads: one is slower than the device."""
        pixels = slot.pixels.numpy()
        for _ in self._copiers.map(lambda k: np.copyto(pixels[k], batch[k]), range(len(batch))):
            pass
        pixels[len(batch) :] = 0

    def _launch(self, captured: _Captured, slot: _Slot) -> None:
        computing = torch.cuda.current_stream(self._device)
        with torch.cuda.stream(self._transfers):
            slot.copied.copy_(slot.pixels, non_blocking=True)
            slot.is_copied.record(self._transfers)
        computing.wait_event(slot.is_copied)
        captured.pixels.copy_(slot.copied)
        captured.graph.replay()
        for target, output in zip((slot.real, slot.fake, slot.attention), captured.outputs, strict=True):
            target.copy_(output, non_blocking=True)
        slot.is_done.record(computing)

    def _captured_for(self, batch_size: int) -> _Captured:
        if self._captured is None or self._captured[0] != batch_size:
            # First the old one's memory, then the new one's.
            self._captured = None
            torch.cuda.empty_cache()
            self._captured = batch_size, self._capture(batch_size)
        return self._captured[1]

    def _capture(self, batch_size: int) -> _Captured:
        shape = (batch_size, INPUT_PX, INPUT_PX, 3)
        pixels = torch.zeros(shape, dtype=torch.uint8, device=self._device)
        aside = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(aside):
            for _ in range(_N_WARM_UP):
                self.forward(pixels)
        torch.cuda.current_stream(self._device).wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        # Only this thread's calls are watched: others may use the device meanwhile.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            outputs = self.forward(pixels)

        return _Captured(graph, pixels, outputs, (_slot(pixels, outputs), _slot(pixels, outputs)))


def _slot(pixels: Tensor, outputs: tuple[Tensor, Tensor, Tensor]) -> _Slot:
    real, fake, attention = (torch.empty(output.shape, pin_memory=True) for output in outputs)
    return _Slot(
        torch.zeros(pixels.shape, dtype=torch.uint8, pin_memory=True),
        torch.zeros_like(pixels),
        real,
        fake,
        attention,
        torch.cuda.Event(),  # type: ignore[no-untyped-call]
        torch.cuda.Event(),  # type: ignore[no-untyped-call]
    )
