"""Workers as actors of a Ray cluster that is running already. Ray's part ends here.

A worker is pinned to its node and never restarted by Ray: whether another takes its place, and what becomes of
its items, is decided by `cluster.ClusterEngine`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forensic_cli.config import DeviceName, EngineSettings
from forensic_cli.errors import ForensicError, UsageError
from forensic_cli.pipeline.cluster_messages import Answer, Answered, Joined, Lost, Refused, Setup, Task
from forensic_cli.pipeline.conditions import differences
from forensic_cli.pipeline.engine import Broken
from forensic_cli.pipeline.ray_connection import Node, connect, disconnect, living_nodes

logger = logging.getLogger(__name__)
# Loading the model takes seconds; CPUs that other work has taken may never come free.
_START_TIMEOUT_S = 180.0
# Ray is asked again so often: Ctrl-C is seen in between.
_WAIT_S = 1.0
_CLOSE_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Slot:
    """Room for one worker: a GPU or some CPUs of a node."""

    node: Node
    n_cpus: float
    n_gpus: float


def slots_of(
    nodes: tuple[Node, ...], device: DeviceName, n_threads: int, worker_cpus: int | None
) -> tuple[Slot, ...]:
    """The workers that nodes have room for.

    Args:
        device: CUDA takes GPUs, CPU takes CPUs, AUTO takes GPUs where there is one in the cluster.
        n_threads: of a model on a CPU.
        worker_cpus: of one worker; None for `n_threads`, or for a GPU's share of its node. A node with
            fewer gets one worker.
    """
    if device is DeviceName.AUTO:
        device = DeviceName.CUDA if any(node.n_gpus >= 1 for node in nodes) else DeviceName.CPU
    slots: list[Slot] = []
    for node in nodes:
        if device is DeviceName.CUDA:
            n = int(node.n_gpus)
            share = max(1.0, node.n_cpus // n) if n else 0.0
            slots += [Slot(node, min(share, worker_cpus or share), 1.0)] * n
        elif node.n_cpus >= 1:
            wanted = worker_cpus or n_threads
            n = max(1, int(node.n_cpus) // wanted)
            slots += [Slot(node, min(node.n_cpus, float(wanted)), 0.0)] * n
    return tuple(slots)


@dataclass(slots=True)
class _Worker:
    slot: Slot
    actor: Any
    since_s: float
    is_ready: bool = False


class RayCluster:
    """See `cluster_messages.Cluster`.

    Args:
        settings: address, and CPUs of a worker.
        device: where the models run.
        setup: for the workers.
        program: of this process; a worker with another is refused. See `conditions.program`.

    Raises:
        UsageError: Ray is not installed, the cluster cannot be reached, or it has no room for a worker.
    """

    def __init__(
        self, settings: EngineSettings, device: DeviceName, setup: Setup, program: Mapping[str, str]
    ) -> None:
        self._setup, self._program = setup, program
        self._ray = connect(settings.address)
        try:
            self._slots = slots_of(
                living_nodes(self._ray), device, setup.n_model_threads, settings.worker_cpus
            )
            if not self._slots:
                wanted = "GPU" if device is DeviceName.CUDA else "CPU"
                raise UsageError(
                    f"No node of the cluster offers a {wanted}.",
                    "`ray status` shows what the nodes offer; `ray start --num-cpus N` says what one may give.",
                )
        except BaseException:
            disconnect(self._ray)
            raise
        has_gpus = self._slots[0].n_gpus > 0
        self._device = DeviceName.CUDA if has_gpus else DeviceName.CPU
        self._actor_class = self._ray.remote(_actor_class())
        self._workers: dict[str, _Worker] = {}
        self._asked: dict[Any, str] = {}
        self._n_started = 0
        self._is_closed = False

    def start(self) -> int:
        """See `Cluster.start`."""
        for slot in self._slots:
            self._start(slot)
        return len(self._slots)

    def replace(self, worker: str) -> bool:
        """See `Cluster.replace`."""
        slot = self._workers.pop(worker).slot
        if slot.node.node_id not in {node.node_id for node in living_nodes(self._ray)}:
            return False
        self._start(slot)
        return True

    def poll(self, worker: str, begun: tuple[Task, ...]) -> None:
        """See `Cluster.poll`."""
        self._asked[self._workers[worker].actor.poll.remote(begun)] = worker

    def next_answer(self) -> Answer:
        """See `Cluster.next_answer`."""
        while True:
            done, _ = self._ray.wait(list(self._asked), num_returns=1, timeout=_WAIT_S)
            if done:
                answer = self._answer(done[0])
                if answer is not None:
                    return answer
            for name, worker in self._workers.items():
                if not worker.is_ready and time.monotonic() - worker.since_s > _START_TIMEOUT_S:
                    reason = (
                        f"It did not start within {_START_TIMEOUT_S:.0f} s; its CPUs or GPUs may be taken."
                    )
                    return self._lost(name, reason)

    def close(self) -> None:
        """See `Cluster.close`."""
        if self._is_closed:
            return
        self._is_closed = True
        ready = [worker.actor for worker in self._workers.values() if worker.is_ready]
        farewells = [actor.close.remote() for actor in ready]
        if farewells:
            self._ray.wait(farewells, num_returns=len(farewells), timeout=_CLOSE_TIMEOUT_S)
        for worker in self._workers.values():
            self._ray.kill(worker.actor)
        disconnect(self._ray)

    def _start(self, slot: Slot) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._n_started += 1
        name = f"worker-{self._n_started}"
        actor = self._actor_class.options(
            num_cpus=slot.n_cpus,
            num_gpus=slot.n_gpus,
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(slot.node.node_id, soft=False),
        ).remote()
        self._workers[name] = _Worker(slot, actor, time.monotonic())
        self._asked[actor.program.remote()] = name

    def _answer(self, asked: Any) -> Answer | None:
        """What came of a question; None where only the next question is due."""
        name = self._asked.pop(asked)
        worker = self._workers.get(name)
        if worker is None:
            return None
        node = worker.slot.node.name
        try:
            answer = self._ray.get(asked)
        except self._ray.exceptions.RayTaskError as error:
            return self._failed(name, error.cause)
        except self._ray.exceptions.RayError as error:
            logger.info("%s is lost: %s", name, error)
            if isinstance(error, self._ray.exceptions.ActorUnschedulableError):
                return self._lost(name, "Its node is gone, or offers less than before.")
            return self._lost(name, "Its process ended, or its node can no longer be reached.")
        if worker.is_ready:
            return Answered(name, answer)
        if isinstance(answer, dict):
            found = (
                [answer["fault"]]
                if "fault" in answer
                else differences(self._program, answer, ("here", "there"))
            )
            if found:
                return self._refused(
                    name,
                    f"{node} does not have the same program as this machine ({'; '.join(found)}).",
                    "Install the same version of lae-forensics, and of its packages, on every node.",
                )
            self._asked[worker.actor.load.remote(self._setup, self._device)] = name
            return None
        worker.is_ready = True
        return Joined(name, node, answer)

    def _failed(self, name: str, cause: BaseException) -> Answer:
        """A worker lives, and its program failed outside any item."""
        worker = self._workers[name]
        if worker.is_ready:
            return Answered(name, (Broken(cause),))
        hint = cause.hint if isinstance(cause, ForensicError) else "Report this as a defect."
        return self._refused(name, f"On {worker.slot.node.name}: {cause}", hint)

    def _refused(self, name: str, reason: str, remedy: str) -> Refused:
        worker = self._workers.pop(name)
        self._ray.kill(worker.actor)
        return Refused(name, worker.slot.node.name, reason, remedy)

    def _lost(self, name: str, reason: str) -> Lost:
        """Makes sure that it is gone: what it still did must not come twice."""
        worker = self._workers[name]
        self._ray.kill(worker.actor)
        if not worker.is_ready:
            del self._workers[name]
        return Lost(name, worker.slot.node.name, reason)


def _actor_class() -> type:
    """The actor, made here so that Ray sends it whole: a node without this program can still answer."""

    class Worker:
        def program(self) -> dict[str, str]:
            try:
                from forensic_cli.pipeline.cluster_worker import ClusterWorker
                from forensic_cli.pipeline.conditions import program
            except ImportError as error:
                return {"fault": f"it cannot be loaded there: {error}"}
            self.make = ClusterWorker
            return program()

        def load(self, setup: Any, device: Any) -> Any:
            self.worker = self.make(setup, device)
            return self.worker.loaded()

        def poll(self, begun: Any) -> Any:
            return self.worker.poll(begun)

        def close(self) -> None:
            self.worker.close()

    return Worker
