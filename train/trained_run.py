"""A finished run as the later steps read it: its recipe, its encoder, what its attention means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensic_cli.errors import UsageError
from forensic_cli.model.lae import ConceptEncoder
from forensic_cli.provenance.files import hash_evidence
from train.checkpoint import load_encoder
from train.data.dataset import DATASET_NAME
from train.recipe import Stage1Recipe, stage1_from_dict
from train.run_folder import RunFolder
from train.stage2_recipe import AttentionNorm, Stage2Recipe, stage2_from_dict


@dataclass(frozen=True, slots=True, eq=False)
class TrainedRun:
    """What evaluation, selection, calibration and export need of a run.

    Attributes:
        recipe: of stage 1, or of the stage 1 that stage 2 started from: methods, held-out methods,
            codecs and seed are read here.
        encoder: of the best checkpoint by validation, in evaluation mode, on the CPU; see `as_shipped`.
        attention_form, attention_norm: see `ModelCard`.
        stage2: its recipe; None after stage 1.
        masks: what stage 2 says of its masks (`MaskSource.describe`); None without any.
    """

    folder: RunFolder
    recipe: Stage1Recipe
    encoder: ConceptEncoder
    attention_form: str = "paper"
    attention_norm: str = "raw"
    stage2: Stage2Recipe | None = None
    masks: dict[str, Any] | None = None

    def choosing(self) -> frozenset[str]:
        """Whose faces had a part in choosing the checkpoint, by `source_id`; see `RunFolder.read_choosing`."""
        return self.folder.read_choosing()


def as_shipped(encoder: ConceptEncoder) -> ConceptEncoder:
    """The encoder with every weight rounded to fp16, still in fp32: what `export` writes, and a scan computes.

    Evaluation, calibration and thresholds use these, so that what was measured is what is shipped, to
    the last bit.

    Raises:
        UsageError: a weight is no finite fp16 number.
    """
    encoder = encoder.half().float()
    if not all(bool(value.isfinite().all()) for value in encoder.state_dict().values()):
        raise UsageError(
            "The encoder has weights beyond what fp16 holds (65,504) and cannot be shipped.",
            "Train with a lower learning rate: such weights are a sign of divergence.",
        )
    return encoder


def load_run(run_path: Path, dataset: Path, is_rounded: bool = True) -> TrainedRun:
    """Reads a run's recipe and the encoder of its best checkpoint.

    Args:
        is_rounded: give the encoder `as_shipped`; who trains on goes on from what was trained.

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
    config = document["config"]
    recipe = stage1_from_dict(config["stage1"] if "stage2" in config else config)
    encoder = load_encoder(folder.best, recipe.arch)
    if is_rounded:
        encoder = as_shipped(encoder)
    if "stage2" not in config:
        return TrainedRun(folder, recipe, encoder)
    stage2 = stage2_from_dict(config["stage2"])
    is_control = stage2.lambda_attention == 0
    return TrainedRun(
        folder,
        recipe,
        encoder,
        stage2.attention_form.value,
        AttentionNorm.RAW.value if is_control else stage2.attention_norm.value,
        stage2,
        None if is_control else config["masks"],
    )
