"""Checkpoints as one safetensors file, written in one step: no pickle, and no half-written state."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.optim import Optimizer

from forensic_cli.errors import UsageError, WeightsError
from forensic_cli.model.architectures import PAPER_ARCH, make_encoder
from forensic_cli.model.lae import ConceptEncoder
from forensic_cli.model.weights import load_catalogue
from forensic_cli.provenance.files import write_atomically

_WEIGHTS_HINT = "Give a .safetensors file that `lae-forensics train export` wrote."


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come. What is forged depends on (seed, image number) alone.

    Attributes:
        n_images: seen.
        best_auc: highest mean validation AUC so far, 0 before the first.
        seconds: spent training, over all resumptions.
    """

    n_images: int = 0
    best_auc: float = 0.0
    seconds: float = 0.0


def save_checkpoint(
    path: Path, modules: dict[str, nn.Module], optimisers: dict[str, Optimizer], progress: Progress
) -> None:
    """Writes modules, optimisers and progress."""
    tensors: dict[str, Tensor] = {}
    header: dict[str, str] = {
        "progress": json.dumps({name: getattr(progress, name) for name in Progress.__slots__})
    }
    for name, module in modules.items():
        for key, tensor in module.state_dict().items():
            tensors[f"{name}/{key}"] = tensor.detach().cpu().contiguous().clone()
    for name, optimiser in optimisers.items():
        state = optimiser.state_dict()
        header[f"optimiser/{name}"] = json.dumps(state["param_groups"])
        for index, entries in state["state"].items():
            for key, value in entries.items():
                tensor = value if isinstance(value, Tensor) else torch.tensor(value)
                tensors[f"optimiser/{name}/{index}/{key}"] = tensor.detach().cpu().contiguous().clone()
    # Nothing draws from torch's generators today; a layer that did would still resume to the same curve.
    tensors["rng/cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["rng/cuda"] = torch.cuda.get_rng_state()
    write_atomically(path, save(tensors, header))


def load_checkpoint(path: Path, modules: dict[str, nn.Module], optimisers: dict[str, Optimizer]) -> Progress:
    """Fills modules and optimisers from a checkpoint.

    Raises:
        UsageError: it cannot be read, or belongs to another network.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            header = file.metadata()
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
        for name, module in modules.items():
            prefix = f"{name}/"
            module.load_state_dict(
                {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
            )
        for name, optimiser in optimisers.items():
            optimiser.load_state_dict(_optimiser_state(name, header, tensors))
            _lay_out_like_parameters(optimiser)
        torch.set_rng_state(tensors["rng/cpu"])
        if torch.cuda.is_available() and "rng/cuda" in tensors:
            torch.cuda.set_rng_state(tensors["rng/cuda"])
        return Progress(**json.loads(header["progress"]))
    except (OSError, SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"The checkpoint {path} cannot be used: {error}.", "Give the run folder of the same recipe."
        ) from error


def read_progress(path: Path) -> Progress:
    """How far a checkpoint's run had come.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            return Progress(**json.loads(file.metadata()["progress"]))
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise UsageError(f"The checkpoint {path} cannot be read: {error}.", "Train again.") from error


def load_encoder(path: Path, arch: str = PAPER_ARCH) -> ConceptEncoder:
    """The encoder of a stage-1 checkpoint, in evaluation mode: the averaged one where there is one.

    Raises:
        UsageError: the checkpoint cannot be read, or belongs to another network.
    """
    encoder = make_encoder(arch)
    try:
        with safe_open(str(path), framework="pt") as file:
            names = list(file.keys())
            averaged = "averaged/module."
            prefix = averaged if any(name.startswith(averaged) for name in names) else "model/encoder."
            encoder.load_state_dict(
                {
                    name.removeprefix(prefix): file.get_tensor(name)
                    for name in names
                    if name.startswith(prefix)
                }
            )
    except (OSError, SafetensorError, RuntimeError) as error:
        raise UsageError(
            f"The checkpoint {path} cannot be used: {error}.", "Give the run folder of a stage-1 run."
        ) from error
    return encoder.eval()


def load_encoder_weights(path: Path, encoder: ConceptEncoder) -> None:
    """Fills an encoder from a file that `train export` wrote.

    Raises:
        UsageError: it cannot be read, or belongs to another network.
    """
    try:
        state = load_file(path)
        missing, unexpected = encoder.load_state_dict(state, strict=False)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise UsageError(f"The weights {path} cannot be used: {error}.", _WEIGHTS_HINT) from error
    # Exported weights leave the batch counters out: nothing reads them.
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise UsageError(f"The weights {path} belong to another network.", _WEIGHTS_HINT)


def architecture_beside(path: Path) -> str:
    """The architecture of a weights file, as the catalogue in its folder names it; "" where none does.

    The file does not say: weights of one architecture can fit another one, tensor by tensor.
    """
    try:
        cards = load_catalogue(path.parent).cards
    except WeightsError:
        return ""
    return next((card.arch for card in cards if card.file == path.name), "")


def _lay_out_like_parameters(optimiser: Optimizer) -> None:
    """Gives moments the memory layout of their parameters.

    A file holds them row by row. Adam's fused kernel walks parameter and moments side by side in memory,
    and would pair up the wrong ones where the parameter is channels_last.
    """
    for parameter, state in optimiser.state.items():
        for name, value in state.items():
            if value.shape == parameter.shape and value.stride() != parameter.stride():
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _optimiser_state(name: str, header: dict[str, str], tensors: dict[str, Tensor]) -> dict[str, Any]:
    state: dict[int, dict[str, Tensor]] = {}
    prefix = f"optimiser/{name}/"
    for key, value in tensors.items():
        if key.startswith(prefix):
            index, entry = key.removeprefix(prefix).split("/")
            state.setdefault(int(index), {})[entry] = value
    return {"state": state, "param_groups": json.loads(header[f"optimiser/{name}"])}
