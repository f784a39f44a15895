"""Reaching a Ray cluster that is running already: nothing is started, nothing is sent anywhere else."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections import Counter
from dataclasses import dataclass
from types import ModuleType

from forensic_cli.errors import UsageError, extra_remedy

_REACH_TIMEOUT_S = 5.0
_HOW_TO_START = (
    "Start one: `ray start --head --include-dashboard=false` on one machine, then `ray start --address=HOST:6379` on "
    "each other one; and run the scan on one of them."
)
# Before Ray is imported: no usage statistics, and no copy of the folder that this was run in for the nodes.
_SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster, and what it offers.

    Attributes:
        name: host name and address, for people.
    """

    node_id: str
    name: str
    n_cpus: float
    n_gpus: float


def connect(address: str) -> ModuleType:
    """Connects this process to a cluster.

    Args:
        address: host:port; "" for the cluster that this machine belongs to.

    Returns:
        The module `ray`.

    Raises:
        UsageError: Ray is not installed, or there is no such cluster.
    """
    os.environ.update(_SETTINGS)
    try:
        import ray
    except ImportError as error:
        raise UsageError(
            "--engine ray needs Ray, which is not installed.", extra_remedy("cluster")
        ) from error
    wanted = address or os.environ.get("RAY_ADDRESS", "")
    if wanted and wanted != "auto":
        _require_reachable(wanted)
    try:
        # Ray adds the working folder to the search path of every worker: a module among the evidence would
        # be executed there.
        with contextlib.chdir(os.sep):
            ray.init(
                address=wanted or "auto",
                log_to_driver=False,
                logging_level=logging.ERROR,
                configure_logging=False,
            )
    except (ConnectionError, RuntimeError, ValueError) as error:
        if wanted:
            raise UsageError(
                f"The Ray cluster at {wanted} does not take this machine: {_one_line(error)}",
                "Ray and Python must have the same versions everywhere, and this machine must be one of the "
                f"cluster's. {_HOW_TO_START}",
            ) from error
        raise UsageError("No Ray cluster is running on this machine.", _HOW_TO_START) from error
    return ray


def disconnect(ray: ModuleType) -> None:
    """Lets go of the cluster, which goes on."""
    ray.shutdown()


def living_nodes(ray: ModuleType) -> tuple[Node, ...]:
    """The machines that the cluster takes for alive, by name."""
    found = [
        (
            entry["NodeID"],
            f"{entry['NodeManagerHostname']} ({entry['NodeManagerAddress']})",
            entry["Resources"],
        )
        for entry in ray.nodes()
        if entry["Alive"]
    ]
    n_of_name = Counter(name for _, name, _ in found)
    nodes = [
        Node(
            node_id,
            name if n_of_name[name] == 1 else f"{name}, Ray node {node_id[:8]}",
            float(resources.get("CPU", 0.0)),
            float(resources.get("GPU", 0.0)),
        )
        for node_id, name, resources in found
    ]
    return tuple(sorted(nodes, key=lambda node: node.name))


def _require_reachable(address: str) -> None:
    """Ray itself tries for minutes, and says little."""
    host, _, port = address.rpartition(":")
    if "://" in address or not host or not port.isdigit():
        raise UsageError(f"--address {address} is no HOST:PORT.", "Give for example 192.0.2.10:6379.")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _REACH_TIMEOUT_S):
            pass
    except OSError as error:
        raise UsageError(
            f"No Ray cluster answers at {address}: {error.strerror or error}.", _HOW_TO_START
        ) from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:400]
