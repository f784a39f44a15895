"""selection.json: the dataset and the run that a to-annotate folder was made from, and how."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import hash_evidence, write_atomically
from train.data.dataset import DATASET_NAME
from train.selection import Selection
from train.trained_run import TrainedRun

SELECTION_NAME = "selection.json"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where candidates or masks come from.

    Attributes:
        dataset, run: folders, as they lay when the candidates were selected.
        dataset_sha256: of dataset.csv.
        checkpoint_sha256: of the run's best checkpoint.
        method, seed: of the selection.
    """

    dataset: Path
    dataset_sha256: str
    run: Path
    checkpoint_sha256: str
    method: str
    seed: int

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "dataset": str(self.dataset), "run": str(self.run)}


@dataclass(frozen=True, slots=True)
class SelectionFacts:
    """What selection.json says.

    Attributes:
        details: of the selection and the attention, for whoever wants to know.
        untouched: format -> file -> SHA-256 of the mask (as `fingerprint` takes it) that the template
            of that format holds before anybody paints; nothing for empty templates.
    """

    origin: Origin
    details: dict[str, Any] = field(default_factory=dict)
    untouched: dict[str, dict[str, str]] = field(default_factory=dict)


def origin_of(dataset: Path, run: TrainedRun, selection: Selection) -> Origin:
    """The origin of a selection that was just made."""
    return Origin(
        dataset.resolve(),
        hash_evidence(dataset / DATASET_NAME).sha256,
        run.folder.path.resolve(),
        hash_evidence(run.folder.best).sha256,
        selection.method.value,
        selection.seed,
    )


def origin_from_dict(document: dict[str, Any]) -> Origin:
    """Reads what `Origin.document` made.

    Raises:
        KeyError, TypeError, ValueError: it is another document.
    """
    return Origin(
        Path(document["dataset"]),
        str(document["dataset_sha256"]),
        Path(document["run"]),
        str(document["checkpoint_sha256"]),
        str(document["method"]),
        int(document["seed"]),
    )


def write_selection(folder: Path, facts: SelectionFacts) -> None:
    """Writes selection.json in one step."""
    document = {"origin": facts.origin.document(), "details": facts.details, "untouched": facts.untouched}
    write_atomically(folder / SELECTION_NAME, (json.dumps(document, indent=2) + "\n").encode())


def read_selection(folder: Path) -> SelectionFacts:
    """Reads selection.json.

    Raises:
        UsageError: it is missing or malformed.
    """
    path = folder / SELECTION_NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return SelectionFacts(
            origin_from_dict(document["origin"]), dict(document["details"]), dict(document["untouched"])
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}.", "Give the folder that `lae-forensics train select` made."
        ) from error
