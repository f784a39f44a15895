"""The settings of stage 2, eq. 11 and Algorithm 1, read from TOML and validated."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from forensic_cli.errors import UsageError
from train.recipe import read_recipe, refuse_unknown_keys, require


class AttentionNorm(StrEnum):
    """How eq. 8's map is brought to the scale of a binary mask; the paper names none.

    RAW divides by the number of its units only, as eq. 3 does. RELU_MAX keeps what is positive and
    divides by each image's maximum. SIGMOID has one learned scale and offset.
    """

    RAW = "raw"
    RELU_MAX = "relu-max"
    SIGMOID = "sigmoid"


class AttentionForm(StrEnum):
    """What weighs the units' maps: |z_c| as in eq. 8, or z_c, the attribution of a_F itself."""

    PAPER = "paper"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Stage2Recipe:
    """Stage 2. Defaults are the paper's where it gives them; the attention's are by measurement.

    Attributes:
        n_epochs: max_iter2 of Algorithm 1, of every round.
        epoch_images: images of an epoch, real and forged counted apart; 0 = two for each photograph of
            the training split.
        batch_size: images of a step for the latent loss, over all processes; half are real.
        annotated_batch_size: annotated fakes of a step for the attention loss.
        lr: Adam's learning rate at the start, a tenth of stage 1's.
        lr_drop_every_epochs, lr_drop_factor: Algorithm 1 divides by 10 every 3 epochs.
        lambda_latent, lambda_attention: lambda_1 and lambda_2 of eq. 11; with lambda_attention = 0 this
            is the control arm.
        ema_decay: of the averaged weights that are validated and exported; 0 = none.
        gradient_clip: largest gradient norm.
        precision: Lightning Fabric's name; "" = stage 1's.
        validate_every, checkpoint_every: in images; 0 = an epoch.
        seed: of the order and the forging, another one than stage 1's.
    """

    name: str
    n_epochs: int = 6
    epoch_images: int = 0
    batch_size: int = 64
    annotated_batch_size: int = 16
    lr: float = 1e-4
    lr_drop_every_epochs: int = 3
    lr_drop_factor: float = 0.1
    lambda_latent: float = 0.5
    lambda_attention: float = 1.0
    attention_norm: AttentionNorm = AttentionNorm.RELU_MAX
    attention_form: AttentionForm = AttentionForm.PAPER
    ema_decay: float = 0.99
    gradient_clip: float = 1.0
    precision: str = ""
    validate_every: int = 0
    checkpoint_every: int = 0
    n_workers: int = 1
    seed: int = 30200

    def __post_init__(self) -> None:
        require(
            self.batch_size >= 2 and self.batch_size % 2 == 0,
            f"batch_size {self.batch_size} cannot hold as many real as forged images.",
            "Give an even number.",
        )
        require(self.annotated_batch_size >= 1, "annotated_batch_size must be 1 or more.", "Try 16.")
        require(self.n_epochs >= 1, "n_epochs must be 1 or more.", "Try 6.")
        require(self.lr_drop_every_epochs >= 1, "lr_drop_every_epochs must be 1 or more.", "Try 3.")
        require(
            min(self.epoch_images, self.validate_every, self.checkpoint_every, self.n_workers) >= 0,
            "epoch_images, validate_every, checkpoint_every and n_workers must be 0 or more.",
            "0 takes the default.",
        )
        require(self.lr > 0, "lr must be above 0.", "The paper's is 1e-4.")
        require(0 < self.lr_drop_factor <= 1, "lr_drop_factor must lie in (0, 1].", "The paper's is 0.1.")
        require(
            min(self.lambda_latent, self.lambda_attention) >= 0
            and self.lambda_latent + self.lambda_attention > 0,
            "lambda_latent and lambda_attention must be 0 or more, and not both 0.",
            "The paper's are 0.5 and 1.0.",
        )
        require(0 <= self.ema_decay < 1, "ema_decay must lie in [0, 1).", "Try 0.99, or 0 for none.")
        require(self.gradient_clip > 0, "gradient_clip must be above 0.", "Try 1.0.")


def load_stage2(name_or_path: str) -> Stage2Recipe:
    """Reads a recipe of stage 2: a shipped one's name, or the path of a TOML file.

    Raises:
        UsageError: there is none, it is no TOML, a key is unknown, or a value is out of range.
    """
    return stage2_from_dict(read_recipe(name_or_path))


def stage2_from_dict(document: dict[str, Any]) -> Stage2Recipe:
    """Builds a recipe from parsed TOML or JSON.

    Raises:
        UsageError: a key is unknown, or a value is out of range.
    """
    refuse_unknown_keys(document, Stage2Recipe)
    values = dict(document)
    try:
        if "attention_norm" in values:
            values["attention_norm"] = AttentionNorm(values["attention_norm"])
        if "attention_form" in values:
            values["attention_form"] = AttentionForm(values["attention_form"])
        return Stage2Recipe(**values)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"The recipe has a value of the wrong kind: {error}.", "Compare a shipped one."
        ) from error
