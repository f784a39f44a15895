"""What the model says of one crop. No torch here: a scan starts its decoders before torch is loaded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forensic_cli.types import LatentActivation


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the encoder says of one crop.

    Attributes:
        attention: (h, w) float32, 16 x 16 or 8 x 8, eq. 8 in the card's form; not normalised, may be negative.
    """

    activation: LatentActivation
    attention: NDArray[np.float32]
