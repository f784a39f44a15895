"""A finished run as the later steps read it: its recipe, its encoder, what its attention means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forensic_cli.errors import UsageError
from forensic_cli.model.lae import Encoder
from forensic_cli.provenance.files import hash_evidence
from train.checkpoint import load_encoder
from train.data.dataset import DATASET_NAME
from train.recipe import Stage1Recipe, stage1_from_dict
from train.run_folder import RunFolder


@dataclass(frozen=True, slots=True, eq=False)
class TrainedRun:
    """What evaluation, selection, calibration and export need of a run.

    Attributes:
        recipe: of stage 1, or of the stage 1 that stage 2 started from: methods, held-out methods,
            codecs and seed are read here.
        encoder: of the best checkpoint by validation, in evaluation mode, on the CPU.
        attention_form, attention_norm: see `ModelCard`.
    """

    folder: RunFolder
    recipe: Stage1Recipe
    encoder: Encoder
    attention_form: str = "paper"
    attention_norm: str = "raw"


def load_run(run_path: Path, dataset: Path) -> TrainedRun:
    """Reads a run's recipe and the encoder of its best checkpoint.

    Raises:
        UsageError: no run, no checkpoint, or a dataset that it was not trained on.
    """
    folder = RunFolder(run_path)
    document = folder.read_config()
    if document["dataset_sha256"] != hash_evidence(dataset / DATASET_NAME).sha256:
        raise UsageError(
            f"{run_path} was trained on another dataset than {dataset}.",
            "Give its own dataset: another one may mix its training identities into the test split.",
        )
    return TrainedRun(folder, stage1_from_dict(document["config"]), load_encoder(folder.best))
