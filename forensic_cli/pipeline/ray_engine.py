"""`--engine ray`: the workers of a running Ray cluster, each checked before it gets an item."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.config import DeviceName, ScanConfig
from forensic_cli.errors import UsageError
from forensic_cli.model.weights import ModelCard, read_verified, resolve
from forensic_cli.pipeline.cluster import ClusterEngine
from forensic_cli.pipeline.cluster_exhibits import ReceivedExhibits
from forensic_cli.pipeline.cluster_messages import Joined, Loaded, Setup
from forensic_cli.pipeline.conditions import program
from forensic_cli.pipeline.ray_cluster import RayCluster


@dataclass(frozen=True, slots=True)
class ClusterModel:
    """The model as the workers of a cluster have it; see `conditions.ModelInUse`."""

    card: ModelCard
    device_description: str
    precision: str
    batch_description: str


def load_cluster(config: ScanConfig) -> tuple[ClusterModel, ClusterEngine]:
    """Starts the workers of a cluster, and waits until they are ready.

    Raises:
        UsageError: Ray is not installed, the cluster cannot be reached, or a worker's program, packages,
            weights or view of the evidence are not those of this machine.
        WeightsError: the weights are not there, or not trusted.
    """
    import torch

    if config.model.device is DeviceName.MPS:
        raise UsageError("--engine ray runs the model on cpu or cuda.", "Use --device auto, cpu or cuda.")
    catalogue, card = resolve(config.model.weights, config.model.allow_foreign_weights)
    read_verified(catalogue, card)
    seen = tuple(path for path in config.paths if os.path.lexists(path))
    setup = Setup(config, Path.cwd(), seen, torch.get_num_threads())
    cluster = RayCluster(config.engine, config.model.device_for_backend, setup, program())
    try:
        engine = ClusterEngine(
            cluster, ReceivedExhibits(config.out_dir), lambda joined: _require_usable(joined, card)
        )
    except BaseException:
        cluster.close()
        raise
    return _model_of(card, engine.loaded), engine


def _model_of(card: ModelCard, loaded: Sequence[Loaded]) -> ClusterModel:
    def each_once(values: Iterable[str]) -> str:
        return "; ".join(sorted(set(values)))

    return ClusterModel(
        card,
        each_once(one.conditions.device for one in loaded),
        each_once(one.conditions.precision for one in loaded),
        each_once(one.batch for one in loaded),
    )


def _require_usable(joined: Joined, card: ModelCard) -> None:
    """Raises `UsageError` for a worker that lacks the evidence, or has other weights of the same name."""
    loaded = joined.loaded
    if loaded.unseen:
        raise UsageError(
            f"{joined.node} does not see {loaded.unseen[0]}.",
            "Mount the shared storage at the same place on every node.",
        )
    if loaded.conditions.weights_sha256 != card.sha256:
        raise UsageError(
            f"{joined.node} has other weights of the name {card.name}: SHA-256 "
            f"{loaded.conditions.weights_sha256} there, {card.sha256} here.",
            "Give every node the same weights.",
        )
