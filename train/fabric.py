"""Lightning Fabric as this package uses it: precision, several devices, several machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lightning.fabric import Fabric
from lightning.fabric.strategies.ddp import DDPStrategy
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from forensic_cli.errors import UsageError
from train.distributed import ShardedRange


@dataclass(frozen=True, slots=True)
class Hardware:
    """Where a run trains.

    Attributes:
        accelerator: Fabric's name: "auto", "cpu", "cuda" or "mps".
        n_devices: processes on each machine.
        n_nodes: machines.
    """

    accelerator: str = "auto"
    n_devices: int = 1
    n_nodes: int = 1

    def __post_init__(self) -> None:
        if self.accelerator not in {"auto", "cpu", "cuda", "mps"}:
            raise UsageError(f"--device {self.accelerator} is unknown.", "Give auto, cpu, cuda or mps.")
        if self.n_devices < 1 or self.n_nodes < 1:
            raise UsageError("--devices and --nodes must be 1 or more.", "Give 1 for one process.")


def start_fabric(hardware: Hardware, precision: str) -> Fabric:
    """Starts the processes, and returns this one's Fabric.

    Raises:
        UsageError: the accelerator is not there, or not as often as asked for.
    """
    is_many = hardware.n_devices * hardware.n_nodes > 1
    # The warm-up leaves the decoder out, and the control arm the attention's scale.
    strategy: Any = DDPStrategy(find_unused_parameters=True) if is_many else "auto"
    try:
        fabric = Fabric(
            accelerator=hardware.accelerator,
            devices=hardware.n_devices,
            num_nodes=hardware.n_nodes,
            strategy=strategy,
            precision=precision,  # type: ignore[arg-type]
        )
        fabric.launch()
    except (RuntimeError, ValueError) as error:
        raise UsageError(
            f"Training cannot start on {hardware.n_devices} x {hardware.accelerator}, {precision}: {error}",
            "Give --device cpu, fewer --devices, or another precision in the recipe.",
        ) from error
    return fabric


def make_loader(
    fabric: Fabric,
    dataset: Dataset[Any],
    collate: Any,
    steps: range,
    n_items: int,
    n_workers: int,
    n_before: int = 0,
) -> Any:
    """A loader of the items of steps `steps.start` to `steps.stop`, shared out over the processes.

    Args:
        n_items: items of one step, over all processes.
        n_before: items that were used before step 0.

    Raises:
        UsageError: the batch cannot be shared out evenly.
    """
    try:
        sampler = ShardedRange(
            n_before + steps.start * n_items,
            n_before + steps.stop * n_items,
            n_items,
            fabric.global_rank,
            fabric.world_size,
        )
    except ValueError as error:
        raise UsageError(str(error), "Give a batch size that the number of processes divides.") from error
    loader: DataLoader[dict[str, Tensor]] = DataLoader(
        dataset,
        batch_size=n_items // fabric.world_size,
        sampler=sampler,
        num_workers=n_workers,
        collate_fn=collate,
        pin_memory=fabric.device.type == "cuda",
        # A forked worker inherits OpenCV's and FFmpeg's locks in whatever state they are, and hangs.
        multiprocessing_context="spawn" if n_workers else None,
        persistent_workers=n_workers > 0,
    )
    return fabric.setup_dataloaders(loader, use_distributed_sampler=False)
