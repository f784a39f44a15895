"""A forgery that can be seen: chance sometimes draws one that alters nothing."""

from __future__ import annotations

import numpy as np

from train.forge.methods import method_named
from train.forge.portrait import Forgery, Portrait


class UnforgeableError(ValueError):
    """A method left a photograph as it was, however often it was drawn."""


def forge_visibly(name: str, portrait: Portrait, donor: Portrait, rng: np.random.Generator) -> Forgery:
    """Forges until something changed: a blend that happens to alter nothing is no forgery.

    Raises:
        UnforgeableError: eight draws altered less than one grey level on average inside the mask.
    """
    method = method_named(name)
    for _ in range(8):
        forgery = method.forge(portrait, donor, rng)
        inside = forgery.mask > 0
        if inside.any():
            change = np.abs(forgery.image[inside].astype(np.int16) - portrait.image[inside])
            if float(change.mean()) >= 1.0:
                return forgery
    raise UnforgeableError(f"{name} left {portrait.source_id} as it was eight times.")
