"""Recipes: the settings of a training run, read from TOML and validated."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from forensic_cli.errors import UsageError
from forensic_cli.model.architectures import ARCHITECTURES, PAPER_ARCH
from train.forge.degrade import Codec
from train.forge.methods import method_named

# How the SHA-256 of torchvision's VGG16 weights begins, which is also in that file's name.
VGG16_SHA256 = "397923af"


# Encoders with the paper's first layer.
HIGH_PASS_ARCHS = (PAPER_ARCH, "lae-128")


class Initialisation(StrEnum):
    """How the encoder starts: as DCGAN does, or with a first layer that sees no flat colour."""

    DCGAN = "dcgan"
    HIGH_PASS = "high-pass"


class Source(StrEnum):
    """Where fakes come from: the dataset's own files, or forged on the fly from its real crops."""

    AUTO = "auto"
    FORGE = "forge"
    STORED = "stored"


class Schedule(StrEnum):
    """How the learning rate runs: the paper keeps it constant in stage 1."""

    CONSTANT = "constant"
    COSINE = "cosine"


def require(condition: bool, message: str, hint: str) -> None:
    """Raises UsageError with the message and its remedy unless the condition holds."""
    if not condition:
        raise UsageError(message, hint)


def require_shares(name: str, shares: dict[Any, float]) -> None:
    """Raises UsageError unless the shares of a table are at least 0 and sum to 1."""
    total = sum(shares.values())
    require(
        bool(shares) and abs(total - 1) < 1e-6 and min(shares.values()) >= 0,
        f"The shares of [{name}] sum to {total:g}.",
        "They must be at least 0 and sum to 1.",
    )


@dataclass(frozen=True, slots=True)
class Stage1Recipe:
    """Stage 1, eq. 2. Defaults are the paper's where it gives them.

    Attributes:
        arch: the encoder, one of `forensic_cli.model.architectures.ARCHITECTURES`.
        n_images: images seen in all, real and forged counted apart.
        batch_size: images of a step; half are real.
        warmup_images: patches seen before, with the latent loss alone: the concept layer sees no further
            than 78 px, so what it can know of a forgery it can learn from patches, five times as fast.
        warmup_batch_size, warmup_patch_px: of those patches; four are cut from every pair.
        warmup_reuse: how many times four patches are cut from the same pair, not at once.
        initialisation: `dcgan`, or `high-pass`: see `train.initial`.
        start_from: path of encoder weights, as `train export` writes them, to go on from; "" = none.
        source: `forge` on the fly, `stored` fakes of the dataset; `auto` takes the stored ones where
            the training split has any.
        lr: Adam's learning rate, and `discriminator_lr` that of the discriminator's own Adam.
        final_lr_share: with `cosine`, the share of `lr` at the end.
        schedule: `constant` is the paper's; `cosine` falls over the last 60% of the run.
        alpha_rec, alpha_latent: alpha_1 and alpha_2 of eq. 2.
        beta_pixel, beta_perceptual, beta_adversarial: beta_1, beta_2 and beta_3 of eq. 5.
        perceptual_sha256: what the hash of the comparator's weights must begin with.
        ema_decay: of the averaged weights that are validated and exported; 0 = none.
        gradient_clip: largest gradient norm.
        precision: Lightning Fabric's name, for example "bf16-mixed" or "32-true".
        is_compiled: train through `torch.compile`.
        is_varied: alter photographs as a whole before they are forged: see `train.forge.vary`.
        validate_every, checkpoint_every: in images.
        methods: forging methods and their shares; of stored fakes those that the dataset has.
        held_out: methods never trained on, measured at the end; of a collection's stored fakes too, by
            the names that it has for them.
        codecs: last compression and its share.
    """

    name: str
    arch: str = PAPER_ARCH
    n_images: int = 100_000
    batch_size: int = 64
    warmup_images: int = 0
    warmup_batch_size: int = 128
    warmup_patch_px: int = 128
    warmup_reuse: int = 1
    initialisation: Initialisation = Initialisation.DCGAN
    start_from: str = ""
    source: Source = Source.AUTO
    lr: float = 1e-3
    discriminator_lr: float = 1e-3
    final_lr_share: float = 0.02
    schedule: Schedule = Schedule.CONSTANT
    alpha_rec: float = 1.0
    alpha_latent: float = 1.0
    beta_pixel: float = 1.0
    beta_perceptual: float = 1.0
    beta_adversarial: float = 0.01
    perceptual_sha256: str = VGG16_SHA256
    ema_decay: float = 0.0
    gradient_clip: float = 1.0
    precision: str = "bf16-mixed"
    is_compiled: bool = False
    is_varied: bool = True
    seed: int = 20200
    n_workers: int = 1
    validate_every: int = 12_800
    checkpoint_every: int = 3_200
    methods: dict[str, float] = field(default_factory=lambda: {"self-blend": 0.5, "landmark-swap": 0.5})
    held_out: tuple[str, ...] = ("poisson-swap",)
    codecs: dict[Codec, float] = field(
        default_factory=lambda: {Codec.NONE: 0.2, Codec.JPEG: 0.4, Codec.H264: 0.4}
    )

    def __post_init__(self) -> None:
        require(
            self.arch in ARCHITECTURES,
            f"There is no architecture {self.arch!r}.",
            f"Known: {', '.join(ARCHITECTURES)}.",
        )
        require(
            self.arch in HIGH_PASS_ARCHS or self.initialisation is not Initialisation.HIGH_PASS,
            f"{self.arch} has a high-pass branch of its own.",
            'Leave out initialisation = "high-pass", which is for the paper\'s encoder.',
        )
        require(
            self.batch_size >= 2 and self.batch_size % 2 == 0,
            f"batch_size {self.batch_size} cannot hold as many real as forged images.",
            "Give an even number.",
        )
        require(self.n_images >= self.batch_size, "n_images is under one batch.", "Raise n_images.")
        require(
            self.warmup_images >= 0 and self.warmup_batch_size >= 8 and self.warmup_batch_size % 8 == 0,
            "The warm-up needs 0 or more images in batches that are multiples of 8.",
            "Four patches are cut from each of two versions of a photograph.",
        )
        require(self.warmup_reuse >= 1, "warmup_reuse must be 1 or more.", "1 forges a pair for every item.")
        require(
            32 <= self.warmup_patch_px <= 256 and self.warmup_patch_px % 32 == 0,
            f"warmup_patch_px {self.warmup_patch_px} does not fit the encoder.",
            "Give a multiple of 32 from 32 to 256.",
        )
        require(
            min(self.lr, self.discriminator_lr) > 0, "Learning rates must be above 0.", "The paper's is 1e-3."
        )
        require(len(self.perceptual_sha256) >= 8, "perceptual_sha256 is too short.", "Give 8 digits or more.")
        require(0 < self.final_lr_share <= 1, "final_lr_share must lie in (0, 1].", "Try 0.02.")
        require(0 <= self.ema_decay < 1, "ema_decay must lie in [0, 1).", "Try 0.999, or 0 for none.")
        require(self.gradient_clip > 0, "gradient_clip must be above 0.", "Try 1.0.")
        require(self.n_workers >= 0, "n_workers must be 0 or more.", "Try 1.")
        require(min(self.validate_every, self.checkpoint_every) >= 1, "Intervals must be 1 or more.", "")
        require(
            min(
                self.alpha_rec,
                self.alpha_latent,
                self.beta_pixel,
                self.beta_perceptual,
                self.beta_adversarial,
            )
            >= 0,
            "Loss weights must be 0 or more.",
            "The paper's are 1.0, and 0.01 for beta_adversarial.",
        )
        require_shares("methods", self.methods)
        require_shares("codecs", self.codecs)
        for name in self.methods:
            method_named(name)
        if self.source is Source.FORGE:
            # Stored fakes may be of any method, known to this program or not.
            for name in self.held_out:
                method_named(name)
        both = sorted(set(self.methods) & set(self.held_out))
        require(not both, f"{', '.join(both)} is trained on and held out.", "Name it once.")

    @property
    def n_steps(self) -> int:
        """Optimiser steps of stage 1 proper."""
        return self.n_images // self.batch_size

    @property
    def n_warmup_steps(self) -> int:
        """Optimiser steps of the warm-up."""
        return self.warmup_images // self.warmup_batch_size


_Choice = TypeVar("_Choice", bound=StrEnum)


def choice(kind: type[_Choice], option: str, value: str) -> _Choice:
    """The member of an enumeration that an option names.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return kind(value)
    except ValueError as error:
        raise UsageError(
            f"{option} {value!r} is unknown.", f"Give one of {', '.join(entry.value for entry in kind)}."
        ) from error


def shipped_recipes() -> list[str]:
    """Names of the recipes in train/recipes, sorted."""
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in files("train.recipes").iterdir()
        if entry.name.endswith(".toml")
    )


def read_recipe(name_or_path: str) -> dict[str, Any]:
    """Reads a recipe's TOML: a shipped one's name, or the path of a file.

    Raises:
        UsageError: there is none, or it is no TOML.
    """
    try:
        if name_or_path.endswith(".toml"):
            text = Path(name_or_path).read_text(encoding="utf-8")
        else:
            text = files("train.recipes").joinpath(f"{name_or_path}.toml").read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"There is no recipe {name_or_path!r}.",
            f"Shipped: {', '.join(shipped_recipes())}; or give the path of a .toml file.",
        ) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"The recipe {name_or_path} is not valid TOML: {error}.", "Mend that line."
        ) from error


def load_stage1(name_or_path: str) -> Stage1Recipe:
    """Reads a recipe of stage 1.

    Raises:
        UsageError: there is none, it is no TOML, a key is unknown, or a value is out of range.
    """
    return stage1_from_dict(read_recipe(name_or_path))


def refuse_unknown_keys(document: dict[str, Any], recipe: type[Any]) -> None:
    """Raises UsageError if a document has a key that the recipe's dataclass lacks."""
    known = [entry.name for entry in fields(recipe)]
    unknown = sorted(set(document) - set(known))
    require(not unknown, f"Unknown keys: {', '.join(unknown)}.", f"Known: {', '.join(known)}.")


def stage1_from_dict(document: dict[str, Any]) -> Stage1Recipe:
    """Builds a recipe from parsed TOML or JSON.

    Raises:
        UsageError: a key is unknown, or a value is out of range.
    """
    refuse_unknown_keys(document, Stage1Recipe)
    values = dict(document)
    try:
        if "codecs" in values:
            values["codecs"] = {Codec(key): float(share) for key, share in values["codecs"].items()}
        if "schedule" in values:
            values["schedule"] = Schedule(values["schedule"])
        if "initialisation" in values:
            values["initialisation"] = Initialisation(values["initialisation"])
        if "source" in values:
            values["source"] = Source(values["source"])
        if "held_out" in values:
            values["held_out"] = tuple(values["held_out"])
        return Stage1Recipe(**values)
    except (TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"The recipe has a value of the wrong kind: {error}.", "Compare a shipped one."
        ) from error
