"""Recipes: the settings of a training run, read from TOML and validated."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any

from forensic_cli.errors import UsageError
from train.forge.degrade import Codec
from train.forge.methods import method_named


class Initialisation(StrEnum):
    """How the encoder starts: as DCGAN does, or with a first layer that sees no flat colour."""

    DCGAN = "dcgan"
    HIGH_PASS = "high-pass"


class Schedule(StrEnum):
    """How the learning rate runs: the paper keeps it constant in stage 1."""

    CONSTANT = "constant"
    COSINE = "cosine"


def _require(condition: bool, message: str, hint: str) -> None:
    if not condition:
        raise UsageError(message, hint)


def _require_shares(name: str, shares: dict[Any, float]) -> None:
    total = sum(shares.values())
    _require(
        bool(shares) and abs(total - 1) < 1e-6 and min(shares.values()) >= 0,
        f"The shares of [{name}] sum to {total:g}.",
        "They must be at least 0 and sum to 1.",
    )


@dataclass(frozen=True, slots=True)
class Stage1Recipe:
    """Stage 1, eq. 2. Defaults are the paper's where it gives them.

    Attributes:
        n_images: images seen in all, real and forged counted apart.
        batch_size: images of a step; half are real.
        warmup_images: patches seen before, with the latent loss alone: the concept layer sees no further
            than 78 px, so what it can know of a forgery it can learn from patches, five times as fast.
        warmup_batch_size, warmup_patch_px: of those patches; four are cut from every pair.
        initialisation: `dcgan`, or `high-pass`: see `train.initial`.
        lr: Adam's learning rate.
        final_lr_share: with `cosine`, the share of `lr` at the end.
        schedule: `constant` is the paper's; `cosine` falls over the last 60% of the run.
        alpha_rec, alpha_latent: alpha_1 and alpha_2 of eq. 2.
        beta_pixel: beta_1 of eq. 5.
        ema_decay: of the averaged weights that are validated and exported; 0 = none.
        gradient_clip: largest gradient norm.
        precision: Lightning Fabric's name, for example "bf16-mixed" or "32-true".
        validate_every, checkpoint_every: in images.
        methods: forging methods and their shares.
        held_out: methods never trained on, measured at the end.
        codecs: last compression and its share.
    """

    name: str
    n_images: int = 100_000
    batch_size: int = 64
    warmup_images: int = 0
    warmup_batch_size: int = 128
    warmup_patch_px: int = 128
    initialisation: Initialisation = Initialisation.DCGAN
    lr: float = 1e-3
    final_lr_share: float = 0.02
    schedule: Schedule = Schedule.CONSTANT
    alpha_rec: float = 1.0
    alpha_latent: float = 1.0
    beta_pixel: float = 1.0
    ema_decay: float = 0.0
    gradient_clip: float = 1.0
    precision: str = "bf16-mixed"
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
        _require(
            self.batch_size >= 2 and self.batch_size % 2 == 0,
            f"batch_size {self.batch_size} cannot hold as many real as forged images.",
            "Give an even number.",
        )
        _require(self.n_images >= self.batch_size, "n_images is under one batch.", "Raise n_images.")
        _require(
            self.warmup_images >= 0 and self.warmup_batch_size >= 8 and self.warmup_batch_size % 8 == 0,
            "The warm-up needs 0 or more images in batches that are multiples of 8.",
            "Four patches are cut from each of two versions of a photograph.",
        )
        _require(
            32 <= self.warmup_patch_px <= 256 and self.warmup_patch_px % 16 == 0,
            f"warmup_patch_px {self.warmup_patch_px} does not fit the encoder.",
            "Give a multiple of 16 from 32 to 256.",
        )
        _require(self.lr > 0, "lr must be above 0.", "The paper's is 1e-3.")
        _require(0 < self.final_lr_share <= 1, "final_lr_share must lie in (0, 1].", "Try 0.02.")
        _require(0 <= self.ema_decay < 1, "ema_decay must lie in [0, 1).", "Try 0.999, or 0 for none.")
        _require(self.gradient_clip > 0, "gradient_clip must be above 0.", "Try 1.0.")
        _require(self.n_workers >= 0, "n_workers must be 0 or more.", "Try 1.")
        _require(min(self.validate_every, self.checkpoint_every) >= 1, "Intervals must be 1 or more.", "")
        _require(
            min(self.alpha_rec, self.alpha_latent, self.beta_pixel) >= 0,
            "Loss weights must be 0 or more.",
            "The paper's are 1.0.",
        )
        _require_shares("methods", self.methods)
        _require_shares("codecs", self.codecs)
        for name in (*self.methods, *self.held_out):
            method_named(name)
        both = sorted(set(self.methods) & set(self.held_out))
        _require(not both, f"{', '.join(both)} is trained on and held out.", "Name it once.")

    @property
    def n_steps(self) -> int:
        """Optimiser steps of stage 1 proper."""
        return self.n_images // self.batch_size

    @property
    def n_warmup_steps(self) -> int:
        """Optimiser steps of the warm-up."""
        return self.warmup_images // self.warmup_batch_size


def shipped_recipes() -> list[str]:
    """Names of the recipes in train/recipes, sorted."""
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in files("train.recipes").iterdir()
        if entry.name.endswith(".toml")
    )


def load_stage1(name_or_path: str) -> Stage1Recipe:
    """Reads a recipe: a shipped one's name, or the path of a TOML file.

    Raises:
        UsageError: there is none, it is no TOML, a key is unknown, or a value is out of range.
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
        return stage1_from_dict(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"The recipe {name_or_path} is not valid TOML: {error}.", "Mend that line."
        ) from error


def stage1_from_dict(document: dict[str, Any]) -> Stage1Recipe:
    """Builds a recipe from parsed TOML or JSON.

    Raises:
        UsageError: a key is unknown, or a value is out of range.
    """
    known = [entry.name for entry in fields(Stage1Recipe)]
    unknown = sorted(set(document) - set(known))
    if unknown:
        raise UsageError(f"Unknown keys: {', '.join(unknown)}.", f"Known: {', '.join(known)}.")
    values = dict(document)
    try:
        if "codecs" in values:
            values["codecs"] = {Codec(key): float(share) for key, share in values["codecs"].items()}
        if "schedule" in values:
            values["schedule"] = Schedule(values["schedule"])
        if "initialisation" in values:
            values["initialisation"] = Initialisation(values["initialisation"])
        if "held_out" in values:
            values["held_out"] = tuple(values["held_out"])
        return Stage1Recipe(**values)
    except (TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"The recipe has a value of the wrong kind: {error}.", "Compare a shipped one."
        ) from error
