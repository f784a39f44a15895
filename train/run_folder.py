"""The folder of one training run: its settings, its facts, its metrics and checkpoints."""

from __future__ import annotations

import json
import time
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.fabric import Fabric

from forensic_cli import __version__
from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import hash_evidence, write_atomically
from forensic_cli.provenance.run import processor_name
from train.checkpoint import architecture_beside
from train.data.crops import LANDMARKS_NAME
from train.data.dataset import DATASET_NAME


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths of a run, and their reading and writing."""

    path: Path

    @property
    def config(self) -> Path:
        """The recipe as it was resolved."""
        return self.path / "config.json"

    @property
    def facts(self) -> Path:
        """Inputs by hash, versions, device, seed."""
        return self.path / "run.json"

    def evaluation(self, split: str) -> Path:
        """What was measured on a split."""
        return self.path / f"evaluation-{split}.json"

    @property
    def last(self) -> Path:
        """The newest checkpoint."""
        return self.path / "last.safetensors"

    @property
    def best(self) -> Path:
        """The checkpoint with the highest validation AUC."""
        return self.path / "best.safetensors"

    @property
    def metrics(self) -> Path:
        """One JSON object a line."""
        return self.path / "metrics.jsonl"

    def picture(self, n_images: int) -> Path:
        """What validation images looked like after so many images."""
        return self.path / "pictures" / f"{n_images:09d}.png"

    @property
    def choosing(self) -> Path:
        """Whose faces had a part in choosing the best checkpoint: source_ids, sorted."""
        return self.path / "choosing.json"

    @property
    def start(self) -> Path:
        """Validation figures before the first step of stage 2."""
        return self.path / "start.json"

    def annotated(self, number: int) -> Path:
        """Paths of the fakes whose masks round `number` of stage 2 trains with."""
        return self.path / f"annotated-{number}.json"

    def begin(self, config: dict[str, Any], facts: dict[str, Any], resume: bool) -> None:
        """Makes the folder, or checks that it is the one to resume.

        Raises:
            UsageError: it exists without `resume`; or it was made with another recipe or dataset.
        """
        # Through JSON and back, so that tuples and lists compare as what will be read.
        document = json.loads(_json({"config": config, "dataset_sha256": facts["dataset_sha256"]}))
        if self.config.exists():
            if not resume:
                raise UsageError(
                    f"The run folder {self.path} exists.", "Add --resume, or give --run a new folder."
                )
            if self.read_config() != document:
                raise UsageError(
                    f"The run {self.path} was made with another recipe or dataset.",
                    "Resume with the same ones, or give --run a new folder.",
                )
            return
        self.path.mkdir(parents=True, exist_ok=True)
        # config.json last: it is what says that there is a run to resume.
        write_atomically(self.facts, _json(facts))
        write_atomically(self.config, _json(document))

    def read_config(self) -> dict[str, Any]:
        """Returns {"config": ..., "dataset_sha256": ...}.

        Raises:
            UsageError: the folder is no run.
        """
        try:
            document: dict[str, Any] = json.loads(self.config.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"{self.path} is no run folder: {error}.", "Check the path.") from error
        return document

    def add_choosing(self, people: AbstractSet[str]) -> None:
        """Writes down who chooses the checkpoint; whom an earlier part of the run wrote down stays.

        A run that a version without this record began gets none: whom that version drew is not known.

        Args:
            people: `source_id` of everybody in the validation pairs, donors included.
        """
        if self.choosing.exists():
            people = people | self.read_choosing()
        elif self.last.exists():
            return
        write_atomically(self.choosing, _json(sorted(people)))

    def read_choosing(self) -> frozenset[str]:
        """Who chose the checkpoint, by `source_id`.

        Raises:
            UsageError: the run did not write it down, or what lies there is no list of names.
        """
        try:
            people = json.loads(self.choosing.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{self.path} does not say who chose its checkpoint: {error}.",
                "Train it again: runs of earlier versions did not write that down.",
            ) from error
        if not isinstance(people, list) or not all(isinstance(name, str) for name in people):
            raise UsageError(f"{self.choosing} is no list of names.", "Restore it, or train again.")
        return frozenset(people)

    def append_metrics(self, record: dict[str, Any]) -> None:
        """Adds one line to metrics.jsonl."""
        with self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def drop_metrics_after(self, n_images: int) -> None:
        """Removes lines that a killed run wrote past its last checkpoint."""
        if not self.metrics.exists():
            return
        lines = self.metrics.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if _images_of(line) <= n_images]
        write_atomically(self.metrics, "".join(f"{line}\n" for line in kept).encode())


def run_facts(
    stage: str, dataset: Path, recipe: Any, fabric: Fabric, n_train: int, **more: Any
) -> dict[str, Any]:
    """What run.json says: inputs by hash, device, versions, seed.

    Args:
        recipe: with `name`, `seed` and, optionally, `start_from`.
        n_train: real crops of the training split.
        more: further facts.
    """
    facts = {
        "stage": stage,
        "dataset_sha256": hash_evidence(dataset / DATASET_NAME).sha256,
        "landmarks_sha256": hash_evidence(dataset / LANDMARKS_NAME).sha256,
        "n_train_crops": n_train,
        "recipe": recipe.name,
        "seed": recipe.seed,
        "device": str(fabric.device),
        "processor": torch.cuda.get_device_name() if fabric.device.type == "cuda" else processor_name(),
        "n_processes": fabric.world_size,
        "n_threads": torch.get_num_threads(),
        "versions": {"lae-forensics": __version__, "torch": str(torch.__version__), "numpy": np.__version__},
        "started_utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    start_from = getattr(recipe, "start_from", "")
    if start_from:
        facts["start_from"] = {
            "file": Path(start_from).name,
            "sha256": hash_evidence(Path(start_from)).sha256,
            "arch": architecture_beside(Path(start_from)),
        }
    return {**facts, **more}


def _images_of(line: str) -> float:
    """`n_images` of a metrics line; infinite for a line that was torn when the machine died."""
    try:
        return float(json.loads(line)["n_images"])
    except (ValueError, KeyError, TypeError):
        return float("inf")


def _json(document: dict[str, Any] | list[str]) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode()
