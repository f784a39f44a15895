"""The folder of one training run: its settings, its facts, its metrics and checkpoints."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import write_atomically


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


def _images_of(line: str) -> float:
    """`n_images` of a metrics line; infinite for a line that was torn when the machine died."""
    try:
        return float(json.loads(line)["n_images"])
    except (ValueError, KeyError, TypeError):
        return float("inf")


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode()
