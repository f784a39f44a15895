"""Training over several processes gives what one process with the whole batch would give."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce
from torch.utils.data import Sampler


class ShardedRange(Sampler[int]):
    """Yields `start`, `start + 1`, ... up to `stop`, of every batch the part that is this process's.

    Resuming is starting further on. Whatever the number of processes, step k sees the same items.

    Args:
        n_items: of one step over all processes; a multiple of `world_size`.
        rank, world_size: this process's number, and how many there are.

    Raises:
        ValueError: the batch cannot be shared out evenly.
    """

    def __init__(self, start: int, stop: int, n_items: int, rank: int = 0, world_size: int = 1) -> None:
        if n_items % world_size:
            raise ValueError(f"A batch of {n_items} pairs cannot be shared by {world_size} processes.")
        self.start, self.stop, self.n_items = start, stop, n_items
        self.rank, self.world_size = rank, world_size

    def __iter__(self) -> Iterator[int]:
        own = self.n_items // self.world_size
        for first in range(self.start, self.stop - self.n_items + 1, self.n_items):
            yield from range(first + self.rank * own, first + (self.rank + 1) * own)

    def __len__(self) -> int:
        return max(0, self.stop - self.start) // self.n_items * (self.n_items // self.world_size)


class SharedBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation by the statistics of all processes' batches.

    torch's own SyncBatchNorm does this on CUDA alone; this one runs wherever a process group does.
    Every process must hold as many images as every other one.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalises (B, C, H, W) by the mean and variance over all processes, in training mode."""
        if not self.training or not dist.is_initialized() or dist.get_world_size() == 1:
            return super().forward(input)
        values = input.float()
        n_own = values.numel() // values.shape[1]
        moments = torch.stack([values.mean(dim=(0, 2, 3)), values.square().mean(dim=(0, 2, 3))])
        summed: Tensor = all_reduce(moments)  # type: ignore[no-untyped-call]
        mean, mean_square = summed / dist.get_world_size()
        variance = (mean_square - mean.square()).clamp_min(0)
        n = n_own * dist.get_world_size()
        if self.running_mean is not None and self.running_var is not None and self.momentum is not None:
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(variance * n / max(n - 1, 1), self.momentum)
                if self.num_batches_tracked is not None:
                    self.num_batches_tracked += 1
        shape = (1, -1, 1, 1)
        normalised = (values - mean.view(shape)) * torch.rsqrt(variance.view(shape) + self.eps)
        result: Tensor = normalised * self.weight.view(shape) + self.bias.view(shape)
        return result.to(input.dtype)


def share_batch_norm(module: nn.Module, world_size: int, is_cuda: bool) -> nn.Module:
    """Replaces batch normalisation by one over all processes, if there are several.

    Names and shapes in the state dict stay as they are.
    """
    if world_size == 1:
        return module
    if is_cuda:
        converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(module)  # type: ignore[no-untyped-call]
        return converted
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            shared = SharedBatchNorm2d(child.num_features, child.eps, child.momentum)
            shared.load_state_dict(child.state_dict())
            setattr(module, name, shared)
        else:
            share_batch_norm(child, world_size, is_cuda)
    return module


def mean_over_processes(losses: dict[str, Tensor]) -> dict[str, float]:
    """Each loss as one process with the whole batch would report it."""
    if not losses:
        return {}
    values = torch.stack([loss.detach().float() for loss in losses.values()])
    if dist.is_initialized() and dist.get_world_size() > 1:
        dist.all_reduce(values)
        values /= dist.get_world_size()
    return dict(zip(losses, values.tolist(), strict=True))
