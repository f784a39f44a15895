"""The comparator C of eq. 5: VGG16 up to its 10th convolution, frozen, with weights that are checked.

Nothing is downloaded. The weights are torchvision's `VGG16_Weights.IMAGENET1K_V1`, found where
torchvision would have put them, or given by path.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from forensic_cli.errors import UsageError
from forensic_cli.model.lae import IMAGENET_MEAN, IMAGENET_STD
from train.recipe import VGG16_SHA256

_FILE_NAME = f"vgg16-{VGG16_SHA256}.pth"
# Ten convolutions with their ReLUs, and three poolings before the last three of them.
_N_LAYERS = 23
_INPUT_PX = 224


def default_path() -> Path:
    """Where torchvision keeps VGG16's weights once it has fetched them."""
    return Path(torch.hub.get_dir()) / "checkpoints" / _FILE_NAME


def load_comparator(path: Path | None, sha256: str = VGG16_SHA256) -> Comparator:
    """Loads the comparator.

    Args:
        path: of a state dict with torchvision's names; torchvision's own place if None.
        sha256: that the file's hash must begin with.

    Raises:
        UsageError: the file is missing, has another hash, or is no VGG16.
    """
    place = path or default_path()
    hint = (
        f"Fetch {_FILE_NAME} from torchvision's model zoo on a machine with a network and give its path "
        "with --perceptual-weights, or set beta_perceptual = 0 in the recipe: the model card will say so."
    )
    try:
        content = place.read_bytes()
    except OSError as error:
        raise UsageError(
            f"The perceptual loss needs VGG16's weights, and {place} cannot be read: {error.strerror}.", hint
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if not found.startswith(sha256):
        raise UsageError(
            f"{place} is not VGG16 as the recipe names it: SHA-256 {found}, expected {sha256}...", hint
        )
    comparator = Comparator()
    wanted = {f"features.{name}" for name in comparator.features.state_dict()}
    try:
        state = torch.load(place, map_location="cpu", weights_only=True)
        comparator.features.load_state_dict(
            {name.removeprefix("features."): value for name, value in state.items() if name in wanted}
        )
    except (RuntimeError, ValueError, AttributeError, KeyError, EOFError, OSError) as error:
        raise UsageError(f"{place} holds no VGG16: {error}.", hint) from error
    return comparator


class Comparator(nn.Module):
    """VGG16 `features[:23]` without weights: `load_comparator` fills it."""

    def __init__(self) -> None:
        super().__init__()
        from torchvision.models import vgg16

        self.features = vgg16(weights=None).features[:_N_LAYERS]
        for layer in self.features:
            if isinstance(layer, nn.ReLU):
                layer.inplace = False
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> Comparator:
        """Stays in evaluation mode, whatever the module that holds it does."""
        return super().train(False)

    def forward(self, images: Tensor) -> Tensor:
        """Maps (B, 3, H, W) in [-1, 1] to features (B, 512, 28, 28)."""
        mean = torch.tensor(IMAGENET_MEAN, device=images.device).view(1, 3, 1, 1)
        std = torch.tensor(IMAGENET_STD, device=images.device).view(1, 3, 1, 1)
        normalised = ((images + 1) / 2 - mean) / std
        resized = F.interpolate(
            normalised, (_INPUT_PX, _INPUT_PX), mode="bilinear", align_corners=False, antialias=True
        )
        features: Tensor = self.features(resized)
        return features
