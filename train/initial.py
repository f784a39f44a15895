"""How a network starts, where it differs from DCGAN's way."""

from __future__ import annotations

import torch

from forensic_cli.model.lae import Encoder

_GAIN = 8.0


@torch.no_grad()
def start_high_pass(encoder: Encoder) -> None:
    """Takes the mean out of each kernel of the first layer, and scales up what is left.

    What betrays a forgery is small beside the picture itself. Detectors that fix (Fridrich and
    Kodovsky 2012) or constrain (Bayar and Stamm 2016) their first layer to residuals find it
    sooner; here the layer only starts there, and is free to move.
    """
    first = encoder.features[0]
    assert isinstance(first, torch.nn.Conv2d)
    first.weight -= first.weight.mean(dim=(2, 3), keepdim=True)
    first.weight *= _GAIN
